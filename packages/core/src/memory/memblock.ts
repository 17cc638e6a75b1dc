import type { BlockRun } from './block-run.ts';
import type { FailureInjector } from './failures.ts';
import type { Ram, Region } from './ram.ts';

/** NUMA_NO_NODE: any node will do. */
export const NUMA_NO_NODE = -1;

/** How memblock is set up. */
export interface MemblockOptions {
  /** memblock_set_bottom_up(): take the lowest place instead of the highest. Default false. */
  readonly bottomUp?: boolean;
  /** Ranges that were reserved before the memmap came by (kernel image, initrd, firmware), `[start, end)`. */
  readonly reserved?: readonly (readonly [number, number])[];
}

/**
 * The early allocator, by the rules of mm/memblock.c: memblock_alloc_internal(), memblock_alloc_range_nid()
 * and memblock_find_in_range_node(). It looks on the node from `goal` up, then on any node from `goal` up,
 * then both again without the goal; it never hands out the first page of memory.
 */
export class Memblock {
  readonly #ram: Ram;
  readonly #pageSize: number;
  readonly #failures: FailureInjector;
  readonly #bottomUp: boolean;

  constructor(ram: Ram, pageSize: number, failures: FailureInjector, options: MemblockOptions = {}) {
    this.#ram = ram;
    this.#pageSize = pageSize;
    this.#failures = failures;
    this.#bottomUp = options.bottomUp ?? false;
    for (const [start, end] of options.reserved ?? []) for (const region of ram.regions) region.free.remove(start, end);
  }

  /**
   * Allocates up to `max` blocks, exactly as that many single calls would.
   * @param size bytes of a block
   * @param align power of two, bytes
   * @param goal lowest address to look at first; dropped when nothing is found above it
   * @param nid preferred node, or {@link NUMA_NO_NODE}
   * @param exactNid never fall back to another node
   * @param max most blocks wanted; the run may be shorter, the caller asks again
   * @param out the blocks; `count` 0 when there is no place
   */
  alloc(size: number, align: number, goal: number, nid: number, exactNid: boolean, max: number, out: BlockRun): void {
    out.count = 0;
    if (this.#failures.active) {
      if (this.#failures.fails('memblock', nid, Math.ceil(Math.log2(size / this.#pageSize)))) return;
      max = 1;
    }
    if (this.#fromGoal(size, align, goal, nid, exactNid, max, out)) return;
    if (goal > 0) this.#fromGoal(size, align, 0, nid, exactNid, max, out);
  }

  /**
   * Takes memory for something the kernel image holds: the lowest place from `goal` up, out of the allocations' way. The
   * first page is left alone here, too.
   */
  reserveLow(size: number, align: number, goal: number): number {
    for (const min of [Math.max(goal, this.#pageSize), this.#pageSize]) {
      for (const region of this.#ram.regions) {
        const place = region.free.lowest(size, align, min, Infinity);
        if (place < 0) continue;
        region.free.remove(place, place + size);
        return place;
      }
    }
    return -1;
  }

  #fromGoal(
    size: number,
    align: number,
    goal: number,
    nid: number,
    exactNid: boolean,
    max: number,
    out: BlockRun,
  ): boolean {
    if (this.#take(size, align, goal, nid, max, out)) return true;
    return nid !== NUMA_NO_NODE && !exactNid && this.#take(size, align, goal, NUMA_NO_NODE, max, out);
  }

  #take(size: number, align: number, goal: number, nid: number, max: number, out: BlockRun): boolean {
    const min = Math.max(goal, this.#pageSize);
    const regions = this.#ram.regions;
    for (let n = 0; n < regions.length; n++) {
      const region = regions[this.#bottomUp ? n : regions.length - 1 - n]!;
      if (nid !== NUMA_NO_NODE && region.node !== nid) continue;
      if (this.#bottomUp) this.#takeUp(region, size, align, min, max, out);
      else region.free.takeHighest(size, align, min, max, out);
      if (out.count > 0) return true;
    }
    return false;
  }

  #takeUp(region: Region, size: number, align: number, min: number, max: number, out: BlockRun): void {
    const place = region.free.lowest(size, align, min, Infinity);
    if (place < 0) return;
    const count = size === align ? Math.min(max, Math.floor((region.free.endOf(place) - place) / size)) : 1;
    region.free.remove(place, place + count * size);
    out.pa = place;
    out.paStep = size;
    out.count = count;
  }
}
