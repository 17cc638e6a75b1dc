/** Groups of one chunk: 64 KiB of table. */
const CHUNK_GROUPS = 512;
/** A group is 8 entries of two doublewords, each in two 32-bit lanes, low first: V at 0 and 1, R at 2 and 3. */
const GROUP_WORDS = 32;
const CHUNK_WORDS = CHUNK_GROUPS * GROUP_WORDS;
const GROWTH = 1.5;

/**
 * The memory of the hashed page table, in signed 32-bit lanes as page tables are kept. A table is large and nearly empty,
 * so that only the parts that were written take memory here. It knows nothing of what entries mean.
 */
export class HashTableMemory {
  /** log2 of the number of groups. */
  readonly groupBits: number;
  /** All parts that were written. Another array after {@link create}: do not keep it across one. */
  lanes: Int32Array = new Int32Array(CHUNK_WORDS);
  /** Grows with every entry that is written or taken away. */
  generation = 0;
  readonly #chunks = new Map<number, number>();

  /** @param order log2 of the bytes of the table, 18 at least */
  constructor(order: number) {
    this.groupBits = order - 7;
  }

  /** First word of a group; -1 when nothing was ever written near it. */
  find(group: number): number {
    const chunk = Math.floor(group / CHUNK_GROUPS);
    const base = this.#chunks.get(chunk);
    return base === undefined ? -1 : base + (group - chunk * CHUNK_GROUPS) * GROUP_WORDS;
  }

  /** First word of a group, to write to. */
  create(group: number): number {
    const found = this.find(group);
    if (found >= 0) return found;
    const chunk = Math.floor(group / CHUNK_GROUPS);
    const base = this.#chunks.size * CHUNK_WORDS;
    if (base + CHUNK_WORDS > this.lanes.length) {
      const lanes = new Int32Array(Math.max(base + CHUNK_WORDS, Math.ceil(this.lanes.length * GROWTH)));
      lanes.set(this.lanes);
      this.lanes = lanes;
    }
    this.#chunks.set(chunk, base);
    return base + (group - chunk * CHUNK_GROUPS) * GROUP_WORDS;
  }

  /** Calls back with every group that lies in a part that was written, and its first word. */
  forEachGroup(visit: (group: number, word: number) => void): void {
    for (const [chunk, base] of this.#chunks) {
      for (let n = 0; n < CHUNK_GROUPS; n++) visit(chunk * CHUNK_GROUPS + n, base + n * GROUP_WORDS);
    }
  }
}
