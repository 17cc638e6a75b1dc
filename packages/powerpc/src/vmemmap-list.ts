import type { PopulateContext, VmemmapBacking } from '@vmemmap/core';

/** sizeof(struct vmemmap_backing): the next node, phys and virt_addr. */
const NODE_BYTES = 24;
const NONE = -1;

/**
 * vmemmap_list (arch/powerpc/mm/init_64.c): with the hash MMU the only record of what backs the vmemmap. New nodes are
 * carved out of pages that are never given back; nodes that were freed are used first, the last freed before the others.
 */
export class VmemmapList {
  readonly #m: PopulateContext;
  readonly #perPage: number;
  #head = NONE;
  /** Nodes that were freed, last one on top. */
  readonly #freed: number[] = [];
  // num_left and next: what is left of the page that nodes are carved from.
  #left = 0;
  #next = 0;
  // Nodes by number.
  readonly #node: number[] = [];
  readonly #virt: number[] = [];
  readonly #phys: number[] = [];
  readonly #list: number[] = [];

  constructor(m: PopulateContext) {
    this.#m = m;
    this.#perPage = Math.floor(2 ** m.model.pageShift / NODE_BYTES);
  }

  /**
   * vmemmap_list_populate(): puts an entry at the head.
   * @returns false without memory for a node
   */
  populate(virt: number, phys: number, node: number): boolean {
    const entry = this.#alloc(node);
    if (entry === NONE) return false;
    this.#virt[entry] = virt;
    this.#phys[entry] = phys;
    this.#list[entry] = this.#head;
    this.#head = entry;
    return true;
  }

  /**
   * vmemmap_list_free(): takes the entry of `virt` that was put in last out of the list.
   * @returns what backs it; -1 when there is none
   */
  free(virt: number): number {
    let before = NONE;
    let entry = this.#head;
    for (; entry !== NONE; before = entry, entry = this.#list[entry]!) if (this.#virt[entry] === virt) break;
    if (entry === NONE) return NONE;
    if (before === NONE) this.#head = this.#list[entry]!;
    else this.#list[before] = this.#list[entry]!;
    this.#freed.push(entry);
    return this.#phys[entry]!;
  }

  /** The entries, head first. */
  *[Symbol.iterator](): Generator<VmemmapBacking> {
    for (let entry = this.#head; entry !== NONE; entry = this.#list[entry]!)
      yield { virt: this.#virt[entry]!, phys: this.#phys[entry]!, node: this.#node[entry]! };
  }

  // vmemmap_list_alloc()
  #alloc(node: number): number {
    const freed = this.#freed.pop();
    if (freed !== undefined) return freed;
    if (this.#left === 0) {
      const page = this.#m.allocBlock(2 ** this.#m.model.pageShift, node);
      if (page < 0) {
        this.#m.events.record(
          'WARN',
          'vmemmap-list-alloc',
          'arch/powerpc/mm/init_64.c:vmemmap_list_alloc',
          () => 'no page for nodes of vmemmap_list',
        );
        return NONE;
      }
      this.#next = page;
      this.#left = this.#perPage;
    }
    this.#left--;
    this.#node.push(this.#next);
    this.#next += NODE_BYTES;
    return this.#node.length - 1;
  }
}
