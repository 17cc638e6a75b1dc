import type { PopulateContext } from '../contract/context.ts';
import { pageSize } from '../contract/model.ts';
import type { ZoneName } from '../memory/zones.ts';

/** A page of struct pages that all optimised compounds of one zone and order share as their tails. */
export interface SharedTail {
  /** Number of the node. */
  readonly node: number;
  /** The zone. */
  readonly zone: ZoneName;
  /** log2 of the compound in base pages. */
  readonly order: number;
  /** Physical address of the page. */
  readonly pa: number;
}

/** zone->vmemmap_tails (include/linux/mmzone.h): allocated when first asked for, and never given back. */
export class SharedTails {
  readonly #m: Pick<PopulateContext, 'model' | 'allocPages'>;
  readonly #tails = new Map<string, SharedTail>();

  constructor(m: Pick<PopulateContext, 'model' | 'allocPages'>) {
    this.#m = m;
  }

  /**
   * vmemmap_get_tail() (mm/hugetlb_vmemmap.c once the page allocator serves, mm/sparse-vmemmap.c at boot).
   * @returns physical address, or -1 without memory
   */
  get(order: number, node: number, zone: ZoneName): number {
    const key = `${node} ${zone} ${order}`;
    const known = this.#tails.get(key);
    if (known !== undefined) return known.pa;
    const pa = this.#m.allocPages(pageSize(this.#m.model), node);
    if (pa >= 0) this.#tails.set(key, { node, zone, order, pa });
    return pa;
  }

  /** All of them, in the order they were made. */
  all(): readonly SharedTail[] {
    return [...this.#tails.values()];
  }
}
