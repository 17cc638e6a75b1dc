import {
  altmapFree,
  type PageTable,
  type PopulateContext,
  type RemoveHooks,
  removePagetable,
  type VmemAltmap,
} from '@vmemmap/core';
import type { RiscvFormat } from './format.ts';

/**
 * vmemmap_free() (arch/riscv/mm/init.c: remove_pgd_mapping() with is_vmemmap): takes leaves away, frees what backs them,
 * and tables that became empty. The TLB is flushed once at the end, when the memory is free already.
 */
export class RiscvFree implements RemoveHooks {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: RiscvFormat;

  constructor(table: PageTable, format: RiscvFormat) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
  }

  free(start: number, end: number, altmap: VmemAltmap | undefined): void {
    removePagetable(this.#table, start, end, altmap, this);
    this.#m.flushTlb(start, end);
  }

  isPresent(level: number, lo: number): boolean {
    return this.#format.isPresent(level, lo);
  }

  // All of a leaf goes, however little of it was asked for: whether the range covers it is not looked at.
  removeLeaf(
    level: number,
    slot: number,
    index: number,
    addr: number,
    _next: number,
    pa: number,
    altmap: VmemAltmap | undefined,
  ): void {
    // A leaf in the root is passed over. The vmemmap never has one.
    if (level === 0) return;
    const size = this.#table.entrySpan(level);
    this.#table.clearLeaf(level, slot, index, addr, pa);
    // free_vmemmap_storage(): base pages, too, go back to the altmap where there is one.
    if (altmap !== undefined) altmapFree(altmap, size / 2 ** this.#m.model.pageShift);
    else this.#m.freePages(pa, size);
  }

  // free_pte_table(); free_pmd_table() with 4 levels and more, free_pud_table() with 5. The table that a root entry
  // points to stays in every mode: all address spaces have that entry.
  afterTable(level: number, slot: number, parent: number, parentIndex: number, addr: number): void {
    if (level === 1 || !this.#table.isEmpty(level, slot)) return;
    this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }
}
