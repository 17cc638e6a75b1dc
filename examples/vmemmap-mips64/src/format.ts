import type { Entry, PageTableFormat, TableLevel } from '@vmemmap/core';
import { tableLevels } from './levels.ts';
import type { Mips64Config } from './mips64.ts';

// A leaf is what the refill handler loads into EntryLo, as it stands: made up, since the real kernel keeps software bits
// below and shifts them out (asm/pgtable-bits.h).
const PAGE_GLOBAL = 1 << 0;
const PAGE_VALID = 1 << 1;
const PAGE_DIRTY = 1 << 2;
/** asm/pgtable-bits.h: _CACHE_CACHABLE_NONCOHERENT. */
const CACHE_CACHABLE = 3 << 3;
/** In the high lane: bit 62. */
const PAGE_NO_EXEC_HI = 1 << 30;
const PAGE_KERNEL = PAGE_GLOBAL | PAGE_VALID | PAGE_DIRTY | CACHE_CACHABLE;

/** The page frame number counts 4 KiB from bit 6 on: an address is shifted right by 6. */
const PFN_SCALE = 64;
const PFN_LO = ~0x3f;
/** Bits 57:32 of an entry. */
const PFN_HI = 0x03ff_ffff;

/** asm/addrspace.h: a table is pointed to by its address in xkphys, cached. In the high lane. */
const XKPHYS_CACHED_HI = 0x9800_0000 | 0;
const TO_PHYS_HI = 0x07ff_ffff;
const LANE = 2 ** 32;

/** The kernel's p?d_populate(), pfn_pte(), p?d_none(), p?d_leaf() and pte_pfn(). */
export class Mips64Format implements PageTableFormat {
  readonly levels: readonly TableLevel[];
  readonly pmdLevel: number = 1;
  readonly #noExec: number;

  constructor({ pageSize, executeInhibit }: Mips64Config) {
    this.levels = tableLevels(pageSize);
    this.#noExec = executeInhibit ? PAGE_NO_EXEC_HI : 0;
  }

  makeTable(_level: number, pa: number, out: Entry): void {
    out.lo = pa | 0;
    out.hi = (pa / LANE) | XKPHYS_CACHED_HI;
  }

  makeLeaf(_level: number, pa: number, out: Entry): void {
    const pfn = pa / PFN_SCALE;
    out.lo = pfn | PAGE_KERNEL;
    out.hi = (pfn / LANE) | this.#noExec;
  }

  isNone(_level: number, lo: number, hi: number): boolean {
    return (lo | hi) === 0;
  }

  /** Tables are aligned to a page, so the low bits of their address are 0. */
  isLeaf(_level: number, lo: number, _hi: number): boolean {
    return (lo & PAGE_VALID) !== 0;
  }

  tableAddress(_level: number, lo: number, hi: number): number {
    return (hi & TO_PHYS_HI) * LANE + (lo >>> 0);
  }

  leafAddress(_level: number, lo: number, hi: number): number {
    return ((hi & PFN_HI) * LANE + ((lo & PFN_LO) >>> 0)) * PFN_SCALE;
  }
}
