import type { CaptureExpected } from './format.ts';

/**
 * What a capture marks under `expected.outside`: entries that other mappings made before the memmap code came by.
 * A comparison leaves out exactly these.
 */
export class Outside {
  readonly #entries: CaptureExpected['outside'];
  readonly #shifts: ReadonlyMap<string, number>;
  readonly #depth: ReadonlyMap<string, number>;

  constructor(expected: CaptureExpected) {
    this.#entries = expected.outside;
    this.#shifts = new Map(expected.levels.map(({ name, shift }) => [name, shift]));
    this.#depth = new Map(expected.levels.map(({ name }, depth) => [name, depth]));
  }

  /** What is marked about an entry. */
  at(level: string, tableVa: bigint, index: number): 'flags' | 'subtree' | undefined {
    return this.#entries.find((entry) => entry.table === level && entry.tableVa === tableVa && entry.index === index)
      ?.what;
  }

  /** True when a table or a leaf of `level` at `va` lies below an entry whose subtree is marked. */
  isBelow(level: string, va: bigint): boolean {
    return this.#entries.some((entry) => {
      if (entry.what !== 'subtree' || this.#depth.get(level)! <= this.#depth.get(entry.table)!) return false;
      const shift = BigInt(this.#shifts.get(entry.table)!);
      const start = BigInt.asUintN(64, entry.tableVa + (BigInt(entry.index) << shift));
      return va >= start && va - start < 1n << shift;
    });
  }
}
