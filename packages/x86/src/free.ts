import { altmapFree, type PageTable, type PopulateContext, type VmemAltmap } from '@vmemmap/core';
import type { X86Format } from './format.ts';
import type { SubPmdUse } from './sub-pmd.ts';

/**
 * vmemmap_free() (arch/x86/mm/init_64.c: remove_pagetable() with direct = false): takes leaves away, frees what backs
 * them, and tables that became empty. Memory is freed before its entry is cleared, as the kernel does.
 */
export class X86Free {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: X86Format;
  readonly #use: SubPmdUse;
  readonly #last: number;
  readonly #pmd: number;

  constructor(table: PageTable, format: X86Format, use: SubPmdUse) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
    this.#use = use;
    this.#last = table.last;
    this.#pmd = format.pmdLevel;
  }

  free(start: number, end: number, altmap: VmemAltmap | undefined): void {
    this.#remove(0, this.#m.tables.find(this.#table.root), start, end, altmap);
    this.#m.flushTlb(start, end);
  }

  // remove_p4d_table() to remove_pmd_table(): one level of the walk.
  #remove(level: number, slot: number, start: number, end: number, altmap: VmemAltmap | undefined): void {
    const { tables } = this.#m;
    let next: number;
    for (let addr = start; addr < end; addr = next) {
      next = this.#table.entryEnd(level, addr, end);
      const index = this.#table.index(level, addr);
      const word = this.#table.word(slot, index);
      const lo = tables.lanes[word]!;
      const hi = tables.lanes[word + 1]!;
      if (!this.#format.isPresent(level, lo)) continue;
      if (this.#format.isLeaf(level, lo, hi)) {
        this.#removeHuge(level, slot, index, addr, next, this.#format.leafAddress(level, lo, hi), altmap);
        continue;
      }
      const child = tables.find(this.#format.tableAddress(level, lo, hi));
      if (level + 1 === this.#last) this.#removePages(child, addr, next);
      else this.#remove(level + 1, child, addr, next, altmap);
      this.#freeIfEmpty(level + 1, child, slot, index, addr);
    }
  }

  // A leaf goes when all of it is asked for, or when what is asked for was the last of it in use.
  #removeHuge(
    level: number,
    slot: number,
    index: number,
    addr: number,
    next: number,
    pa: number,
    altmap: VmemAltmap | undefined,
  ): void {
    const whole = this.#table.isAligned(level, addr) && this.#table.isAligned(level, next);
    // remove_pud_table() clears a whole 1 GiB leaf without freeing; the vmemmap never has one.
    if (level !== this.#pmd || !(whole || this.#use.unuse(addr, next))) return;
    const size = this.#table.entrySpan(level);
    this.#freeBacking(pa, size, altmap);
    this.#use.forget(addr);
    this.#table.clear(level, slot, index);
    this.#m.trace?.({ step: 'clear', level: 'pmd', offset: this.#table.entryStart(level, addr), pa, size });
  }

  // remove_pte_table(). "We never populate base pages from the altmap": they are freed without one.
  #removePages(slot: number, start: number, end: number): void {
    const { tables, trace } = this.#m;
    const size = this.#table.entrySpan(this.#last);
    for (let addr = start; addr < end; addr = this.#table.entryEnd(this.#last, addr, end)) {
      const index = this.#table.index(this.#last, addr);
      const word = this.#table.word(slot, index);
      const lo = tables.lanes[word]!;
      const hi = tables.lanes[word + 1]!;
      if (!this.#format.isPresent(this.#last, lo)) continue;
      const pa = this.#format.leafAddress(this.#last, lo, hi);
      this.#freeBacking(pa, size, undefined);
      this.#table.clear(this.#last, slot, index);
      trace?.({ step: 'clear', level: 'pte', offset: addr, pa, size });
    }
    this.#m.flushTlb(start, end);
  }

  // free_pte_table(), free_pmd_table(), and with 5 levels free_pud_table(). A p4d table, and with 4 levels a pud table,
  // stays: top-level entries are never cleared, so no other address space has to be told.
  #freeIfEmpty(level: number, slot: number, parent: number, parentIndex: number, addr: number): void {
    if (level === 1 || !this.#table.isEmpty(level, slot)) return;
    this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }

  // free_vmemmap_pages()
  #freeBacking(pa: number, size: number, altmap: VmemAltmap | undefined): void {
    if (altmap !== undefined) altmapFree(altmap, size / 2 ** this.#m.model.pageShift);
    else this.#m.freePages(pa, size);
  }
}
