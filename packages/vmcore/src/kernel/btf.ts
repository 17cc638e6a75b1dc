import type { ByteOrder } from '../byte-view.ts';
import { BtfConstants, constantOf } from './btf-constants.ts';
import { membersOf } from './btf-members.ts';
import { BtfTable, KIND, wrong } from './btf-table.ts';
import type { BtfMember, BtfPlace, BtfStruct, BtfType } from './btf-types.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { KernelMemory } from './kernel-memory.ts';
import { stepsOf, typeAndPath } from './member-path.ts';
import { hashOf, NameIndex } from './name-index.ts';

/** Bytes of a pointer: BTF does not say, and the kernels are of 64 bits. */
const POINTER = 8;
/** How many types one may stand for another through, and arrays be in arrays: far more than in any kernel. */
const LONGEST_CHAIN = 64;
/** Kinds that only stand for another type. */
const ALIASES: ReadonlySet<number> = new Set([KIND.typedef, KIND.volatile, KIND.const, KIND.restrict, KIND.typeTag]);
/** Kinds that are found by their name. Tags of struct, union and enum are apart from all other names, as in C. */
const TAGGED: ReadonlySet<number> = new Set([KIND.struct, KIND.union, KIND.enum, KIND.enum64]);
const NAMED: ReadonlySet<number> = new Set([...TAGGED, KIND.int, KIND.float, KIND.typedef]);
/** The most bytes of the section: ten times what kernels have. */
const MOST_BYTES = 2n ** 26n;

/** A member and those of its struct by name. */
interface KnownStruct extends BtfStruct {
  readonly byName: ReadonlyMap<string, BtfMember>;
}

/**
 * The types of the kernel, from its BTF (Documentation/bpf/btf.rst). What is in there is read when it is asked for. What the
 * kernel does not have is undefined: releases and configurations differ.
 *
 * A type is asked for by its name without `struct`; a path goes on from there, `pglist_data.node_zones[1].free_area`: through
 * members and elements, but not through pointers. Where a tag and a typedef have one name the tag is meant.
 */
export class Btf {
  readonly #table: BtfTable;
  readonly #structs = new Map<number, KnownStruct>();
  #names: NameIndex | undefined;
  #constants: BtfConstants | undefined;

  /** Throws `BAD_FORMAT` for bytes that are no BTF, or a damaged one. */
  constructor(bytes: Uint8Array, byteOrder: ByteOrder) {
    this.#table = new BtfTable(bytes, byteOrder);
  }

  /** How many types there are. */
  get count(): number {
    return this.#table.count - 1;
  }

  /** A type by its number. Throws `BAD_FORMAT` for a number that no type has. */
  type(id: number): BtfType {
    const table = this.#table;
    const plain = this.#resolve(id);
    const name = table.text(table.nameOffset(plain));
    switch (table.kind(plain)) {
      case KIND.int:
        // The encoding: bit 0 of its byte is for signed ones.
        return { kind: 'int', name, size: table.sizeOrType(plain), signed: (table.word(plain, 0) & 0x100_0000) !== 0 };
      case KIND.enum:
      case KIND.enum64:
        return { kind: 'enum', name, size: table.sizeOrType(plain), signed: table.flag(plain) };
      case KIND.float:
        return { kind: 'float', name, size: table.sizeOrType(plain), signed: true };
      case KIND.pointer:
        return { kind: 'pointer', size: POINTER, target: table.sizeOrType(plain) };
      case KIND.array:
        return { kind: 'array', element: table.word(plain, 0), length: table.word(plain, 2) };
      case KIND.struct:
        return { kind: 'struct', id: plain, name, size: table.sizeOrType(plain) };
      case KIND.union:
        return { kind: 'union', id: plain, name, size: table.sizeOrType(plain) };
      default:
        return { kind: 'none', name };
    }
  }

  /** Number of a type by its name. */
  id(name: string): number | undefined {
    this.#names ??= this.#indexed();
    const table = this.#table;
    const find = (kinds: ReadonlySet<number>): number =>
      this.#names!.find(hashOf(name), (id) => kinds.has(table.kind(id)) && table.text(table.nameOffset(id)) === name);
    const tagged = find(TAGGED);
    const found = tagged < 0 ? find(NAMED) : tagged;
    return found < 0 ? undefined : found;
  }

  /** A struct or union, by its name or its number, with its members. */
  struct(type: string | number): BtfStruct | undefined {
    return this.#struct(type);
  }

  /** Where a path leads to in the type that it begins with: `page.flags`. */
  member(path: string): BtfPlace | undefined {
    const { name, rest } = typeAndPath(path);
    const id = this.id(name);
    return id === undefined || rest === '' ? undefined : this.memberOf(id, rest);
  }

