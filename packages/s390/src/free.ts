import {
  type PageTable,
  type PopulateContext,
  type RemoveHooks,
  removePagetable,
  type SubPmdUse,
  type VmemAltmap,
} from '@vmemmap/core';
import type { S390Format } from './format.ts';
import type { VmemPages } from './vmem-pages.ts';

/**
 * remove_pagetable() with direct = false (arch/s390/mm/vmem.c: modify_pagetable() down to modify_pte_table()): takes
 * leaves away and, from the bottom up, every table that the walk came through and found empty.
 */
export class S390Free implements RemoveHooks {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: S390Format;
  readonly #use: SubPmdUse;
  readonly #pages: VmemPages;

  constructor(table: PageTable, format: S390Format, use: SubPmdUse, pages: VmemPages) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
    this.#use = use;
    this.#pages = pages;
  }

  free(start: number, end: number, altmap: VmemAltmap | undefined): void {
    removePagetable(this.#table, start, end, altmap, this);
    // Once, when the memory is free already.
    this.#m.flushTlb(start, end);
  }

  isPresent(level: number, lo: number, hi: number): boolean {
    return !this.#format.isNone(level, lo, hi);
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
    // Region-third leaves are for the identity mapping; the vmemmap never has one.
    if (level < pmdLevel || (level === pmdLevel && !this.#use.giveUp(addr, next))) return;
    this.#pages.freeLeaf(pa, this.#table.entrySpan(level), altmap);
    this.#table.clearLeaf(level, slot, index, addr, pa);
  }

  // try_free_pte_table() to try_free_p4d_table(). The top table is below no entry; the kernel's is never empty anyway.
  afterTable(level: number, slot: number, parent: number, parentIndex: number, addr: number): void {
    if (this.#table.isEmpty(level, slot)) this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }
}
