import type { ByteOrder } from '../src/index.ts';
import { Words } from './word.ts';

/** A member as the source has it: name, type, first bit, and bits for a bit-field. */
export type WrittenMember = readonly [name: string, type: number, bit: number, bits?: number];

/** Kinds by their number in include/uapi/linux/btf.h. */
const ALIASES = { typedef: 8, volatile: 9, const: 10, restrict: 11, typeTag: 18 } as const;

/** Writes BTF as Documentation/bpf/btf.rst has it. Each method gives the number of its type. */
export class BtfWriter {
  readonly #order: ByteOrder;
  readonly #types: Words;
  readonly #strings: Words;
  #last = 0;

  constructor(order: ByteOrder) {
    this.#order = order;
    this.#types = new Words(order);
    this.#strings = new Words(order).bytes([0]);
  }

  int(name: string, size: number, signed = false): number {
    return this.#record(name, 1, 0, false, size, [(signed ? 1 << 24 : 0) | (8 * size)]);
  }

  float(name: string, size: number): number {
    return this.#record(name, 16, 0, false, size);
  }

  pointer(target: number): number {
    return this.#record('', 2, 0, false, target);
  }

  array(element: number, length: number): number {
    return this.#record('', 3, 0, false, 0, [element, 1, length]);
  }

  struct(name: string, size: number, members: readonly WrittenMember[]): number {
    return this.#aggregate(4, name, size, members);
  }

  union(name: string, size: number, members: readonly WrittenMember[]): number {
    return this.#aggregate(5, name, size, members);
  }

  enum(name: string, values: Readonly<Record<string, number>>, signed = false): number {
    const words = Object.entries(values).flatMap(([key, value]) => [this.#string(key), value >>> 0]);
    return this.#record(name, 6, words.length / 2, signed, 4, words);
  }

  enum64(name: string, values: Readonly<Record<string, bigint>>, signed = false): number {
    const words = Object.entries(values).flatMap(([key, value]) => [
      this.#string(key),
      Number(BigInt.asUintN(32, value)),
      Number(BigInt.asUintN(32, value >> 32n)),
    ]);
    return this.#record(name, 19, words.length / 3, signed, 8, words);
  }

  alias(kind: keyof typeof ALIASES, name: string, type: number): number {
    return this.#record(name, ALIASES[kind], 0, false, type);
  }

  forward(name: string): number {
    return this.#record(name, 7, 0, false, 0);
  }

  func(name: string, parameters: readonly (readonly [name: string, type: number])[]): number {
    const words = parameters.flatMap(([key, type]) => [this.#string(key), type]);
    const prototype = this.#record('', 13, parameters.length, false, 0, words);
    return this.#record(name, 12, 1, false, prototype);
  }

  variable(name: string, type: number): number {
    const id = this.#record(name, 14, 0, false, type, [1]);
    this.#record('.data..percpu', 15, 1, false, 64, [id, 0, 64]);
    return this.#record('percpu', 17, 0, true, id, [-1]);
  }

  /** A record of any kind. */
  record(kind: number, words: readonly number[], elements = 0): number {
    return this.#record('', kind, elements, false, 0, words);
  }

  /** @param layout own and element bytes of kinds that readers may not know */
  done(layout?: Readonly<Record<number, readonly [own: number, each: number]>>): Uint8Array {
    const types = this.#types.done();
    const strings = this.#strings.done();
    const kinds = layout === undefined ? 0 : Math.max(...Object.keys(layout).map(Number)) + 1;
    const header = layout === undefined ? 24 : 32;
    const words = new Words(this.#order).u16(0xeb9f).bytes([1, 0]);
    words.u32(header, 0, types.length, types.length + 4 * kinds, strings.length);
    if (layout !== undefined) words.u32(types.length, 4 * kinds);
    words.bytes(types);
    for (let kind = 0; kind < kinds; kind++) words.bytes([...(layout?.[kind] ?? [0, 0]), 0, 0]);
    return words.bytes(strings).done();
  }

  #aggregate(kind: number, name: string, size: number, members: readonly WrittenMember[]): number {
    const fields = members.some(([, , , bits]) => bits !== undefined);
    const words = members.flatMap(([key, type, bit, bits = 0]) => [this.#string(key), type, (bits << 24) | bit]);
    return this.#record(name, kind, members.length, fields, size, words);
  }

  #record(
    name: string,
    kind: number,
    elements: number,
    flag: boolean,
    sizeOrType: number,
    words: readonly number[] = [],
  ): number {
    this.#types.u32(
      this.#string(name),
      (flag ? 1 : 0) * 2 ** 31 + kind * 2 ** 24 + elements,
      sizeOrType,
      ...words.map((word) => word >>> 0),
    );
    return ++this.#last;
  }

  #string(text: string): number {
    if (text === '') return 0;
    const at = this.#strings.length;
    this.#strings.text(text, text.length + 1);
    return at;
  }
}
