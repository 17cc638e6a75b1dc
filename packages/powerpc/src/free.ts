import {
  altmapFree,
  type PageTable,
  type PopulateContext,
  type RemoveHooks,
  removePagetable,
  type VmemAltmap,
} from '@vmemmap/core';
import { isOfAltmap } from './altmap.ts';
import type { RadixFormat } from './format.ts';
import { vmemmapPopulated } from './vmemmap-populated.ts';

/**
 * radix__vmemmap_free() (arch/powerpc/mm/book3s64/radix_pgtable.c: remove_pagetable() with direct = false): takes leaves
 * away, frees what backs them, and tables that became empty. A leaf of which a part is asked for goes when no valid
 * subsection has struct pages in it; a leaf that is asked for whole goes without a look. Memory is freed before its
 * entry is cleared.
 */
export class RadixFree implements RemoveHooks {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: RadixFormat;
  readonly #pmd: number;

  constructor(table: PageTable, format: RadixFormat) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
    this.#pmd = format.pmdLevel;
  }

  free(start: number, end: number, altmap: VmemAltmap | undefined): void {
    removePagetable(this.#table, start, end, altmap, this);
    this.#m.flushTlb(start, end);
  }

  isPresent(_level: number, _lo: number, hi: number): boolean {
    return this.#format.isPresent(hi);
  }

  // free_pte_table(), free_pmd_table(), free_pud_table()
  afterTable(level: number, slot: number, parent: number, parentIndex: number, addr: number): void {
    if (this.#table.isEmpty(level, slot)) this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }

  removeLeaf(
    level: number,
    slot: number,
    index: number,
    addr: number,
    next: number,
    pa: number,
    altmap: VmemAltmap | undefined,
  ): void {
    // The vmemmap has leaves at these two levels only.
    if (level < this.#pmd) return;
    const table = this.#table;
    const size = table.entrySpan(level);
    const first = table.entryStart(level, addr);
    const whole = table.isAligned(level, addr) && table.isAligned(level, next);
    // vmemmap_pmd_is_unused(), vmemmap_page_is_unused()
    if (!whole && vmemmapPopulated(this.#m, first, size)) return;
    this.#freeBacking(pa, size, altmap);
    table.clearLeaf(level, slot, index, addr, pa);
  }

  // free_vmemmap_pages(). What populate took from RAM although there was an altmap is known by its address.
  #freeBacking(pa: number, size: number, altmap: VmemAltmap | undefined): void {
    if (altmap !== undefined && isOfAltmap(this.#m, altmap, pa))
      altmapFree(altmap, size / 2 ** this.#m.model.pageShift);
    else this.#m.freePages(pa, size);
  }
}
