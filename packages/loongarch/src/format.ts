import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';
import { CACHE_BASE_HI, TO_PHYS_HI } from './direct-map.ts';

// Bits of an entry as the kernel writes them, low lane (asm/pgtable-bits.h).
const PAGE_VALID = 1 << 0;
const PAGE_DIRTY = 1 << 1;
/** _CACHE_CC in bits 5:4. */
const CACHE_CC = 1 << 4;
/** Of a base page. In a table of upper levels the same bit is _PAGE_HUGE. */
const PAGE_GLOBAL = 1 << 6;
const PAGE_HUGE = 1 << 6;
const PAGE_PRESENT = 1 << 7;
const PAGE_WRITE = 1 << 8;
/** The global bit of a huge page. */
const PAGE_HGLOBAL = 1 << 12;

/** PAGE_KERNEL; the privilege level in bits 3:2 is 0. Nothing takes the right to execute away. */
const KERNEL = PAGE_PRESENT | PAGE_VALID | PAGE_DIRTY | PAGE_WRITE | PAGE_GLOBAL | CACHE_CC;

const LANE = 2 ** 32;

/**
 * LoongArch entries as the kernel writes and reads them. An entry that points to a table is the table's kernel address
 * without any flag; an empty one is the address of a table of the kernel image whose entries are all empty again; and
 * in the last table an empty entry is global, since the TLB keeps pages in pairs and is global only where both are.
 */
export class LoongarchFormat implements PageTableFormat {
  readonly levels: readonly TableLevel[];
  readonly pmdLevel: number;
  readonly #last: number;
  /** What an empty entry of each level holds. */
  readonly #emptyLo: Int32Array;
  readonly #emptyHi: Int32Array;

  /**
   * @param levels root first
   * @param invalidTables kernel addresses of the tables that empty entries point to, by the level of these entries
   */
  constructor(levels: readonly TableLevel[], invalidTables: readonly bigint[]) {
    this.levels = levels;
    this.#last = levels.length - 1;
    // With two levels the pmd is folded into the pgd (asm-generic/pgtable-nopmd.h).
    this.pmdLevel = this.#last - 1;
    this.#emptyLo = Int32Array.from([...invalidTables.map((va) => Number(va & 0xffff_ffffn)), PAGE_GLOBAL]);
    this.#emptyHi = Int32Array.from([...invalidTables.map((va) => Number(va >> 32n)), 0]);
  }

  /** asm/pgalloc.h: p?d_populate(). */
  makeTable(_level: number, pa: number, out: Entry): void {
    out.lo = pa | 0;
    out.hi = (pa / LANE) | CACHE_BASE_HI;
  }

  /** pfn_pte(); above the last level arch/loongarch/mm/init.c:vmemmap_set_pmd. */
  makeLeaf(level: number, pa: number, out: Entry): void {
    out.lo = pa | KERNEL | (level === this.#last ? 0 : PAGE_HUGE | PAGE_HGLOBAL);
    out.hi = (pa / LANE) | 0;
  }

  /** pte_none() overlooks the global bit; the other levels compare with the address of their invalid table. */
  isNone(level: number, lo: number, hi: number): boolean {
    if (level === this.#last) return ((lo & ~PAGE_GLOBAL) | hi) === 0;
    return lo === this.#emptyLo[level]! && hi === this.#emptyHi[level]!;
  }

  /** p?d_leaf(). */
  isLeaf(level: number, lo: number, _hi: number): boolean {
    return level === this.#last || (lo & PAGE_HUGE) !== 0;
  }

  tableAddress(_level: number, lo: number, hi: number): number {
    return (hi & TO_PHYS_HI) * LANE + (lo >>> 0);
  }

  /** pte_pfn(), pmd_pfn(). With 4K pages the kernel's mask leaves _PAGE_HGLOBAL in a huge page's pfn; it is not one. */
  leafAddress(level: number, lo: number, hi: number): number {
    const pa = (hi & TO_PHYS_HI) * LANE + (lo >>> 0);
    return pa - (pa % 2 ** this.levels[level]!.shift);
  }

  /** pgd_init(), pud_init(), pmd_init() and kernel_pte_init() (arch/loongarch/mm/pgtable.c). */
  emptyEntry(level: number, out: Entry): void {
    out.lo = this.#emptyLo[level]!;
    out.hi = this.#emptyHi[level]!;
  }
}
