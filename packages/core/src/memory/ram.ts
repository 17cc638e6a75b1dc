import type { MemoryMap } from './memory-map.ts';
import { RangeSet } from './range-set.ts';

/** One memory range and what of it is free. A block never crosses from one region into the next. */
export interface Region {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly free: RangeSet;
}

/** What became of freed memory. */
export type FreeOutcome = 'reserved' | 'allocator' | 'not-allocated';

/**
 * The machine's page frames: free or in use, and if in use whether they were taken at boot (PageReserved).
 * Both allocators take from here; only this class knows what is free.
 */
export class Ram {
  readonly regions: readonly Region[];
  readonly #reserved = new RangeSet();
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

  /**
   * Gives `[pa, pa + size)` back.
   * @returns `not-allocated`, and nothing is changed, unless all of it is RAM in use
   */
  free(pa: number, size: number): FreeOutcome {
    const region = this.#regionOf(pa);
    if (region === undefined || pa + size > region.end || region.free.intersects(pa, pa + size)) return 'not-allocated';
    region.free.add(pa, pa + size);
    if (this.#booting || !this.#reserved.intersects(pa, pa + size)) return this.#booting ? 'reserved' : 'allocator';
    this.#reserved.remove(pa, pa + size);
    return 'reserved';
  }

  /** True when all of `[pa, pa + size)` is RAM in use. */
  isAllocated(pa: number, size: number): boolean {
    const region = this.#regionOf(pa);
    return region !== undefined && pa + size <= region.end && !region.free.intersects(pa, pa + size);
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
