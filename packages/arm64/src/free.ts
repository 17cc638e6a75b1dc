import { altmapFree, hex64, type PageTable, type PopulateContext, toU64, type VmemAltmap } from '@vmemmap/core';
import type { Arm64Format } from './format.ts';

/** The kernel's names of the levels that it makes sure of, from the last one up. */
const NAMES = ['pte', 'pmd', 'pud'] as const;

/**
 * vmemmap_free() (arch/arm64/mm/mmu.c: unmap_hotplug_range() with free_mapped, then free_empty_tables()): first all
 * mappings go, then the tables that are empty.
 */
export class Arm64Free {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: Arm64Format;
  readonly #last: number;
  readonly #page: number;
  /** VMEMMAP_START and VMEMMAP_END: a table that also covers what lies outside of them is not looked at. */
  readonly #floor: number;
  readonly #ceiling: number;

  /** @param floor VMEMMAP_START as offset into the window */
  constructor(table: PageTable, format: Arm64Format, floor: number, ceiling: number) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
    this.#last = table.last;
    this.#page = table.entrySpan(table.last);
    this.#floor = floor;
    this.#ceiling = ceiling;
  }

  free(start: number, end: number, altmap: VmemAltmap | undefined): void {
    const root = this.#m.tables.find(this.#table.root);
    this.#unmap(0, root, start, end, altmap);
    this.#freeEmptyTables(0, root, start, end);
  }

  /** free_hotplug_page_range(). Memory of boot is warned about and given back all the same. */
  freePages(pa: number, size: number, altmap: VmemAltmap | undefined): void {
    if (altmap !== undefined) {
      altmapFree(altmap, size / this.#page);
      return;
    }
    if (this.#m.isReserved(pa)) {
      this.#m.events.record(
        'WARN',
        'reserved-page-freed',
        'arch/arm64/mm/mmu.c:free_hotplug_page_range',
        () => `PageReserved(page), page at 0x${pa.toString(16)}`,
      );
    }
    this.#m.freePages(pa, size);
  }

  // unmap_hotplug_range() to unmap_hotplug_pte_range(): one level of the walk. At the last level it goes on by whole pages
  // from where it began, aligned or not.
  #unmap(level: number, slot: number, start: number, end: number, altmap: VmemAltmap | undefined): void {
    const { tables } = this.#m;
    let next: number;
    for (let addr = start; addr < end; addr = next) {
      next = level === this.#last ? addr + this.#page : this.#table.entryEnd(level, addr, end);
      const index = this.#table.index(level, addr);
      const word = this.#table.word(slot, index);
      const lo = tables.lanes[word]!;
      const hi = tables.lanes[word + 1]!;
      if (this.#format.isNone(level, lo, hi)) continue;
      if (!this.#format.isPresent(level, lo))
        this.#warn(
          'entry-not-present',
          level,
          (name) => [`unmap_hotplug_${name}_range`, `!${name}_present(${name})`],
          lo,
          hi,
        );
      if (this.#format.isLeaf(level, lo, hi)) {
        this.#removeLeaf(level, slot, index, addr, lo, hi, altmap);
        continue;
      }
      if (!this.#format.isTable(level, lo))
        this.#warn(
          'entry-no-table',
          level,
          (name) => [`unmap_hotplug_${name}_range`, `!${name}_table(${name})`],
          lo,
          hi,
        );
      const child = tables.find(this.#format.tableAddress(level, lo, hi));
      // The kernel would follow any pointer; there is nothing behind this one.
      if (child >= 0) this.#unmap(level + 1, child, addr, next, altmap);
    }
  }

  // All of a block goes, however little of it was asked for. Cleared, flushed, freed, in this order.
  #removeLeaf(
    level: number,
    slot: number,
    index: number,
    addr: number,
    lo: number,
    hi: number,
    altmap: VmemAltmap | undefined,
  ): void {
    const size = this.#table.entrySpan(level);
    const offset = this.#table.entryStart(level, addr);
    const pa = this.#format.leafAddress(level, lo, hi);
    this.#table.clearLeaf(level, slot, index, addr, pa);
    if (level >= this.#last - 1 && this.#format.isContiguous(hi))
      this.#warn('entry-contiguous', level, (name) => [`unmap_hotplug_${name}_range`, `${name}_cont(${name})`], lo, hi);
    // flush_tlb_kernel_range() for one page: any address in a block takes the whole block out of the TLB.
    this.#m.flushTlb(offset, offset + size);
    this.freePages(pa, size, altmap);
  }

  // free_empty_tables() to free_empty_pmd_table(): one level of the walk. What free_empty_pte_table() warns about, an
  // entry that is still there, cannot be: #unmap() has gone the same way.
  #freeEmptyTables(level: number, slot: number, start: number, end: number): void {
    if (level === this.#last) return;
    const { tables } = this.#m;
    let next: number;
    for (let addr = start; addr < end; addr = next) {
      next = this.#table.entryEnd(level, addr, end);
      const index = this.#table.index(level, addr);
      const word = this.#table.word(slot, index);
      const lo = tables.lanes[word]!;
      const hi = tables.lanes[word + 1]!;
      if (this.#format.isNone(level, lo, hi)) continue;
      if (!this.#format.isPresent(level, lo) || !this.#format.isTable(level, lo)) {
        const condition = (name: string): string => `!${name}_present(${name}) || !${name}_table(${name})`;
        this.#warn('entry-left', level, (name) => [`free_empty_${name}_table`, condition(name)], lo, hi);
      }
      const child = tables.find(this.#format.tableAddress(level, lo, hi));
      if (child < 0) continue;
      this.#freeEmptyTables(level + 1, child, addr, next);
      this.#freeIfEmpty(level, slot, index, child, addr, next);
    }
  }

  // The end of free_empty_pte_table() and its like for the table below an entry of `level`. The root never goes.
  #freeIfEmpty(level: number, slot: number, index: number, child: number, start: number, end: number): void {
    if (!this.#isOwn(level, start, end) || !this.#table.isEmpty(level + 1, child)) return;
    // __flush_tlb_kernel_pgtable(): what walks have cached of the table, by one address in it.
    this.#m.flushTlb(start, start + this.#page);
    this.#table.freeTable(level + 1, child, slot, index, start);
  }

  // pgtable_range_aligned(): the table covers nothing before VMEMMAP_START, and what is freed ends before the last table
  // that also covers what lies after VMEMMAP_END.
  #isOwn(level: number, start: number, end: number): boolean {
    return this.#table.entryStart(level, start) >= this.#floor && end <= this.#table.entryStart(level, this.#ceiling);
  }

  #warn(
    id: string,
    level: number,
    said: (name: string) => readonly [source: string, condition: string],
    lo: number,
    hi: number,
  ): void {
    const [source, condition] = said(NAMES[this.#last - level]!);
    this.#m.events.record('WARN', id, `arch/arm64/mm/mmu.c:${source}`, () => `${condition}, ${hex64(toU64(lo, hi))}`);
  }
}
