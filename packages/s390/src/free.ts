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
    if (level === this.#format.pmdLevel) this.#removeFrame(slot, index, addr, next, pa, altmap);
    else if (level === this.#table.last) this.#remove(level, slot, index, addr, pa, altmap);
    // Region-third leaves are for the identity mapping; the vmemmap never has one.
  }

  // try_free_pte_table() to try_free_p4d_table(). The top table is below no entry; the kernel's is never empty anyway.
  afterTable(level: number, slot: number, parent: number, parentIndex: number, addr: number): void {
    if (this.#table.isEmpty(level, slot)) this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }

  // A 1 MiB frame goes when all of it is asked for, or when what is asked for was the last of it in use.
  #removeFrame(
    slot: number,
    index: number,
    addr: number,
    next: number,
    pa: number,
    altmap: VmemAltmap | undefined,
  ): void {
    const level = this.#format.pmdLevel;
    const whole = this.#table.isAligned(level, addr) && this.#table.isAligned(level, next);
    if (!(whole || this.#use.unuse(addr, next))) return;
    this.#use.forget(addr);
    this.#remove(level, slot, index, addr, pa, altmap);
  }

  #remove(level: number, slot: number, index: number, addr: number, pa: number, altmap: VmemAltmap | undefined): void {
    const size = this.#table.entrySpan(level);
    this.#pages.freeLeaf(pa, size, altmap);
    this.#table.clear(level, slot, index);
    const { name } = this.#format.levels[level]!;
    this.#m.trace?.({ step: 'clear', level: name, offset: this.#table.entryStart(level, addr), pa, size });
  }
}
