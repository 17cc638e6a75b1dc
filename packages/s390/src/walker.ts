import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading, type PageReader } from '@vmemmap/core';

/**
 * How a CPU translates addresses. Written from z/Architecture Principles of Operation, SA22-7832-12, chapter 3, "Dynamic
 * Address Translation", and deliberately apart from what writes entries. The manual counts bits from the left, 0 to 63;
 * so do the comments here.
 */
export interface S390Paging {
  /** Designation type of the ASCE, bits 60-61: 1 region-third table, 2 region-second table, 3 region-first table. */
  readonly designationType: 1 | 2 | 3;
  /** Enhanced DAT applies: facility 8, and bit 40 of control register 0. */
  readonly edat1: boolean;
  /** Enhanced DAT facility 2 applies too: facility 78. */
  readonly edat2: boolean;
  /** Instruction-execution protection applies: facility 130, and bit 20 of control register 0. */
  readonly iep: boolean;
}

/** "Virtual Address": region-first, -second and -third index, segment index, page index, in the kernel's words. */
const LEVELS = [
  { name: 'pgd', shift: 53, indexBits: 11 },
  { name: 'p4d', shift: 42, indexBits: 11 },
  { name: 'pud', shift: 31, indexBits: 11 },
  { name: 'pmd', shift: 20, indexBits: 11 },
  { name: 'pte', shift: 12, indexBits: 8 },
] as const;

/** Names of the tables from page table up: by how many levels an entry lies above those of a page table. */
const PAGE = 0;
const SEGMENT = 1;
const REGION_THIRD = 2;
const NAMES = ['page', 'segment', 'region-third', 'region-second', 'region-first'] as const;

/** Bit 58 of a region- or segment-table entry: I, invalid. */
const INVALID = 0x20;
/** Bit 53 of a page-table entry: I, invalid. Bit 52 must be zero. */
const PAGE_INVALID = 0x400;
const PAGE_ZERO = 0x800;
/** Bit 54 of any entry: P, DAT protection; in region-table entries where enhanced DAT applies. */
const PROTECTION = 0x200;
/** Bit 55 of an entry that maps: IEP, instruction-execution protection. */
const NO_EXECUTION = 0x100;
/** Bit 53 of a segment- or region-third-table entry: FC, format control. */
const FORMAT = 0x400;

/** Bits 0-10 of an address: no configuration has storage there, and the numbers of this model end at 2^53. */
const BEYOND_HI = 0xffe0_0000 | 0;

const ALL = ACCESS.read | ACCESS.write | ACCESS.execute;

/** Reads entries as "Region-Table Entries", "Segment-Table Entries" and "Page-Table Entries" lay them out. */
export class S390EntryReader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly pages: PageReader = new PteReader();
  readonly #last: number;
  readonly #paging: S390Paging;
  readonly #top: bigint;

  constructor(paging: S390Paging) {
    this.levels = LEVELS.slice(3 - paging.designationType);
    this.#last = this.levels.length - 1;
    this.#paging = paging;
    this.#top = BigInt(this.levels[0]!.shift + this.levels[0]!.indexBits);
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    const table = this.#last - level;
    // "Lookup in a Table Designated by …": an invalid entry ends the translation whatever else it says.
    if ((lo & (table === PAGE ? PAGE_INVALID : INVALID)) !== 0) {
      out.kind = ENTRY_KIND.absent;
      out.fault = `${NAMES[table]}-translation exception: I = 1`;
      return;
    }
    const wrong = table === PAGE ? bit52(lo) : tableType(table, lo);
    if (wrong !== '') {
      out.kind = ENTRY_KIND.reserved;
      out.fault = `translation-specification exception: ${wrong}`;
      return;
    }
    if ((hi & BEYOND_HI) !== 0) {
      out.kind = ENTRY_KIND.reserved;
      out.fault = 'addressing exception: no storage at 2^53 and above';
      return;
    }
    const maps = table === PAGE || ((lo & FORMAT) !== 0 && this.#frames(table));
    const address = maps ? leafAddress(table) : table === SEGMENT ? 0xffff_f800 : 0xffff_f000;
    out.kind = maps ? ENTRY_KIND.leaf : ENTRY_KIND.table;
    out.address = hi * 4294967296 + ((lo & address) >>> 0);
    out.flagsLo = lo & ~address;
    out.flagsHi = 0;
    // "DAT Protection" and "Instruction-Execution Protection"; there is no right of user mode: the problem state uses
    // another ASCE, the key of the storage is no matter of translation.
    const protects = table <= SEGMENT || this.#paging.edat1;
    out.access =
      ALL &
      ~(protects && (lo & PROTECTION) !== 0 ? ACCESS.write : 0) &
      ~(maps && this.#paging.iep && (lo & NO_EXECUTION) !== 0 ? ACCESS.execute : 0);
  }

  /** The invalid bit makes an entry an empty one, whatever else is in it. */
  isEmpty(level: number, lo: number): boolean {
    return (lo & (level === this.#last ? PAGE_INVALID : INVALID)) !== 0;
  }

  /** "Lookup in a Table Designated by an Address-Space-Control Element": bits left of the first index must be zero. */
  refuses(va: bigint): string {
    return va >> this.#top === 0n ? '' : `ASCE-type exception: the ${NAMES[this.#last]} table ends at 2^${this.#top}`;
  }

  // Format control: bit 53 of a segment-table entry counts with enhanced DAT, that of a region-third-table entry with
  // facility 2; else it is ignored.
  #frames(table: number): boolean {
    return (table === SEGMENT && this.#paging.edat1) || (table === REGION_THIRD && this.#paging.edat2);
  }
}

// Bits 60-61, the table type, must name the table that the entry is in.
function tableType(table: number, lo: number): string {
  const type = (lo >>> 2) & 3;
  return type === table - 1 ? '' : `TT = ${type} in a ${NAMES[table]}-table entry`;
}

function bit52(lo: number): string {
  return (lo & PAGE_ZERO) === 0 ? '' : 'bit 52 of a page-table entry is one';
}

// Page-frame real address: bits 0-51. Segment-frame absolute address: bits 0-43. Region-frame: bits 0-32.
function leafAddress(table: number): number {
  return table === PAGE ? 0xffff_f000 : table === SEGMENT ? 0xfff0_0000 : 0x8000_0000;
}

/** A page-table entry in short. */
class PteReader implements PageReader {
  low(lo: number, _hi: number): number {
    return lo & 0xffff_f000;
  }

  high(lo: number, hi: number): number {
    return ((lo & (PAGE_INVALID | PAGE_ZERO)) | (hi & BEYOND_HI)) !== 0 ? -1 : hi;
  }
}

/** What an address-space-control element says ("Address-Space-Control Element"). */
export interface Asce {
  /** Bits 0-51: physical address of the top table. */
  readonly root: number;
  /** Bits 60-61: 1 region-third table (3 levels), 2 region-second (4), 3 region-first (5); 0 segment table (2). */
  readonly designationType: number;
  /** Bits 62-63: how much of the table there is, in units of 4 KiB, less one. */
  readonly tableLength: number;
}

/** Takes an address-space-control element apart, as control register 1 or 13 holds it. */
export function readAsce(asce: bigint): Asce {
  return {
    root: Number(asce & 0xffff_ffff_ffff_f000n),
    designationType: Number((asce >> 2n) & 3n),
    tableLength: Number(asce & 3n),
  };
}
