import {
  altmapFree,
  type PageTable,
  type PopulateContext,
  type RemoveHooks,
  removePagetable,
  type SubPmdUse,
  type VmemAltmap,
} from '@vmemmap/core';
import type { X86Format } from './format.ts';

/**
 * vmemmap_free() (arch/x86/mm/init_64.c: remove_pagetable() with direct = false): takes leaves away, frees what backs
 * them, and tables that became empty. Memory is freed before its entry is cleared, as the kernel does.
 */
export class X86Free implements RemoveHooks {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: X86Format;
  readonly #use: SubPmdUse;

  constructor(table: PageTable, format: X86Format, use: SubPmdUse) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
    this.#use = use;
  }

  free(start: number, end: number, altmap: VmemAltmap | undefined): void {
    removePagetable(this.#table, start, end, altmap, this);
    this.#m.flushTlb(start, end);
  }

  isPresent(level: number, lo: number): boolean {
    return this.#format.isPresent(level, lo);
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
    const { pmdLevel } = this.#format;
    // remove_pud_table() clears a whole 1 GiB leaf without freeing; the vmemmap never has one.
    if (level < pmdLevel || (level === pmdLevel && !this.#use.giveUp(addr, next))) return;
    const size = this.#table.entrySpan(level);
    // free_vmemmap_pages(). "We never populate base pages from the altmap": they are freed without one.
    if (altmap !== undefined && level === pmdLevel) altmapFree(altmap, size / 2 ** this.#m.model.pageShift);
    else this.#m.freePages(pa, size);
    this.#table.clearLeaf(level, slot, index, addr, pa);
  }

  // free_pte_table(), free_pmd_table(), and with 5 levels free_pud_table(). A p4d table, and with 4 levels a pud table,
  // stays: top-level entries are never cleared, so no other address space has to be told.
  afterTable(level: number, slot: number, parent: number, parentIndex: number, addr: number, next: number): void {
    if (level === this.#table.last) this.#m.flushTlb(addr, next);
    if (level === 1 || !this.#table.isEmpty(level, slot)) return;
    this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }
}
