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
    if (level === this.#format.pmdLevel) this.#removeHuge(slot, index, addr, next, pa, altmap);
    // remove_pte_table(): "we never populate base pages from the altmap", so they are freed without one.
    else if (level === this.#table.last) this.#remove(level, slot, index, addr, pa, undefined);
    // remove_pud_table() clears a whole 1 GiB leaf without freeing; the vmemmap never has one.
  }

  // free_pte_table(), free_pmd_table(), and with 5 levels free_pud_table(). A p4d table, and with 4 levels a pud table,
  // stays: top-level entries are never cleared, so no other address space has to be told.
  afterTable(level: number, slot: number, parent: number, parentIndex: number, addr: number, next: number): void {
    if (level === this.#table.last) this.#m.flushTlb(addr, next);
    if (level === 1 || !this.#table.isEmpty(level, slot)) return;
    this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }

  // A leaf goes when all of it is asked for, or when what is asked for was the last of it in use.
  #removeHuge(
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

  // free_vmemmap_pages(), and then p?d_clear().
  #remove(level: number, slot: number, index: number, addr: number, pa: number, altmap: VmemAltmap | undefined): void {
    const size = this.#table.entrySpan(level);
    if (altmap !== undefined) altmapFree(altmap, size / 2 ** this.#m.model.pageShift);
    else this.#m.freePages(pa, size);
    this.#table.clear(level, slot, index);
    const { name } = this.#format.levels[level]!;
    this.#m.trace?.({ step: 'clear', level: name, offset: this.#table.entryStart(level, addr), pa, size });
  }
}
