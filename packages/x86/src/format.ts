import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';
import type { X86Config } from './config.ts';

// Bits of an entry as the kernel writes them, low lane (asm/pgtable_types.h).
const PAGE_PRESENT = 1 << 0;
const PAGE_RW = 1 << 1;
const PAGE_USER = 1 << 2;
const PAGE_ACCESSED = 1 << 5;
const PAGE_DIRTY = 1 << 6;
const PAGE_PSE = 1 << 7;
const PAGE_GLOBAL = 1 << 8;
/** High lane: bit 63. */
const PAGE_NX = 1 << 31;
/** High lane: bit 58, _PAGE_BIT_SOFTW5. */
const PAGE_SAVED_DIRTY = 1 << 26;

/** _PAGE_TABLE: p?d_populate() sets the user bit in kernel tables too; leaves keep the user out. */
const TABLE = PAGE_PRESENT | PAGE_RW | PAGE_USER | PAGE_ACCESSED | PAGE_DIRTY;
/** __PAGE_KERNEL, less what the CPU may not have. */
const KERNEL = PAGE_PRESENT | PAGE_RW | PAGE_ACCESSED | PAGE_DIRTY;
/** What __PAGE_KERNEL_RO has not: clean, because dirty without the right to write is a shadow stack. */
const WRITABLE = PAGE_RW | PAGE_DIRTY;

/** PTE_PFN_MASK: bits 51:12. */
const PFN_LO = 0xffff_f000;
const PFN_HI = 0x000f_ffff;
/** _PAGE_KNL_ERRATUM_MASK: accessed and dirty may appear in an empty entry by themselves. */
const KNL_ERRATUM = PAGE_ACCESSED | PAGE_DIRTY;

const LANE = 2 ** 32;

/** Levels by depth (asm/pgtable_64_types.h); with 4 levels the p4d is folded into the pgd. */
const PGD_SHIFT = 48;
const P4D_SHIFT = 39;
const LOWER: readonly TableLevel[] = [
  { name: 'pud', shift: 30, indexBits: 9 },
  { name: 'pmd', shift: 21, indexBits: 9 },
  { name: 'pte', shift: 12, indexBits: 9 },
];

/** The levels the kernel uses, root first. */
function tableLevels(la57: boolean): readonly TableLevel[] {
  const pgd = { name: 'pgd', shift: la57 ? PGD_SHIFT : P4D_SHIFT, indexBits: 9 };
  return la57 ? [pgd, { name: 'p4d', shift: P4D_SHIFT, indexBits: 9 }, ...LOWER] : [pgd, ...LOWER];
}

/** x86-64 entries as the kernel writes and reads them. */
export class X86Format implements PageTableFormat {
  readonly levels: readonly TableLevel[];
  readonly pmdLevel: number;
  readonly #last: number;
  readonly #leaf: number;
  readonly #nx: number;
  readonly #encryption: number;

  constructor(config: X86Config) {
    this.levels = tableLevels(config.la57);
    this.#last = this.levels.length - 1;
    this.pmdLevel = this.#last - 1;
    // probe_page_size_mask(): _PAGE_GLOBAL only with PGE, and only without PTI. x86_configure_nx(): NX only if there.
    this.#leaf = config.pge && !config.pti ? KERNEL | PAGE_GLOBAL : KERNEL;
    this.#nx = config.nx ? PAGE_NX : 0;
    // sme_me_mask, in tables and leaves alike; always in the high lane.
    this.#encryption = config.memoryEncryption ? 1 << (config.encryptionBit - 32) : 0;
  }

  makeTable(_level: number, pa: number, out: Entry): void {
    out.lo = pa | TABLE;
    out.hi = (pa / LANE) | this.#encryption;
  }

  makeLeaf(level: number, pa: number, out: Entry): void {
    out.lo = pa | this.#leaf | (level === this.#last ? 0 : PAGE_PSE);
    out.hi = (pa / LANE) | this.#nx | this.#encryption;
  }

  /** mk_pte() with PAGE_KERNEL_RO. */
  makeReadOnlyLeaf(level: number, pa: number, out: Entry): void {
    this.makeLeaf(level, pa, out);
    out.lo &= ~WRITABLE;
  }

  /**
   * ptep_set_wrprotect() (asm/pgtable.h: pte_wrprotect, mksaveddirty_shift). An entry that is dirty and read-only is a
   * shadow stack (SDM vol. 3A sec. 5.6), so that the dirty bit moves to one of software, with or without such a CPU.
   */
  writeProtect(lo: number, hi: number, out: Entry): void {
    out.lo = lo & ~WRITABLE;
    out.hi = (lo & PAGE_DIRTY) === 0 ? hi : hi | PAGE_SAVED_DIRTY;
  }

  isNone(level: number, lo: number, hi: number): boolean {
    // pgd_none() with 5 levels compares the whole entry; without, the pgd is the p4d.
    const ignored = level === 0 && this.levels.length === 5 ? 0 : KNL_ERRATUM;
    return ((lo & ~ignored) | hi) === 0;
  }

  isLeaf(level: number, lo: number, _hi: number): boolean {
    return level === this.#last || (level > 0 && (lo & PAGE_PSE) !== 0);
  }

  tableAddress(_level: number, lo: number, hi: number): number {
    return this.#pfnBits(lo, hi);
  }

  leafAddress(level: number, lo: number, hi: number): number {
    const pa = this.#pfnBits(lo, hi);
    return level === this.#last ? pa : pa - (pa % 2 ** this.levels[level]!.shift);
  }

  /** p?d_present(). */
  isPresent(level: number, lo: number): boolean {
    // pmd_present() also takes PROTNONE, which is the global bit, and PSE.
    return (lo & (level === this.pmdLevel ? PAGE_PRESENT | PAGE_GLOBAL | PAGE_PSE : PAGE_PRESENT)) !== 0;
  }

  // physical_mask has no C-bit (arch/x86/mm/mem_encrypt_identity.c: sme_enable).
  #pfnBits(lo: number, hi: number): number {
    return (hi & PFN_HI & ~this.#encryption) * LANE + ((lo & PFN_LO) >>> 0);
  }
}
