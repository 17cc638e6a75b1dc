import { alignDown, alignUp } from '../bits.ts';
import type { BlockRun } from './block-run.ts';

/** A set of disjoint `[start, end)` ranges of numbers, sorted, neighbours merged. */
export class RangeSet {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  constructor(ranges: Iterable<readonly [number, number]> = []) {
    for (const [start, end] of ranges) this.add(start, end);
  }

  /** Number of separate ranges. */
  get length(): number {
    return this.#starts.length;
  }

  /** Sum of all lengths. */
  get size(): number {
    let sum = 0;
    for (let i = 0; i < this.#starts.length; i++) sum += this.#ends[i]! - this.#starts[i]!;
    return sum;
  }

  /** The ranges as `[start, end)`, by start. */
  *[Symbol.iterator](): Generator<[number, number]> {
    for (let i = 0; i < this.#starts.length; i++) yield [this.#starts[i]!, this.#ends[i]!];
  }

  /** True when all of `[start, end)` is in the set. */
  contains(start: number, end: number): boolean {
    const i = this.#firstEndingAfter(start);
    return i < this.#starts.length && this.#starts[i]! <= start && end <= this.#ends[i]!;
  }

  /** True when any part of `[start, end)` is in the set. */
  intersects(start: number, end: number): boolean {
    const i = this.#firstEndingAfter(start);
    return i < this.#starts.length && this.#starts[i]! < end;
  }

  /** Adds `[start, end)`, merging with what it touches. */
  add(start: number, end: number): void {
    if (start >= end) return;
    let first = this.#firstEndingAfter(start);
    if (first > 0 && this.#ends[first - 1] === start) first--;
    let last = first;
    while (last < this.#starts.length && this.#starts[last]! <= end) last++;
    if (first < last) {
      start = Math.min(start, this.#starts[first]!);
      end = Math.max(end, this.#ends[last - 1]!);
    }
    this.#starts.splice(first, last - first, start);
    this.#ends.splice(first, last - first, end);
  }

  /** Takes `[start, end)` out; parts that are not in the set do not matter. */
  remove(start: number, end: number): void {
    if (start >= end) return;
    const first = this.#firstEndingAfter(start);
    let last = first;
    while (last < this.#starts.length && this.#starts[last]! < end) last++;
    if (first === last) return;
    const low = this.#starts[first]!;
    const high = this.#ends[last - 1]!;
    if (last - first === 1 && low < start && high === end) this.#ends[first] = start;
    else if (last - first === 1 && low === start && end < high) this.#starts[first] = end;
    else {
      const keep: [number, number][] = [];
      if (low < start) keep.push([low, start]);
      if (end < high) keep.push([end, high]);
      this.#starts.splice(first, last - first, ...keep.map(([from]) => from));
      this.#ends.splice(first, last - first, ...keep.map(([, to]) => to));
    }
  }

  /**
   * The highest place for an aligned block within `[min, max)`, as memblock looks for it top-down.
   * @returns its start, or -1
   */
  highest(size: number, align: number, min: number, max: number): number {
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const low = Math.max(this.#starts[i]!, min);
      const high = Math.min(this.#ends[i]!, max);
      if (high < low) {
        if (this.#ends[i]! <= min) break;
        continue;
      }
      const place = high >= size ? alignDown(high - size, align) : -1;
      if (place >= low) return place;
    }
    return -1;
  }

  /**
   * Takes up to `max` aligned blocks out, as that many searches by {@link highest} would find them from `min` up. A
   * block as large as its alignment leaves less than one block above itself, so the next one lies right below: those
   * come as a run. Any other shape is handed out one by one.
   * @param out `count` 0 when there is no place
   */
  takeHighest(size: number, align: number, min: number, max: number, out: BlockRun): void {
    out.count = 0;
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const end = this.#ends[i]!;
      if (end <= min) return;
      const low = Math.max(this.#starts[i]!, min);
      const place = end >= size ? alignDown(end - size, align) : -1;
      if (place < low) continue;
      const count = size === align ? Math.min(max, Math.floor((place - low) / size) + 1) : 1;
      const from = place - (count - 1) * size;
      // Mostly the end of a range is taken off; then nothing has to be looked for.
      if (place + size === end && from > this.#starts[i]!) this.#ends[i] = from;
      else this.remove(from, place + size);
      out.pa = place;
      out.paStep = -size;
      out.count = count;
      return;
    }
  }

  /**
   * The lowest place for an aligned block within `[min, max)`, as memblock looks for it bottom-up.
   * @returns its start, or -1
   */
  lowest(size: number, align: number, min: number, max: number): number {
    for (let i = this.#firstEndingAfter(min); i < this.#starts.length; i++) {
      const low = Math.max(this.#starts[i]!, min);
      if (low >= max) break;
      const place = alignUp(low, align);
      if (place + size <= Math.min(this.#ends[i]!, max)) return place;
    }
    return -1;
  }

  /** Start of the range that holds `point`. Only for a point that is in the set. */
  startOf(point: number): number {
    return this.#starts[this.#firstEndingAfter(point)]!;
  }

  /** End of the range that holds `point`. Only for a point that is in the set. */
  endOf(point: number): number {
    return this.#ends[this.#firstEndingAfter(point)]!;
  }

  #firstEndingAfter(point: number): number {
    let low = 0;
    let high = this.#ends.length;
    // Allocations gather at one end, so look there before searching.
    if (high > 0 && this.#ends[high - 1]! <= point) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! <= point) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
