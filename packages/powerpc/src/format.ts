import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';

// High lane (asm/book3s/64/pgtable.h).
const PAGE_PRESENT = 1 << 31;
const PAGE_PTE = 1 << 30;
/** _PAGE_INVALID, the software bit SW0: a PMD that is being split counts as present. */
const PAGE_INVALID = 1 << 29;

// Low lane.
const PAGE_WRITE = 0x2;
const PAGE_READ = 0x4;
const PAGE_PRIVILEGED = 0x8;
const PAGE_DIRTY = 0x80;
const PAGE_ACCESSED = 0x100;

/** PAGE_KERNEL: the same at every level, whatever the CPU and the page size. */
const KERNEL = PAGE_ACCESSED | PAGE_DIRTY | PAGE_PRIVILEGED | PAGE_READ | PAGE_WRITE;
/** PAGE_KERNEL_RO: what is never written to is not dirty. */
const KERNEL_RO = PAGE_ACCESSED | PAGE_PRIVILEGED | PAGE_READ;
/** RADIX_PTE_NONE_MASK: the bits that hardware may set are no part of pte_none(). */
const NONE_MASK = PAGE_DIRTY | PAGE_ACCESSED;

/** PTE_RPN_MASK: bits 52 to the page shift, high lane. */
const RPN_HI = 0x001f_ffff;
/** PMD_MASKED_BITS, PUD_MASKED_BITS, P4D_MASKED_BITS: what of an entry is no address of a table. */
const TABLE_LO = 0xffff_ff00;
const TABLE_HI = 0x3fff_ffff;

const LANE = 2 ** 32;

/**
 * The levels (asm/book3s/64/radix-4k.h, radix-64k.h): the root has 13 bits, and with 64K pages a PTE table 5. The p4d
 * is folded.
 */
function tableLevels(pageShift: number): readonly TableLevel[] {
  return [
    { name: 'pgd', shift: 39, indexBits: 13 },
    { name: 'pud', shift: 30, indexBits: 9 },
    { name: 'pmd', shift: 21, indexBits: 9 },
    { name: 'pte', shift: pageShift, indexBits: 21 - pageShift },
  ];
}

/** Entries of radix trees as the kernel writes and reads them. In memory they are big-endian; here they are values. */
export class RadixFormat implements PageTableFormat {
  readonly levels: readonly TableLevel[];
  readonly pmdLevel: number = 2;
  readonly #last = 3;
  readonly #pageMask: number;

  constructor(pageShift: number) {
    this.levels = tableLevels(pageShift);
    this.#pageMask = -(2 ** pageShift);
  }

  /** p?d_populate() (asm/book3s/64/pgalloc.h): the address, and the index bits of the table it points to. */
  makeTable(level: number, pa: number, out: Entry): void {
    out.lo = pa | this.levels[level + 1]!.indexBits;
    out.hi = (pa / LANE) | PAGE_PRESENT;
  }

  makeLeaf(_level: number, pa: number, out: Entry): void {
    out.lo = pa | KERNEL;
    out.hi = (pa / LANE) | PAGE_PRESENT | PAGE_PTE;
  }

  makeReadOnlyLeaf(_level: number, pa: number, out: Entry): void {
    out.lo = pa | KERNEL_RO;
    out.hi = (pa / LANE) | PAGE_PRESENT | PAGE_PTE;
  }

  isNone(level: number, lo: number, hi: number): boolean {
    return ((level === this.#last ? lo & ~NONE_MASK : lo) | hi) === 0;
  }

  isLeaf(level: number, _lo: number, hi: number): boolean {
    return level === this.#last || (hi & PAGE_PTE) !== 0;
  }

  tableAddress(_level: number, lo: number, hi: number): number {
    return (hi & TABLE_HI) * LANE + ((lo & TABLE_LO) >>> 0);
  }

  leafAddress(_level: number, lo: number, hi: number): number {
    return (hi & RPN_HI) * LANE + ((lo & this.#pageMask) >>> 0);
  }

  /** p?d_present() and pte_present(). */
  isPresent(hi: number): boolean {
    return (hi & (PAGE_PRESENT | PAGE_INVALID)) !== 0;
  }
}
