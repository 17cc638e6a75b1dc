import { type ByteSource, fillFrom } from './byte-source.ts';
import type { PageStore, PhysicalRange } from './page-store.ts';

/** Memory that lies in the file as it is. */
export interface Extent {
  /** Physical address of the first byte. */
  readonly start: number;
  /** Bytes, 1 or more. */
  readonly length: number;
  /** Where the first byte lies in the file. */
  readonly offset: number;
}

const PAGE = 4096;

/**
 * Pages of files that have memory as it is: ELF cores and raw images. Where two extents have the same memory, the one with
 * the lower address counts. Of a page that an extent has in part, the rest reads as zero.
 */
export class ExtentStore implements PageStore {
  readonly pageSize: number = PAGE;
  readonly ranges: readonly PhysicalRange[];
  readonly #source: ByteSource;
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  /** What to add to a physical address for its place in the file. */
  readonly #shift: Float64Array;
  #hint = 0;

  constructor(source: ByteSource, extents: readonly Extent[], ranges: readonly PhysicalRange[]) {
    this.#source = source;
    this.ranges = joined(ranges);
    const sorted = extents.filter(({ length }) => length > 0).sort((a, b) => a.start - b.start);
    const kept: { start: number; end: number; shift: number }[] = [];
    for (const { start, length, offset } of sorted) {
      const last = kept.at(-1);
      const from = Math.max(start, last?.end ?? 0);
      const end = start + length;
      const shift = offset - start;
      if (last !== undefined && last.end === from && last.shift === shift) last.end = Math.max(last.end, end);
      else if (end > from) kept.push({ start: from, end, shift });
    }
    this.#start = Float64Array.from(kept, ({ start }) => start);
    this.#end = Float64Array.from(kept, ({ end }) => end);
    this.#shift = Float64Array.from(kept, ({ shift }) => shift);
  }

  next(page: number): number {
    const at = this.#from(page * PAGE);
    return at < this.#start.length ? Math.max(page, Math.floor(this.#start[at]! / PAGE)) : -1;
  }

  position(page: number): number {
    const pa = page * PAGE;
    const at = this.#from(pa);
    if (at >= this.#start.length || this.#start[at]! >= pa + PAGE) return -1;
    return Math.max(pa, this.#start[at]!) + this.#shift[at]!;
  }

  load(page: number, count: number, into: Uint8Array): number {
    const pa = page * PAGE;
    const at = this.#from(pa);
    if (this.#start[at]! <= pa) {
      const whole = Math.min(count, Math.floor((this.#end[at]! - pa) / PAGE));
      if (whole > 0) {
        fillFrom(
          this.#source,
          pa + this.#shift[at]!,
          into.subarray(0, whole * PAGE),
          `the memory at 0x${pa.toString(16)}`,
        );
        return whole;
      }
    }
    into.fill(0, 0, PAGE);
    for (let i = at; i < this.#start.length && this.#start[i]! < pa + PAGE; i++) {
      const from = Math.max(pa, this.#start[i]!);
      const to = Math.min(pa + PAGE, this.#end[i]!);
      fillFrom(
        this.#source,
        from + this.#shift[i]!,
        into.subarray(from - pa, to - pa),
        `the memory at 0x${from.toString(16)}`,
      );
    }
    return 1;
  }

  // The first extent that ends after `pa`.
  #from(pa: number): number {
    const hint = this.#hint;
    if (hint < this.#end.length && this.#end[hint]! > pa && (hint === 0 || this.#end[hint - 1]! <= pa)) return hint;
    let low = 0;
    let high = this.#end.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#end[middle]! > pa) high = middle;
      else low = middle + 1;
    }
    this.#hint = low;
    return low;
  }
}

/** Ranges by address, those that touch as one. */
function joined(ranges: readonly PhysicalRange[]): PhysicalRange[] {
  const out: { start: number; end: number }[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else if (end > start) out.push({ start, end });
  }
  return out;
}
