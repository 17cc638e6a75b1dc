import { type BtfTable, KIND } from './btf-table.ts';
import { hashOf, NameIndex } from './name-index.ts';

/** A constant of an enum. */
export interface BtfConstant {
  /** Its name. */
  readonly name: string;
  /** Its value. */
  readonly value: bigint;
}

/** One of the constants of an enum, by its place in there. */
export function constantOf(table: BtfTable, owner: number, i: number): BtfConstant {
  const wide = table.kind(owner) === KIND.enum64;
  const words = wide ? 3 : 2;
  const low = BigInt(table.word(owner, words * i + 1));
  const bits = wide ? (BigInt(table.word(owner, words * i + 2)) << 32n) | low : low;
  const value = table.flag(owner) ? BigInt.asIntN(wide ? 64 : 32, bits) : bits;
  return { name: table.text(table.word(owner, words * i)), value };
}

/** The constants of all enums, found by their names. */
export class BtfConstants {
  readonly #table: BtfTable;
  readonly #index: NameIndex;
  /** Of each constant the enum, and its place in there. */
  readonly #owners: Uint32Array;
  readonly #places: Uint32Array;

  constructor(table: BtfTable) {
    this.#table = table;
    const enums: number[] = [];
    let count = 0;
    for (let id = 1; id < table.count; id++) {
      const kind = table.kind(id);
      if (kind !== KIND.enum && kind !== KIND.enum64) continue;
      enums.push(id);
      count += table.elements(id);
    }
    this.#index = new NameIndex(count);
    this.#owners = new Uint32Array(count);
    this.#places = new Uint32Array(count);
    // From the last to the first, so that the first of equal names is found.
    for (let id = enums.pop(); id !== undefined; id = enums.pop()) {
      const words = table.kind(id) === KIND.enum64 ? 3 : 2;
      for (let i = table.elements(id) - 1; i >= 0; i--) {
        count--;
        this.#owners[count] = id;
        this.#places[count] = i;
        this.#index.add(count, table.hash(table.word(id, words * i)));
      }
    }
  }

  /** The value of a constant, undefined when there is none of that name. */
  value(name: string): bigint | undefined {
    const at = (constant: number): BtfConstant =>
      constantOf(this.#table, this.#owners[constant]!, this.#places[constant]!);
    const found = this.#index.find(hashOf(name), (constant) => at(constant).name === name);
    return found < 0 ? undefined : at(found).value;
  }
}
