import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';
import type { PagingMode, RiscvConfig } from './config.ts';

// Bits of an entry as the kernel writes them, low lane (asm/pgtable-bits.h).
const PAGE_PRESENT = 1 << 0;
const PAGE_READ = 1 << 1;
const PAGE_WRITE = 1 << 2;
const PAGE_EXEC = 1 << 3;
const PAGE_GLOBAL = 1 << 5;
const PAGE_ACCESSED = 1 << 6;
const PAGE_DIRTY = 1 << 7;
const PAGE_PROT_NONE = PAGE_GLOBAL;
const PAGE_LEAF = PAGE_READ | PAGE_WRITE | PAGE_EXEC;

const PAGE_TABLE = PAGE_PRESENT;
/** asm/pgtable.h: _PAGE_KERNEL. Accessed and dirty are set in advance: no CPU ever has to. */
const PAGE_KERNEL = PAGE_READ | PAGE_WRITE | PAGE_PRESENT | PAGE_ACCESSED | PAGE_DIRTY | PAGE_GLOBAL;
/** asm/pgtable-64.h: _PAGE_PMA_THEAD, bits 62:60 in the high lane. ALT_THEAD_PMA() puts it into leaves, not tables. */
const PAGE_PMA_THEAD = 0x7000_0000;

// _PAGE_PFN_SHIFT 10: an entry holds the address less its last 12 bits, from bit 10 on, which is a quarter of it.
const LANE = 2 ** 32;
/** _PAGE_PFN_MASK: bits 53:10. */
const PFN_LO = 0xffff_fc00;
const PFN_HI = 0x003f_ffff;

/** asm/pgtable-64.h: levels by depth. Those that are folded are left out: then the root is the next one. */
const LOWER: readonly TableLevel[] = [
  { name: 'pmd', shift: 21, indexBits: 9 },
  { name: 'pte', shift: 12, indexBits: 9 },
];
const PUD: TableLevel = { name: 'pud', shift: 30, indexBits: 9 };
const LEVELS: Readonly<Record<PagingMode, readonly TableLevel[]>> = {
  sv39: [{ name: 'pgd', shift: 30, indexBits: 9 }, ...LOWER],
  sv48: [{ name: 'pgd', shift: 39, indexBits: 9 }, PUD, ...LOWER],
  sv57: [{ name: 'pgd', shift: 48, indexBits: 9 }, { name: 'p4d', shift: 39, indexBits: 9 }, PUD, ...LOWER],
};

/** riscv entries as the kernel writes and reads them. */
export class RiscvFormat implements PageTableFormat {
  readonly levels: readonly TableLevel[];
  readonly pmdLevel: number;
  readonly #last: number;
  readonly #memoryType: number;

  constructor(config: RiscvConfig) {
    this.levels = LEVELS[config.mode];
    this.#last = this.levels.length - 1;
    this.pmdLevel = this.#last - 1;
    // Svpbmt's type for ordinary memory is 0.
    this.#memoryType = config.theadMae ? PAGE_PMA_THEAD : 0;
  }

  /** p?d_populate() (asm/pgalloc.h), the same at every level. */
  makeTable(_level: number, pa: number, out: Entry): void {
    out.lo = (pa / 4) | PAGE_TABLE;
    out.hi = (pa / (4 * LANE)) | 0;
  }

  /** pfn_pmd() and pfn_pte() with PAGE_KERNEL: a huge page has no bit of its own. */
  makeLeaf(_level: number, pa: number, out: Entry): void {
    out.lo = (pa / 4) | PAGE_KERNEL;
    out.hi = (pa / (4 * LANE)) | this.#memoryType;
  }

  isNone(_level: number, lo: number, hi: number): boolean {
    return (lo | hi) === 0;
  }

  isLeaf(level: number, lo: number, _hi: number): boolean {
    return level === this.#last || (this.isPresent(level, lo) && (lo & PAGE_LEAF) !== 0);
  }

  tableAddress(_level: number, lo: number, hi: number): number {
    return pfnBits(lo, hi);
  }

  leafAddress(_level: number, lo: number, hi: number): number {
    return pfnBits(lo, hi);
  }

  /** p?d_present() and pte_present(); pmd_present() as with CONFIG_TRANSPARENT_HUGEPAGE. */
  isPresent(level: number, lo: number): boolean {
    let bits = PAGE_PRESENT;
    if (level >= this.pmdLevel) bits |= PAGE_PROT_NONE;
    if (level === this.pmdLevel) bits |= PAGE_LEAF;
    return (lo & bits) !== 0;
  }
}

/** __page_val_to_pfn(), in bytes. */
function pfnBits(lo: number, hi: number): number {
  return ((hi & PFN_HI) * LANE + ((lo & PFN_LO) >>> 0)) * 4;
}
