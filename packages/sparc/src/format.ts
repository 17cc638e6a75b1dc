import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';
import { type Chip, machineOf } from './chips.ts';

// Bits of an entry as the kernel writes them (asm/pgtable_64.h), by lane: HI for bits 63:32.
const PAGE_VALID_HI = 1 << 31;
/** _PAGE_PMD_HUGE, and _PAGE_PUD_HUGE too. */
const PAGE_PMD_HUGE_HI = 1 << 24;

const PAGE_SZ4MB_4U_HI = 0x6000_0000;
const PAGE_EXEC_4U = 0x1000;
const PAGE_MODIFIED_4U = 0x800;
const PAGE_ACCESSED_4U = 0x400;
const PAGE_READ_4U = 0x200;
const PAGE_WRITE_4U = 0x100;
const PAGE_PRESENT_4U = 0x80;
const PAGE_CP_4U = 0x20;
const PAGE_CV_4U = 0x10;
const PAGE_P_4U = 0x4;
const PAGE_W_4U = 0x2;
/** _PAGE_PADDR_4U, high lane: bits 42:32. */
const PAGE_PADDR_4U_HI = 0x7ff;

const PAGE_MODIFIED_4V_HI = 0x2000_0000;
const PAGE_ACCESSED_4V_HI = 0x1000_0000;
const PAGE_READ_4V_HI = 0x0800_0000;
const PAGE_WRITE_4V_HI = 0x0400_0000;
const PAGE_CP_4V = 0x400;
const PAGE_CV_4V = 0x200;
const PAGE_P_4V = 0x100;
const PAGE_EXEC_4V = 0x80;
const PAGE_W_4V = 0x40;
const PAGE_PRESENT_4V = 0x10;
const PAGE_SZ4MB_4V = 0x3;
/** _PAGE_PADDR_4V, high lane: bits 55:32. */
const PAGE_PADDR_4V_HI = 0x00ff_ffff;

/** PAGE_MASK, low lane. */
const PAGE_MASK = ~0x1fff;
const LANE = 2 ** 32;

/** Levels by depth (asm/pgtable_64.h); the p4d is folded into the pgd. */
const LEVELS: readonly TableLevel[] = [
  { name: 'pgd', shift: 43, indexBits: 10 },
  { name: 'pud', shift: 33, indexBits: 10 },
  { name: 'pmd', shift: 23, indexBits: 10 },
  { name: 'pte', shift: 13, indexBits: 10 },
];
const PMD = 2;
const PTE = 3;

/** Flags of the two kinds of leaf that the vmemmap has. */
interface LeafFlags {
  readonly pmd: Entry;
  readonly pte: Entry;
}

const SUN4U: LeafFlags = {
  // vmemmap_set_pmd() (arch/sparc/mm/init_64.c): two TTEs of 4 MiB in one entry, as the handler resolves bit 22.
  pmd: {
    lo: PAGE_CP_4U | PAGE_CV_4U | PAGE_P_4U | PAGE_W_4U,
    hi: PAGE_VALID_HI | PAGE_SZ4MB_4U_HI | PAGE_PMD_HUGE_HI,
  },
  // PAGE_KERNEL of sun4u_pgprot_init(). __ACCESS_BITS_4U has _PAGE_R, which is the valid bit.
  pte: {
    lo:
      PAGE_PRESENT_4U |
      PAGE_CP_4U |
      PAGE_CV_4U |
      PAGE_P_4U |
      PAGE_ACCESSED_4U |
      PAGE_READ_4U |
      PAGE_MODIFIED_4U |
      PAGE_WRITE_4U |
      PAGE_W_4U |
      PAGE_EXEC_4U,
    hi: PAGE_VALID_HI,
  },
};

// The same of sun4v; `cache` is page_cache4v_flag.
const sun4v = (cache: number): LeafFlags => ({
  pmd: { lo: PAGE_SZ4MB_4V | cache | PAGE_P_4V | PAGE_W_4V, hi: PAGE_VALID_HI | PAGE_PMD_HUGE_HI },
  pte: {
    lo: PAGE_PRESENT_4V | cache | PAGE_P_4V | PAGE_W_4V | PAGE_EXEC_4V,
    hi: PAGE_VALID_HI | PAGE_ACCESSED_4V_HI | PAGE_READ_4V_HI | PAGE_MODIFIED_4V_HI | PAGE_WRITE_4V_HI,
  },
});

function leafFlags(chip: Chip): LeafFlags {
  if (machineOf(chip) === 'sun4u') return SUN4U;
  // paging_init(): on M7 and later bit 9 would turn memory corruption detection on.
  return sun4v(chip.mcde ? PAGE_CP_4V : PAGE_CP_4V | PAGE_CV_4V);
}

/** sparc64 entries as the kernel writes and reads them. */
export class SparcFormat implements PageTableFormat {
  readonly levels: readonly TableLevel[] = LEVELS;
  readonly pmdLevel: number = PMD;
  readonly #flags: LeafFlags;
  readonly #paddrHi: number;

  constructor(chip: Chip) {
    this.#flags = leafFlags(chip);
    this.#paddrHi = machineOf(chip) === 'sun4u' ? PAGE_PADDR_4U_HI : PAGE_PADDR_4V_HI;
  }

  /** p4d_set(), pud_set(), pmd_set(): the bare address. */
  makeTable(_level: number, pa: number, out: Entry): void {
    out.lo = pa | 0;
    out.hi = (pa / LANE) | 0;
  }

  makeLeaf(level: number, pa: number, out: Entry): void {
    const flags = level === PTE ? this.#flags.pte : this.#flags.pmd;
    out.lo = pa | flags.lo;
    out.hi = (pa / LANE) | flags.hi;
  }

  isNone(_level: number, lo: number, hi: number): boolean {
    return (lo | hi) === 0;
  }

  /** pud_leaf(), pmd_leaf(): neither asks for the valid bit. A pgd entry is never one. */
  isLeaf(level: number, _lo: number, hi: number): boolean {
    return level === PTE || (level > 0 && (hi & PAGE_PMD_HUGE_HI) !== 0);
  }

  tableAddress(level: number, lo: number, hi: number): number {
    // p4d_pgtable() takes the entry as it is; pud_pgtable() and pmd_page_vaddr() go through pte_pfn().
    return level === 0 ? (hi >>> 0) * LANE + (lo >>> 0) : this.leafAddress(level, lo, hi);
  }

  /** pte_pfn() and what is defined by it. A PMD is not rounded. */
  leafAddress(_level: number, lo: number, hi: number): number {
    return (hi & this.#paddrHi) * LANE + ((lo & PAGE_MASK) >>> 0);
  }

  /** The valid bit alone, as the PMD loop of old kernels asks for it. */
  isValid(hi: number): boolean {
    return (hi & PAGE_VALID_HI) !== 0;
  }
}
