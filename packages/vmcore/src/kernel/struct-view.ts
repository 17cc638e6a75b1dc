import { refusal } from '../refusal.ts';
import type { Btf } from './btf.ts';
import type { BtfBits, BtfPlace, BtfStruct, BtfType } from './btf-types.ts';
import type { KernelReader } from './kernel-reader.ts';

/** The most bytes of a member that is read as a number: __int128. */
const WIDEST = 16;

/**
 * A struct or union in the memory of a kernel. Members are named by paths from it, `node_zones[1].managed_pages.counter`, and
 * read when they are asked for. Throws `BAD_ARGUMENT` for a member that this kernel does not have (see {@link has}) or that
 * is not of the kind that is asked for.
 */
export class StructView {
  readonly #btf: Btf;
  readonly #reader: KernelReader;
  /** What it is. */
  readonly type: BtfStruct;
  /** Where it is. */
  readonly address: bigint;

  constructor(btf: Btf, reader: KernelReader, type: BtfStruct, address: bigint) {
    this.#btf = btf;
    this.#reader = reader;
    this.type = type;
    this.address = address;
  }

  /** Whether this kernel has such a member. */
  has(path: string): boolean {
    return this.#btf.memberOf(this.type.id, path) !== undefined;
  }

  /** The address of a member. */
  addressOf(path: string): bigint {
    return this.#at(this.#place(path));
  }

  /** A member that is a number, an enum, a bit-field or a pointer, with its sign. */
  value(path: string): bigint {
    const place = this.#place(path);
    const type = this.#btf.type(place.type);
    if ((type.kind !== 'int' && type.kind !== 'enum' && type.kind !== 'pointer') || type.size > WIDEST)
      throw this.#not(path, type, 'number');
    const bytes = place.bits === undefined ? type.size : Math.ceil((place.bits.first + place.bits.count) / 8);
    const raw = integerOf(this.#reader.bytes(this.#at(place), bytes), this.#reader.byteOrder, place.bits);
    return type.kind !== 'pointer' && type.signed ? BigInt.asIntN(place.bits?.count ?? 8 * bytes, raw) : raw;
  }

  /** {@link value} as a number. Throws `BAD_FORMAT` beyond 2^53. */
  number(path: string): number {
    const value = Number(this.value(path));
    if (Number.isSafeInteger(value)) return value;
    throw refusal(
      'BAD_FORMAT',
      `${this.#name(path)} is 0x${this.value(path).toString(16)}: too large for what it counts`,
    );
  }

  /** A member of 64 bits without sign, whatever its type is: a pointer, or an address kept as a number. */
  pointer(path: string): bigint {
    const place = this.#place(path);
    if (place.bits === undefined && this.#btf.sizeOfType(place.type) === 8)
      return this.#reader.pointer(this.#at(place));
    throw this.#not(path, this.#btf.type(place.type), 'address');
  }

  /** Letters in an array of the struct, up to the 0 that ends them: `comm`. */
  text(path: string): string {
    const place = this.#place(path);
    const type = this.#btf.type(place.type);
    if (type.kind === 'array' && this.#btf.sizeOfType(type.element) === 1)
      return this.#reader.text(this.#at(place), type.length);
    throw this.#not(path, type, 'text');
  }

  /** A struct or union inside. */
  inside(path: string): StructView {
    const place = this.#place(path);
    return this.#view(path, place.type, this.#at(place));
  }

  /** The struct or union that a pointer leads to; undefined for NULL. */
  target(path: string): StructView | undefined {
    const { type: id } = this.#place(path);
    const type = this.#btf.type(id);
    if (type.kind !== 'pointer') throw this.#not(path, type, 'pointer');
    const va = this.pointer(path);
    return va === 0n ? undefined : this.#view(path, type.target, va);
  }

  #view(path: string, id: number, va: bigint): StructView {
    const struct = this.#btf.struct(id);
    if (struct !== undefined) return new StructView(this.#btf, this.#reader, struct, va);
    throw this.#not(path, this.#btf.type(id), 'struct');
  }

  #place(path: string): BtfPlace {
    const place = this.#btf.memberOf(this.type.id, path);
    if (place !== undefined) return place;
    throw refusal('BAD_ARGUMENT', `${this.#name(path)} is not in this kernel: ask has() first, or name another member`);
  }

  #at(place: BtfPlace): bigint {
    return BigInt.asUintN(64, this.address + BigInt(place.offset));
  }

  #name(path: string): string {
    return `${this.type.name || 'anonymous'}.${path}`;
  }

  #not(path: string, type: BtfType, wanted: string): Error {
    return refusal('BAD_ARGUMENT', `${this.#name(path)} is no ${wanted}: it is of kind ${type.kind}`);
  }
}

/** A number without sign from its bytes, or from some of their bits. */
function integerOf(bytes: Uint8Array, order: 'little' | 'big', bits: BtfBits | undefined): bigint {
  let value = 0n;
  for (let i = 0; i < bytes.length; i++)
    value = (value << 8n) | BigInt(bytes[order === 'little' ? bytes.length - 1 - i : i]!);
  if (bits === undefined) return value;
  const { first, count } = bits;
  return BigInt.asUintN(count, value >> BigInt(order === 'little' ? first : 8 * bytes.length - first - count));
}
