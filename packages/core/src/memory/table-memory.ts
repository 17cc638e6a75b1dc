import { VmemmapError } from '../errors.ts';

/** Storage at the start, and the part it grows by: a tenth keeps what lies unused small. */
const FIRST_WORDS = 16 * 1024;
const GROWTH = 1.1;

/**
 * The contents of page-table frames, and only of those, by physical address.
 *
 * All frames lie in one array of signed 32-bit lanes (one array is twice as fast to read as many, and an integer
 * beyond 2^31 would be boxed: measured). An entry is two lanes: word `2 * index` of a frame is the low half, the next
 * one the high half, whatever the architecture's byte order. A frame is known by a small number, its slot;
 * `base[slot]` is its first word.
 */
export class TableMemory {
  /** All frames. Another array after {@link create}: do not keep it across one. */
  lanes: Int32Array = new Int32Array(FIRST_WORDS);
  /** First word of each slot in {@link lanes}. */
  base: Int32Array = new Int32Array(64);
  /** Grows when a frame goes away: whoever caches slots must look again. */
  generation = 0;

  #addresses = new Float64Array(64);
  #sizes = new Int32Array(64);
  #count = 0;
  #bytes = 0;
  #slots = 0;
  #words = 0;
  readonly #spare = new Map<number, number[]>();
  // Open addressing over page numbers; a slot is stored plus one, 0 is empty, -1 a grave.
  #table = new Int32Array(128);
  #graves = 0;

  /** Frames that exist now. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of all frames that exist now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Physical address of a slot's frame. */
  address(slot: number): number {
    return this.#addresses[slot]!;
  }

  /**
   * Makes a zeroed frame.
   * @param pa physical address, a multiple of 256 (the smallest table of any architecture)
   * @param bytes size, a power of two
   * @returns its slot
   */
  create(pa: number, bytes: number): number {
    if (this.find(pa) >= 0)
      throw new VmemmapError('BAD_ARGUMENT', `a table frame exists already at 0x${pa.toString(16)}`);
    const slot = this.#usedSlot(bytes) ?? this.#newSlot(bytes);
    this.#addresses[slot] = pa;
    this.#insert(pa, slot);
    this.#count++;
    this.#bytes += bytes;
    return slot;
  }

  /** Ends a frame; its storage is used again. */
  remove(slot: number): void {
    const bytes = this.#sizes[slot]!;
    this.#bury(this.#addresses[slot]!);
    const spare = this.#spare.get(bytes);
    if (spare === undefined) this.#spare.set(bytes, [slot]);
    else spare.push(slot);
    this.#count--;
    this.#bytes -= bytes;
    this.generation++;
  }

  /** The slot of the frame at `pa`, or -1. */
  find(pa: number): number {
    const mask = this.#table.length - 1;
    for (let i = hash(pa) & mask; ; i = (i + 1) & mask) {
      const value = this.#table[i]!;
      if (value === 0) return -1;
      if (value > 0 && this.#addresses[value - 1] === pa) return value - 1;
    }
  }

  /** Bytes of memory this object holds for the frames: their contents and its own bookkeeping. */
  get footprint(): number {
    return [this.lanes, this.base, this.#addresses, this.#sizes, this.#table].reduce(
      (sum, array) => sum + array.byteLength,
      0,
    );
  }

  // Storage of a frame of this size that is gone, zeroed.
  #usedSlot(bytes: number): number | undefined {
    const slot = this.#spare.size === 0 ? undefined : this.#spare.get(bytes)?.pop();
    if (slot === undefined) return undefined;
    const from = this.base[slot]!;
    this.lanes.fill(0, from, from + bytes / 4);
    return slot;
  }

  // Storage that nobody has used is zero.
  #newSlot(bytes: number): number {
    const slot = this.#slots++;
    if (slot === this.base.length) {
      // Few bytes to a frame: doubled, since frames of 256 bytes would otherwise spend their time here (measured).
      const size = 2 * slot;
      this.base = grown(this.base, new Int32Array(size));
      this.#addresses = grown(this.#addresses, new Float64Array(size));
      this.#sizes = grown(this.#sizes, new Int32Array(size));
    }
    const words = bytes / 4;
    if (this.#words + words > this.lanes.length) {
      const size = Math.max(this.#words + words, Math.ceil(this.lanes.length * GROWTH));
      this.lanes = grown(this.lanes, new Int32Array(size));
    }
    this.base[slot] = this.#words;
    this.#sizes[slot] = bytes;
    this.#words += words;
    return slot;
  }

  #insert(pa: number, slot: number): void {
    if ((this.#count + this.#graves) * 2 >= this.#table.length) this.#rehash();
    const mask = this.#table.length - 1;
    let i = hash(pa) & mask;
    while (this.#table[i]! > 0) i = (i + 1) & mask;
    if (this.#table[i] === -1) this.#graves--;
    this.#table[i] = slot + 1;
  }

  #bury(pa: number): void {
    const mask = this.#table.length - 1;
    let i = hash(pa) & mask;
    for (;;) {
      const value = this.#table[i]!;
      if (value > 0 && this.#addresses[value - 1] === pa) break;
      i = (i + 1) & mask;
    }
    this.#table[i] = -1;
    this.#graves++;
  }

  #rehash(): void {
    const old = this.#table;
    this.#table = new Int32Array(Math.max(128, 2 ** Math.ceil(Math.log2((this.#count + 1) * 3))));
    this.#graves = 0;
    const mask = this.#table.length - 1;
    for (const value of old) {
      if (value <= 0) continue;
      let i = hash(this.#addresses[value - 1]!) & mask;
      while (this.#table[i] !== 0) i = (i + 1) & mask;
      this.#table[i] = value;
    }
  }
}

// Fibonacci hashing of the address in units of 256 bytes; both halves of a 52-bit address take part.
function hash(pa: number): number {
  const unit = pa / 256;
  return Math.imul((unit | 0) ^ (unit / 4294967296), 0x9e3779b1) >>> 7;
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
