import type { PageTableHooks, PopulateContext } from '@vmemmap/core';
import type { RadixFormat } from './format.ts';

/** A page that tables of one kind share. */
interface FragmentPage {
  /** pt_frag_refcount: fragments that are in use or not handed out yet. */
  references: number;
}

/**
 * Memory for the tables of radix trees (arch/powerpc/mm/book3s64/radix_pgtable.c: vmemmap_pud_alloc, vmemmap_pmd_alloc,
 * vmemmap_pte_alloc). While memblock serves, each table takes a page, however small it is. Afterwards a PUD table is an
 * object of a slab cache, a PMD or PTE table a fragment of a page, and unrelated tables share pages.
 */
export class TableAllocator implements PageTableHooks {
  readonly #m: PopulateContext;
  readonly #page: number;
  readonly #pud: SlabCache;
  readonly #fragments: readonly (PageFragments | undefined)[];
  #booting = true;

  constructor(m: PopulateContext, format: RadixFormat) {
    this.#m = m;
    this.#page = 2 ** m.model.pageShift;
    const bytes = format.levels.map(({ indexBits }) => 8 * 2 ** indexBits);
    this.#pud = new SlabCache(m, bytes[1]!);
    this.#fragments = [undefined, undefined, new PageFragments(m, bytes[2]!), new PageFragments(m, bytes[3]!)];
  }

  /** slab_is_available() from here on. */
  endBoot(): void {
    this.#booting = false;
  }

  /** @returns physical address of a zeroed table, or -1; at boot the kernel stops instead */
  allocTable(level: number, node: number): number {
    if (!this.#booting) return this.#fragments[level]?.alloc() ?? this.#pud.alloc();
    const pa = this.#m.allocPages(this.#page, node);
    if (pa >= 0) return pa;
    return this.#m.events.stop(
      'panic',
      'early-alloc-pgtable',
      'arch/powerpc/mm/book3s64/radix_pgtable.c:early_alloc_pgtable',
      `Failed to allocate ${this.#page} bytes align=0x${this.#page.toString(16)} nid=${node}`,
    );
  }

  /** pte_free_kernel(), pmd_free(), pud_free(): a table of boot is a reserved page of its own. */
  freeTable(level: number, pa: number): void {
    if (this.#booting || this.#m.isReserved(pa)) this.#m.freePages(pa, this.#page);
    else (this.#fragments[level] ?? this.#pud).free(pa);
  }
}

/**
 * Page fragments of init_mm (arch/powerpc/mm/pgtable-frag.c:pte_fragment_alloc, book3s64/pgtable.c:pmd_fragment_alloc).
 * They are handed out upwards and never a second time: a page goes back when all of its fragments were handed out and
 * are free again. Where only one fits a page, each table has its own.
 */
class PageFragments {
  readonly #m: PopulateContext;
  readonly #bytes: number;
  readonly #page: number;
  readonly #pages = new Map<number, FragmentPage>();
  /** mm->context.pte_frag or pmd_frag: the next fragment, or -1. */
  #next = -1;

  constructor(m: PopulateContext, bytes: number) {
    this.#m = m;
    this.#bytes = bytes;
    this.#page = 2 ** m.model.pageShift;
  }

  alloc(): number {
    if (this.#next < 0) {
      this.#next = allocPage(this.#m);
      if (this.#next < 0) return -1;
      this.#pages.set(this.#next, { references: this.#page / this.#bytes });
    }
    const pa = this.#next;
    const next = pa + this.#bytes;
    this.#next = next % this.#page === 0 ? -1 : next;
    return pa;
  }

  free(pa: number): void {
    const start = pa - (pa % this.#page);
    const page = this.#pages.get(start)!;
    if (--page.references > 0) return;
    this.#pages.delete(start);
    this.#m.freePages(start, this.#page);
  }
}

/**
 * A slab cache as far as memory goes (PGT_CACHE(PUD_CACHE_INDEX)): an object that was freed last is handed out first,
 * and a page without objects goes back. The real one takes larger slabs at a time and keeps some empty ones.
 */
class SlabCache {
  readonly #m: PopulateContext;
  readonly #bytes: number;
  readonly #page: number;
  readonly #free: number[] = [];
  readonly #used = new Map<number, number>();

  constructor(m: PopulateContext, bytes: number) {
    this.#m = m;
    this.#bytes = bytes;
    this.#page = 2 ** m.model.pageShift;
  }

  alloc(): number {
    if (this.#free.length === 0) {
      const start = allocPage(this.#m);
      if (start < 0) return -1;
      for (let at = this.#page - this.#bytes; at >= 0; at -= this.#bytes) this.#free.push(start + at);
      this.#used.set(start, 0);
    }
    const pa = this.#free.pop()!;
    const start = pa - (pa % this.#page);
    this.#used.set(start, this.#used.get(start)! + 1);
    return pa;
  }

  free(pa: number): void {
    const start = pa - (pa % this.#page);
    const used = this.#used.get(start)! - 1;
    this.#used.set(start, used);
    this.#free.push(pa);
    if (used > 0) return;
    this.#used.delete(start);
    for (let at = this.#free.length - 1; at >= 0; at--) {
      const object = this.#free[at]!;
      if (object - (object % this.#page) === start) this.#free.splice(at, 1);
    }
    this.#m.freePages(start, this.#page);
  }
}

// pagetable_alloc() and slabs take no wish for a node: they come from that of the CPU, here the first.
function allocPage(m: PopulateContext): number {
  return m.allocPages(2 ** m.model.pageShift, m.memory.nodes[0]!);
}
