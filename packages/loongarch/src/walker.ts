import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading, hex, type PageReader } from '@vmemmap/core';

/**
 * How a LoongArch CPU walks tables, with LDDIR and LDPTE or by itself. Written from the LoongArch Reference Manual
 * vol. 1 (v1.10) sec. 5.2 "Virtual address space", 5.4 "Page table mapping" and 7.5 (the CSRs), and deliberately apart
 * from what writes entries.
 */
export interface LoongarchPaging {
  /** CSR.PWCL: where the index of the page table (PT) and of the directories Dir1 and Dir2 begins, and its width. */
  readonly pwcl: number;
  /** CSR.PWCH: the same of Dir3 and Dir4. */
  readonly pwch: number;
  /** PALEN: number of physical address bits. */
  readonly palen: number;
  /** VALEN: number of virtual address bits. */
  readonly valen: number;
  /** VSEG of the direct mapping windows that PLV0 may use (CSR.DMW0 to DMW3): bits 63:60 of addresses they translate. */
  readonly directMapped: readonly number[];
  /**
   * Physical addresses of tables that hold invalid entries only, by the level of the directory entries that point to
   * them, root first. No entry tells that from a table in use: the CPU follows it down to a page that is not valid. So
   * whoever reads these tables must be told which they are.
   */
  readonly invalidTables: readonly number[];
}

/** The fields of the page walk controllers (sec. 7.5, PWCL and PWCH), root first, in the kernel's words. */
const DIRECTORIES = [
  { name: 'p4d', register: 'pwch', base: 12, baseBits: 6, width: 18, widthBits: 6 },
  { name: 'pgd', register: 'pwch', base: 0, baseBits: 6, width: 6, widthBits: 6 },
  { name: 'pud', register: 'pwcl', base: 20, baseBits: 5, width: 25, widthBits: 5 },
  { name: 'pmd', register: 'pwcl', base: 10, baseBits: 5, width: 15, widthBits: 5 },
  { name: 'pte', register: 'pwcl', base: 0, baseBits: 5, width: 5, widthBits: 5 },
] as const;

// Entries of sec. 5.4.5, figures "Table entry format for common pages" and "... for huge pages".
const V = 1 << 0;
const D = 1 << 1;
const PLV_SHIFT = 2;
/** Of a directory entry: it is the entry of a huge page. */
const H = 1 << 6;
// High lane.
const NR = 1 << 29;
const NX = 1 << 30;
const RPLV = 1 << 31;
/** A table begins at a multiple of 4 KiB (sec. 7.5, PGDL and PGDH). */
const TABLE_ALIGN = 12;

const KERNEL_PLV = 0;
const USER_PLV = 3;
const LANE = 2 ** 32;
const ALL_RIGHTS: number = ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user;

function bits(register: number, low: number, count: number): number {
  return (register >>> low) & (2 ** count - 1);
}

/** Bits `[low, high)` as the two lanes of a mask; none where a huge page is larger than all physical memory. */
function mask(low: number, high: number): { lo: number; hi: number } {
  const value = low < high ? (1n << BigInt(high)) - (1n << BigInt(low)) : 0n;
  return { lo: Number(BigInt.asIntN(32, value)), hi: Number(BigInt.asIntN(32, value >> 32n)) };
}

