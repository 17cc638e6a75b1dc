import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';

// Bits of an entry as the architecture's code writes them, low lane.
const VALID = 1 << 0;
const LEAF = 1 << 1;
const WRITE = 1 << 2;
const NO_EXEC = 1 << 3;
const USER = 1 << 4;

/** Tables carry every right; leaves take away what the kernel's data may not have. */
const TABLE = VALID | WRITE | USER;
/** PAGE_KERNEL: writable, no user, no execution. */
const PAGE_KERNEL = VALID | LEAF | WRITE | NO_EXEC;

/** The address is bits 51:12, its own value in place: low lane 31:12, high lane 19:0. */
const ADDRESS_LO = 0xffff_f000;
const LANE = 2 ** 32;

/** Root first. Every table is one page of 512 entries. */
const LEVELS: readonly TableLevel[] = [
  { name: 'pgd', shift: 30, indexBits: 9 },
  { name: 'pmd', shift: 21, indexBits: 9 },
  { name: 'pte', shift: 12, indexBits: 9 },
];

/** What the writing side makes of entries: the kernel's p?d_populate(), pfn_pte(), p?d_none() and so on. */
export class ReferenceFormat implements PageTableFormat {
  readonly levels: readonly TableLevel[] = LEVELS;
  readonly pmdLevel: number = 1;

  makeTable(_level: number, pa: number, out: Entry): void {
    out.lo = pa | TABLE;
    out.hi = (pa / LANE) | 0;
  }

  makeLeaf(_level: number, pa: number, out: Entry): void {
    out.lo = pa | PAGE_KERNEL;
    out.hi = (pa / LANE) | 0;
  }

  /** PAGE_KERNEL_RO. */
  makeReadOnlyLeaf(level: number, pa: number, out: Entry): void {
    this.makeLeaf(level, pa, out);
    out.lo &= ~WRITE;
  }

  /** ptep_set_wrprotect() */
  writeProtect(lo: number, hi: number, out: Entry): void {
    out.lo = lo & ~WRITE;
    out.hi = hi;
  }

  isNone(_level: number, lo: number, hi: number): boolean {
    return (lo | hi) === 0;
  }

  isLeaf(_level: number, lo: number, _hi: number): boolean {
    return (lo & LEAF) !== 0;
  }

  tableAddress(_level: number, lo: number, hi: number): number {
    return hi * LANE + ((lo & ADDRESS_LO) >>> 0);
  }

  leafAddress(_level: number, lo: number, hi: number): number {
    return hi * LANE + ((lo & ADDRESS_LO) >>> 0);
  }
}
