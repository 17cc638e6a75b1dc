import type { MemoryMap } from './memory-map.ts';
import { RangeSet } from './range-set.ts';

/** One memory range and what of it is free. A block never crosses from one region into the next. */
export interface Region {
  /** Number of the node. */
  readonly node: number;
  /** Physical address of the first byte. */
  readonly start: number;
  /** Physical address of the first byte after it. */
  readonly end: number;
  /** What of it is free, in bytes of physical address. */
  readonly free: RangeSet;
}

/** What became of freed memory. */
export type FreeOutcome = 'reserved' | 'allocator' | 'referenced' | 'not-allocated';

/**
 * The machine's page frames: free or in use, and if in use whether they were taken at boot (PageReserved).
 * Both allocators take from here; only this class knows what is free.
 */
export class Ram {
  /** Memory ranges by address. */
  readonly regions: readonly Region[];
  readonly #reserved = new RangeSet();
  // Boot memory that was removed since.
  readonly #gone = new RangeSet();
  // References beyond the first, by page.
  readonly #extra = new Map<number, number>();
  /** Bytes given back so far, and bytes removed with their memory. */
  returnedBytes = 0;
  /** Bytes of memory that was removed again. */
  removedBytes = 0;
  #booting = true;

  constructor(map: MemoryMap) {
    this.regions = map.ranges.map(({ node, start, end }) => ({ node, start, end, free: new RangeSet([[start, end]]) }));
  }

  /** Ends boot: what is in use now stays PageReserved until it is freed (memblock_free_all). */
  endBoot(): void {
    this.#booting = false;
    for (const region of this.regions) {
      this.#reserved.add(region.start, region.end);
      for (const [start, end] of region.free) this.#reserved.remove(start, end);
    }
  }

  /** True when the page at `pa` was taken at boot and not freed since. */
  isReserved(pa: number): boolean {
    return this.#reserved.contains(pa, pa + 1);
  }

  /** get_page(), `count` times. */
  getPage(pa: number, count = 1): void {
    if (count > 0) this.#extra.set(pa, (this.#extra.get(pa) ?? 0) + count);
  }

  /** True when any page has more references than one. */
  get hasShared(): boolean {
    return this.#extra.size > 0;
  }

  /** page_count() of a page in use. */
  pageCount(pa: number): number {
    return 1 + (this.#extra.get(pa) ?? 0);
  }

  /** Pages that have more references than one. */
  referenced(): Iterable<number> {
    return this.#extra.keys();
  }

  /** put_page_testzero(): drops a reference. True when it was the last. */
  #putPageTestzero(pa: number): boolean {
    const extra = this.#extra.get(pa);
    if (extra === undefined) return true;
    if (extra === 1) this.#extra.delete(pa);
    else this.#extra.set(pa, extra - 1);
    return false;
  }

  /**
   * Gives `[pa, pa + size)` back, unless it has more references than one: then it loses one.
   * @returns `not-allocated`, and nothing is changed, unless all of it is RAM in use
   */
  free(pa: number, size: number): FreeOutcome {
    const region = this.#regionOf(pa);
    if (region === undefined || pa + size > region.end || region.free.intersects(pa, pa + size)) return 'not-allocated';
    if (this.#extra.size > 0 && !this.#putPageTestzero(pa)) return 'referenced';
    region.free.add(pa, pa + size);
    this.returnedBytes += size;
    if (this.#booting || !this.#reserved.intersects(pa, pa + size)) return this.#booting ? 'reserved' : 'allocator';
    this.#reserved.remove(pa, pa + size);
    return 'reserved';
  }

  /** True when the page at `pa` was boot memory and has been removed: what is there now, if anything, was added since. */
  isRemoved(pa: number): boolean {
    return this.#gone.length > 0 && this.#gone.contains(pa, pa + 1);
  }

  /** True when all of `[pa, pa + size)` is RAM in use. */
  isAllocated(pa: number, size: number): boolean {
    const region = this.#regionOf(pa);
    if (region === undefined || pa + size > region.end || region.free.intersects(pa, pa + size)) return false;
    return this.#gone.length === 0 || !this.#gone.intersects(pa, pa + size);
  }

  /** True when any page of boot RAM in `[start, end)` is in use. */
  isInUse(start: number, end: number): boolean {
    return this.regions.some((region) => {
      const from = Math.max(start, region.start);
      const to = Math.min(end, region.end);
      if (from >= to) return false;
      const idle = new RangeSet(region.free);
      for (const [low, high] of this.#gone) idle.add(low, high);
      return !idle.contains(from, to);
    });
  }

  /** Memory that is removed: nothing is allocated from `[start, end)` any more. */
  takeOut(start: number, end: number): void {
    for (const region of this.regions) {
      const before = region.free.size;
      region.free.remove(start, end);
      this.removedBytes += before - region.free.size;
      this.#gone.add(Math.max(start, region.start), Math.min(end, region.end));
    }
  }

  /** memblock_phys_free(): memory that was kept back at boot is free after all. */
  giveBack(start: number, end: number): void {
    for (const { free, start: from, end: to } of this.regions) free.add(Math.max(start, from), Math.min(end, to));
  }

  /** Free bytes, of one node or of all. */
  freeBytes(node?: number): number {
    let sum = 0;
    for (const region of this.regions) if (node === undefined || region.node === node) sum += region.free.size;
    return sum;
  }

  #regionOf(pa: number): Region | undefined {
    return this.regions.find((region) => region.start <= pa && pa < region.end);
  }
}
