import { type DevPagemap, ENOMEM, type Errno, OK, type PageTable, vmemmapVerify } from '@vmemmap/core';
import type { BasePages } from './base-page.ts';

/**
 * vmemmap_populate_compound_pages() of book3s64 (arch/powerpc/mm/book3s64/radix_pgtable.c), which replaces the generic
 * one: struct pages of device memory in compound pages. The struct pages of a compound fill many pages; its first page
 * of them is its own, and all others share its second one, by base pages.
 *
 * Unlike the generic code it knows no runs: it looks at each page by itself and finds the compound by the absolute pfn.
 * - Where the page is the first of a compound, it maps that and the next one, which may lie beyond the end of the range.
 * - Elsewhere it shares the compound's second page, and makes the first two if they are missing, though they lie before
 *   the start of the range.
 * - An existing 2 MiB leaf is kept. When the second page lies in one, the page gets memory of its own instead.
 * - Where the two are made by radix__vmemmap_populate_address(), nobody looks whether the entry got memory: without,
 *   it stays empty, is looked at as pfn 0, and the result is success.
 *
 * Freeing drops one reference for each entry (`RadixFree`).
 */
export class CompoundPages {
  readonly #table: PageTable;
  readonly #pages: BasePages;
  readonly #pmd: number;
  readonly #pageSize: number;

  constructor(table: PageTable, pages: BasePages) {
    this.#table = table;
    this.#pages = pages;
    this.#pmd = table.format.pmdLevel;
    this.#pageSize = table.entrySpan(table.last);
  }

  /**
   * @param start first byte, as offset into the window; not rounded
   * @param end first byte after the range
   * @returns 0 or -ENOMEM; what was populated before the error stays
   */
  populate(start: number, end: number, node: number, { vmemmapShift }: DevPagemap): Errno {
    const { m } = this.#table;
    const { structPageSize } = m.model;
    const sharesTail = m.release.daxTail === 'zone';
    const compound = 2 ** vmemmapShift;
    let next: number;
    for (let addr = start; addr < end; addr = next) {
      const slot = this.#reachPte(addr, node);
      if (slot === NO_MEMORY) return ENOMEM;
      if (slot === PMD_LEAF) {
        next = this.#table.entryEnd(this.#pmd, addr, end);
        continue;
      }
      next = addr + this.#pageSize;
      if (!this.#isNone(slot, addr)) continue;
      const inside = Math.floor(addr / structPageSize) % compound;
      if (inside === 0) {
        if (!this.#pages.populate(slot, addr, node, undefined)) return ENOMEM;
        this.#verify(slot, addr, node);
        if (sharesTail) continue;
        if (!this.#populateAddress(next, node)) return ENOMEM;
        next += this.#pageSize;
        continue;
      }
      // At the series' end the tail is that of the node's ZONE_DEVICE ([INF] patches 36 and 38).
      const tail = sharesTail
        ? m.sharedTailPage(vmemmapShift, node)
        : this.#tailPage(addr - inside * structPageSize + this.#pageSize, node);
      if (sharesTail && tail < 0) return ENOMEM;
      if (!this.#pages.populate(slot, addr, node, undefined, tail, sharesTail)) return ENOMEM;
      this.#verify(slot, addr, node);
    }
    return OK;
  }

  // vmemmap_compound_tail_page(): the second page of the compound, made with the first where it is missing.
  // -1 when there is none to share.
  #tailPage(addr: number, node: number): number {
    const slot = this.#reachPte(addr, node);
    if (slot < 0) return -1;
    if (this.#isNone(slot, addr)) {
      if (!this.#populateAddress(addr - this.#pageSize, node)) return -1;
      if (!this.#pages.populate(slot, addr, node, undefined)) return -1;
      this.#verify(slot, addr, node);
    }
    return this.#leafAddress(slot, addr);
  }

  // radix__vmemmap_populate_address(): false without a table, or below a leaf. Whether the page could be had is not
  // looked at.
  #populateAddress(addr: number, node: number): boolean {
    const slot = this.#reachPte(addr, node);
    if (slot < 0) return false;
    this.#pages.populate(slot, addr, node, undefined);
    this.#verify(slot, addr, node);
    return true;
  }

  // The table of the last level for an address.
  #reachPte(addr: number, node: number): number {
    const table = this.#table;
    const upper = table.reach(this.#pmd, addr, node);
    if (upper < 0) return NO_MEMORY;
    const { lanes } = table.m.tables;
    const word = table.word(upper, table.index(this.#pmd, addr));
    if (table.format.isLeaf(this.#pmd, lanes[word]!, lanes[word + 1]!)) return PMD_LEAF;
    const slot = table.reach(table.last, addr, node);
    return slot < 0 ? NO_MEMORY : slot;
  }

  #isNone(slot: number, addr: number): boolean {
    return this.#table.noneRun(this.#table.last, slot, this.#table.index(this.#table.last, addr), 1) === 1;
  }

  // pte_pfn() of an empty entry is 0.
  #leafAddress(slot: number, addr: number): number {
    const { lanes } = this.#table.m.tables;
    const word = this.#table.word(slot, this.#table.index(this.#table.last, addr));
    return this.#table.format.leafAddress(this.#table.last, lanes[word]!, lanes[word + 1]!);
  }

  #verify(slot: number, addr: number, node: number): void {
    vmemmapVerify(this.#table.m, this.#leafAddress(slot, addr), node, addr, addr + this.#pageSize);
  }
}

/** What {@link CompoundPages} finds in place of a table of the last level. */
const NO_MEMORY = -1;
const PMD_LEAF = -2;
