import { type TableLevel, TableMemory } from '@vmemmap/core';
import type { PhysicalMemory } from '@vmemmap/vmcore';
import { refusal } from './refusal.ts';

/** More tables than any window has in memory that a dump of reasonable size holds: 2 GiB of them. */
const MOST_BYTES = 2 ** 31;

/** The page tables of a dump: a frame is read when it is first looked for, and stays. */
export class DumpTables extends TableMemory {
  readonly #memory: PhysicalMemory;
  readonly #swap: boolean;
  #largest = 0;
  #reading = false;

  /** @param bigEndian whether entries in memory begin with their high byte */
  constructor(memory: PhysicalMemory, bigEndian: boolean) {
    super();
    this.#memory = memory;
    this.#swap = bigEndian;
  }

  /** From now on what is not there is read from the dump. What was there before is gone. */
  readFrom(levels: readonly TableLevel[]): void {
    for (let slot = 0; this.count > 0; slot++) if (super.find(this.address(slot)) === slot) this.remove(slot);
    this.#largest = Math.max(...levels.map(({ indexBits }) => 8 * 2 ** indexBits));
  }

  /** The slot of the frame at `pa`, read if need be; -1 where the dump does not have it. */
  override find(pa: number): number {
    const slot = super.find(pa);
    return slot >= 0 || this.#largest === 0 || this.#reading ? slot : this.#read(pa, this.#largest);
  }

  /** The same for a table that is known to take `bytes`. */
  findTable(pa: number, bytes: number): number {
    const slot = super.find(pa);
    return slot >= 0 ? slot : this.#read(pa, bytes);
  }

  #read(pa: number, bytes: number): number {
    if (!Number.isSafeInteger(pa) || pa < 0 || pa % 256 !== 0) return -1;
    let size = bytes;
    // A table lies at a multiple of its size: what is looked for here may be a smaller one.
    while (pa % size !== 0) size /= 2;
    for (let at = pa; at < pa + size; at += this.#memory.pageSize) if (!this.#memory.has(at)) return -1;
    if (this.bytes + size > MOST_BYTES)
      throw refusal(
        'BAD_FORMAT',
        'the page tables in this dump take more than 2 GiB: they are damaged, or no page tables',
      );
    const raw = new Uint8Array(size);
    this.#memory.read(pa, raw);
    this.#reading = true;
    const slot = this.create(pa, size);
    this.#reading = false;
    const view = new DataView(raw.buffer);
    const { lanes } = this;
    let word = this.base[slot]!;
    for (let at = 0; at < size; at += 8, word += 2) {
      lanes[word] = view.getInt32(this.#swap ? at + 4 : at, !this.#swap);
      lanes[word + 1] = view.getInt32(this.#swap ? at : at + 4, !this.#swap);
    }
    return slot;
  }
}