/** Reads entries as sec. 5.4.5 lays them out. Bits that no format names are ignored: nothing is reserved. */
export class LoongarchEntryReader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly pages: PageReader;
  readonly #last: number;
  readonly #valen: bigint;
  readonly #directMapped: readonly number[];
  readonly #invalidTables: readonly number[];
  readonly #tableLo: number;
  readonly #tableHi: number;
  /** By level, what of an entry that maps is address. */
  readonly #leafLo: Int32Array;
  readonly #leafHi: Int32Array;

  constructor(paging: LoongarchPaging) {
    const { palen } = paging;
    this.levels = DIRECTORIES.map(({ name, register, base, baseBits, width, widthBits }) => ({
      name,
      shift: bits(paging[register], base, baseBits),
      indexBits: bits(paging[register], width, widthBits),
    })).filter(({ indexBits }) => indexBits > 0);
    this.#last = this.levels.length - 1;
    this.#valen = BigInt(paging.valen);
    this.#directMapped = paging.directMapped;
    this.#invalidTables = paging.invalidTables;
    const table = mask(TABLE_ALIGN, palen);
    this.#tableLo = table.lo;
    this.#tableHi = table.hi;
    // A huge page is put into the TLB as two halves, so its address has one bit more than its size would leave.
    const leaves = this.levels.map(({ shift }, level) => mask(level === this.#last ? shift : shift - 1, palen));
    this.#leafLo = Int32Array.from(leaves, ({ lo }) => lo);
    this.#leafHi = Int32Array.from(leaves, ({ hi }) => hi);
    this.pages = new PteReader(this.#leafLo[this.#last]!, this.#leafHi[this.#last]!);
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    // Sec. 4.2.5, LDDIR and LDPTE: bit 6 tells the entry of a huge page from the address of a table.
    if (level < this.#last && (lo & H) === 0) {
      this.#readTable(level, lo, hi, out);
      return;
    }
    // Sec. 5.4.4: what is not valid ends in a page invalid exception, whatever else it says.
    if ((lo & V) === 0) {
      out.kind = ENTRY_KIND.absent;
      out.fault = 'page invalid (V = 0)';
      return;
    }
    const addressLo = this.#leafLo[level]!;
    const addressHi = this.#leafHi[level]!;
    out.kind = ENTRY_KIND.leaf;
    out.address = (hi & addressHi) * LANE + ((lo & addressLo) >>> 0);
    out.flagsLo = lo & ~addressLo;
    out.flagsHi = hi & ~addressHi;
    out.access = rights(lo, hi);
  }

  // Sec. 5.2: during the refill addresses are translated directly, and of an address bits PALEN-1:0 count.
  #readTable(level: number, lo: number, hi: number, out: EntryReading): void {
    const address = (hi & this.#tableHi) * LANE + ((lo & this.#tableLo) >>> 0);
    if (address === this.#invalidTables[level]) {
      out.kind = ENTRY_KIND.absent;
      out.fault = `page invalid: the table at ${hex(address)} holds invalid entries only`;
      return;
    }
    out.kind = ENTRY_KIND.table;
    out.address = address;
    out.flagsLo = lo & ~this.#tableLo;
    out.flagsHi = hi & ~this.#tableHi;
    out.access = ALL_RIGHTS;
  }

  /** Sec. 5.2: direct mapping windows come first; else bits 63:VALEN must equal bit VALEN-1, which also chooses the root. */
  refuses(va: bigint): string {
    const segment = Number(va >> 60n);
    if (this.#directMapped.includes(segment))
      return `direct-mapped window 0x${segment.toString(16)}: no table is asked`;
    const top = BigInt.asIntN(64, va) >> (this.#valen - 1n);
    if (top === -1n) return '';
    return top === 0n
      ? 'lower half: translated by the tables of PGDL, not by these of PGDH'
      : `address error (ADE): bits 63:${this.#valen - 1n} differ`;
  }
}

/** A page table entry in short. */
class PteReader implements PageReader {
  readonly #lo: number;
  readonly #hi: number;

  constructor(lo: number, hi: number) {
    this.#lo = lo;
    this.#hi = hi;
  }

  low(lo: number, _hi: number): number {
    return lo & this.#lo;
  }

  high(lo: number, hi: number): number {
    return (lo & V) === 0 ? -1 : hi & this.#hi;
  }
}

/**
 * Sec. 5.4.4: with RPLV = 0 a page is for privilege levels up to its PLV, with RPLV = 1 for that level alone. Reading,
 * writing (D) and executing are the kernel's rights; `user` is set when PLV3 may access too, or alone.
 */
function rights(lo: number, hi: number): number {
  const plv = (lo >>> PLV_SHIFT) & 3;
  const user = plv === USER_PLV ? ACCESS.user : 0;
  if ((hi & RPLV) !== 0 && plv !== KERNEL_PLV) return user;
  return (
    user |
    ((hi & NR) === 0 ? ACCESS.read : 0) |
    ((lo & D) === 0 ? 0 : ACCESS.write) |
    ((hi & NX) === 0 ? ACCESS.execute : 0)
  );
}

/**
 * The root table that a value of CSR.PGDH selects: its bits PALEN-1:12 (sec. 7.5).
 * @param palen number of physical address bits
 */
export function rootOfPgdh(pgdh: bigint, palen: number): number {
  return Number(BigInt.asUintN(palen, pgdh) & -(1n << BigInt(TABLE_ALIGN)));
}