  /** Where a path leads to from the struct or union of this number: `flags`, or `node_zones[1].free_area`. */
  memberOf(id: number, path: string): BtfPlace | undefined {
    const member = this.#struct(id)?.byName.get(path);
    if (member !== undefined) return member;
    let place: BtfPlace = { offset: 0, bits: undefined, type: id };
    for (const step of stepsOf(path)) {
      const next =
        typeof step === 'number' ? this.#element(place.type, step) : this.#struct(place.type)?.byName.get(step);
      if (next === undefined) return undefined;
      place = { offset: place.offset + next.offset, bits: next.bits, type: next.type };
    }
    return place;
  }

  /** Where a path leads to, in bytes from the start of the type. */
  offsetOf(path: string): number | undefined {
    return this.member(path)?.offset;
  }

  /** sizeof() of a type, or of what a path leads to, in bytes. */
  sizeOf(path: string): number | undefined {
    const type = this.#typeAt(path);
    return type === undefined ? undefined : this.sizeOfType(type);
  }

  /** sizeof() of a type by its number, in bytes; 0 for what has no value. */
  sizeOfType(id: number): number {
    let factor = 1;
    let type = this.type(id);
    for (let depth = 0; type.kind === 'array' && depth < LONGEST_CHAIN; depth++) {
      factor *= type.length;
      type = this.type(type.element);
    }
    const size = type.kind === 'none' ? 0 : type.kind === 'array' ? Number.NaN : factor * type.size;
    if (Number.isSafeInteger(size)) return size;
    throw wrong(`has an array without end, type ${id}`);
  }

  /** Elements of the array that a path leads to: `zone.free_area`. */
  lengthOf(path: string): number | undefined {
    const id = this.#typeAt(path);
    const type = id === undefined ? undefined : this.type(id);
    return type?.kind === 'array' ? type.length : undefined;
  }

  /** All values of an enum by its tag. */
  enumValues(tag: string): ReadonlyMap<string, bigint> | undefined {
    const id = this.id(tag);
    const plain = id === undefined ? 0 : this.#resolve(id);
    const kind = this.#table.kind(plain);
    if (kind !== KIND.enum && kind !== KIND.enum64) return undefined;
    const count = this.#table.elements(plain);
    const values = new Map<string, bigint>();
    for (let i = 0; i < count; i++) {
      const { name, value } = constantOf(this.#table, plain, i);
      values.set(name, value);
    }
    return values;
  }

  /** The value of a constant of any enum, also of one without a tag: `PG_head`. */
  constant(name: string): bigint | undefined {
    this.#constants ??= new BtfConstants(this.#table);
    return this.#constants.value(name);
  }

  #typeAt(path: string): number | undefined {
    const { name, rest } = typeAndPath(path);
    const id = this.id(name);
    return id === undefined || rest === '' ? id : this.memberOf(id, rest)?.type;
  }

  #struct(type: string | number): KnownStruct | undefined {
    const id = typeof type === 'string' ? this.id(type) : type;
    if (id === undefined) return undefined;
    const plain = this.type(id);
    if (plain.kind !== 'struct' && plain.kind !== 'union') return undefined;
    const known = this.#structs.get(plain.id);
    if (known !== undefined) return known;
    const members = membersOf(this.#table, plain.id, (other) => this.#resolve(other));
    const byName = new Map(members.map((member) => [member.name, member]));
    const made = { ...plain, members, byName };
    this.#structs.set(plain.id, made);
    return made;
  }

  #element(id: number, at: number): BtfPlace | undefined {
    const type = this.type(id);
    if (type.kind !== 'array' || (type.length > 0 && at >= type.length)) return undefined;
    return { offset: at * this.sizeOfType(type.element), bits: undefined, type: type.element };
  }

  /** The number of the type that another one stands for. */
  #resolve(id: number): number {
    let plain = id;
    for (let steps = 0; steps < LONGEST_CHAIN; steps++) {
      if (!ALIASES.has(this.#table.kind(plain))) return plain;
      plain = this.#table.sizeOrType(plain);
    }
    throw wrong(`has type ${id} that stands for another one without end`);
  }

  #indexed(): NameIndex {
    const table = this.#table;
    const index = new NameIndex(table.count);
    // From the last to the first, so that the first of equal names is found.
    for (let id = table.count - 1; id > 0; id--) {
      const name = table.nameOffset(id);
      if (name !== 0 && NAMED.has(table.kind(id))) index.add(id, table.hash(name));
    }
    return index;
  }
}

/**
 * The types of the kernel in memory, which lie between the symbols `__start_BTF` and `__stop_BTF`.
 * @returns undefined when it has none: without CONFIG_DEBUG_INFO_BTF, or without CONFIG_KALLSYMS_ALL, when nobody says where
 */
export function openBtf(memory: KernelMemory, kallsyms: Kallsyms): Btf | undefined {
  const start = kallsyms.symbol('__start_BTF');
  const stop = kallsyms.symbol('__stop_BTF');
  if (start === undefined || stop === undefined || start === stop) return undefined;
  if (stop < start || stop - start > MOST_BYTES)
    throw wrong(`begins at 0x${start.toString(16)} and ends at 0x${stop.toString(16)}`);
  return new Btf(memory.read(start, Number(stop - start)), memory.byteOrder);
}
