import type { BlockRun } from './block-run.ts';
import type { FailureInjector } from './failures.ts';
import type { MemoryMap } from './memory-map.ts';
import type { Ram } from './ram.ts';

/**
 * The page allocator after boot, as far as the memmap depends on it: blocks of 2^order pages, naturally
 * aligned, from the wanted node or else from the nearest that has one (alloc_pages_node() without
 * __GFP_THISNODE). Which free block it picks is the allocator's choice; this one takes the lowest, and leaves page 0 alone as memblock does, so
 * that no table lies at address 0.
 */
export class PageAllocator {
  readonly #ram: Ram;
  readonly #pageSize: number;
  readonly #maxPageOrder: number;
  readonly #failures: FailureInjector;
  readonly #zonelists: ReadonlyMap<number, readonly number[]>;

  /** @param maxPageOrder the architecture's MAX_PAGE_ORDER: a larger block cannot be had */
  constructor(ram: Ram, map: MemoryMap, pageSize: number, maxPageOrder: number, failures: FailureInjector) {
    this.#ram = ram;
    this.#pageSize = pageSize;
    this.#maxPageOrder = maxPageOrder;
    this.#failures = failures;
    this.#zonelists = new Map(map.nodes.map((node) => [node, map.nearest(node)]));
  }

  /** Allocates up to `max` blocks of 2^order pages, as that many single calls would. `out.count` 0: none to be had. */
  alloc(order: number, node: number, max: number, out: BlockRun): void {
    out.count = 0;
    if (order > this.#maxPageOrder) return;
    if (this.#failures.active) {
      if (this.#failures.fails('page-allocator', node, order)) return;
      max = 1;
    }
    const size = this.#pageSize * 2 ** order;
    for (const near of this.#zonelists.get(node) ?? this.#zonelists.values().next().value!) {
      for (const region of this.#ram.regions) {
        if (region.node !== near) continue;
        const place = region.free.lowest(size, size, this.#pageSize, Number.POSITIVE_INFINITY);
        if (place < 0) continue;
        const count = Math.min(max, Math.floor((region.free.endOf(place) - place) / size));
        region.free.remove(place, place + count * size);
        out.pa = place;
        out.paStep = size;
        out.count = count;
        return;
      }
    }
  }
}
