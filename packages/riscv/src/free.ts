import { altmapFree, type PageTable, type PopulateContext, type VmemAltmap } from '@vmemmap/core';
import type { RiscvFormat } from './format.ts';

/**
 * vmemmap_free() (arch/riscv/mm/init.c: remove_pgd_mapping() with is_vmemmap): takes leaves away, frees what backs them,
 * and tables that became empty. The TLB is flushed once at the end, when the memory is free already.
 */
export class RiscvFree {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: RiscvFormat;

  constructor(table: PageTable, format: RiscvFormat) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
  }

  free(start: number, end: number, altmap: VmemAltmap | undefined): void {
    this.#remove(0, this.#m.tables.find(this.#table.root), start, end, altmap);
    this.#m.flushTlb(start, end);
  }

  // remove_p4d_mapping() to remove_pte_mapping(): one level of the walk.
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
        this.#removeLeaf(level, slot, index, addr, this.#format.leafAddress(level, lo, hi), altmap);
        continue;
      }
      const child = tables.find(this.#format.tableAddress(level, lo, hi));
      this.#remove(level + 1, child, addr, next, altmap);
      this.#freeIfEmpty(level + 1, child, slot, index, addr);
    }
  }

  // All of a leaf goes, however little of it was asked for: whether the range covers it is not looked at.
  #removeLeaf(
    level: number,
    slot: number,
    index: number,
    addr: number,
    pa: number,
    altmap: VmemAltmap | undefined,
  ): void {
    // A leaf in the root is passed over. The vmemmap never has one.
    if (level === 0) return;
    const size = this.#table.entrySpan(level);
    this.#table.clear(level, slot, index);
    this.#m.trace?.({
      step: 'clear',
      level: this.#format.levels[level]!.name,
      offset: this.#table.entryStart(level, addr),
      pa,
      size,
    });
    // free_vmemmap_storage(): base pages, too, go back to the altmap where there is one.
    if (altmap !== undefined) altmapFree(altmap, size / 2 ** this.#m.model.pageShift);
    else this.#m.freePages(pa, size);
  }

  // free_pte_table(); free_pmd_table() with 4 levels and more, free_pud_table() with 5. The table that a root entry
  // points to stays in every mode: all address spaces have that entry.
  #freeIfEmpty(level: number, slot: number, parent: number, parentIndex: number, addr: number): void {
    if (level === 1 || !this.#table.isEmpty(level, slot)) return;
    this.#table.freeTable(level, slot, parent, parentIndex, addr);
  }
}
