import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading, type PageReader } from '@vmemmap/core';

/**
 * How an x86-64 CPU reads its tables. Written from Intel SDM vol. 3A sec. 5.5 "4-level paging and 5-level paging"
 * (AMD APM vol. 2 sec. 5.3 agrees where both speak) and deliberately apart from what writes entries.
 */
export interface X86Paging {
  /** CR4.LA57: 5-level paging. */
  readonly la57: boolean;
  /** IA32_EFER.NXE: bit 63 of an entry means execute-disable. */
  readonly nxe: boolean;
  /** MAXPHYADDR: number of physical address bits. */
  readonly maxPhyAddr: number;
  /** The C-bit of AMD memory encryption (APM vol. 2 sec. 7.10.1), which is no address bit; -1 without. */
  readonly cBit: number;
}

/** Names of the levels from the leaf up (SDM: PTE, PDE, PDPTE, PML4E, PML5E), in the kernel's words. */
const LEVELS_4 = [
  { name: 'pgd', shift: 39, indexBits: 9 },
  { name: 'pud', shift: 30, indexBits: 9 },
  { name: 'pmd', shift: 21, indexBits: 9 },
  { name: 'pte', shift: 12, indexBits: 9 },
] as const;
const LEVELS_5 = [
  { name: 'pgd', shift: 48, indexBits: 9 },
  { name: 'p4d', shift: 39, indexBits: 9 },
  ...LEVELS_4.slice(1),
] as const;

/** Reads entries as SDM vol. 3A tables 5-14 to 5-20 lay them out. */
export class X86EntryReader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly #canonicalBit: bigint;
  /** Low lane, by level: what must be zero, and what is address, in an entry that maps and in one that points. */
  readonly #leafReserved: Int32Array;
  readonly #leafAddress: Int32Array;
  readonly #tableReserved: Int32Array;
  /** Whether bit 7 makes an entry of this level map a page (PS); a PTE always does. */
  readonly #pageSizeBit: Int32Array;
  readonly pages: PageReader;
  /** High lane: the bits of 51:32 that hold an address, and what must be zero. */
  readonly #addressHi: number;
  readonly #reservedHi: number;

  constructor(paging: X86Paging) {
    this.levels = paging.la57 ? LEVELS_5 : LEVELS_4;
    this.#canonicalBit = paging.la57 ? 56n : 47n;
    const encrypted = paging.cBit < 0 ? 0 : 2 ** (paging.cBit - 32);
    const implemented = 2 ** (paging.maxPhyAddr - 32) - 1;
    this.#addressHi = implemented & ~encrypted;
    // Bit 63 is reserved while EFER.NXE is clear (sec. 5.7).
    this.#reservedHi = (0xf_ffff & ~implemented & ~encrypted) | (paging.nxe ? 0 : 1 << 31);
    this.pages = new PteReader(this.#addressHi, this.#reservedHi);
    const below = this.levels.map((_, level) => this.levels.length - 1 - level);
    // A 2 MiB page has address bits 51:21, a 1 GiB page 51:30; bit 12 is PAT and those between are reserved.
    this.#leafAddress = Int32Array.from(below, (n) => (n === 2 ? 0xc000_0000 : n === 1 ? 0xffe0_0000 : 0xffff_f000));
    this.#leafReserved = Int32Array.from(below, (n) => (n === 2 ? 0x3fff_e000 : n === 1 ? 0x001f_e000 : 0));
    // Bit 7 is PS in a PDE and a PDPTE, PAT in a PTE, and reserved in a PML4E and a PML5E.
    this.#pageSizeBit = Int32Array.from(below, (n) => (n === 1 || n === 2 ? 0x80 : 0));
    this.#tableReserved = Int32Array.from(below, (n) => (n > 2 ? 0x80 : 0));
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    // Bit 0: an entry that is not present is ignored altogether.
    if ((lo & 1) === 0) {
      out.kind = ENTRY_KIND.absent;
      out.fault = 'not present (P = 0)';
      return;
    }
    const maps = level === this.levels.length - 1 || (lo & this.#pageSizeBit[level]!) !== 0;
    const reserved = lo & (maps ? this.#leafReserved[level]! : this.#tableReserved[level]!);
    if ((reserved | (hi & this.#reservedHi)) !== 0) {
      out.kind = ENTRY_KIND.reserved;
      out.fault = whyReserved(reserved, hi & this.#reservedHi);
      return;
    }
    const addressLo = maps ? this.#leafAddress[level]! : 0xffff_f000;
    out.kind = maps ? ENTRY_KIND.leaf : ENTRY_KIND.table;
    out.address = (hi & this.#addressHi) * 4294967296 + ((lo & addressLo) >>> 0);
    out.flagsLo = lo & ~addressLo;
    out.flagsHi = hi & ~this.#addressHi;
    // R/W (bit 1), U/S (bit 2) and XD (bit 63): rights of a walk are what every level allows (sec. 5.6).
    out.access =
      ACCESS.read |
      ((lo & 2) !== 0 ? ACCESS.write : 0) |
      ((lo & 4) !== 0 ? ACCESS.user : 0) |
      (hi >= 0 ? ACCESS.execute : 0);
  }

  /** SDM vol. 1 sec. 3.3.7.1: the bits above the highest used one must all equal it. */
  refuses(va: bigint): string {
    const top = BigInt.asIntN(64, va) >> this.#canonicalBit;
    return top === 0n || top === -1n ? '' : `not canonical: bits 63:${this.#canonicalBit} differ`;
  }
}

/** A PTE in short (table 5-20). */
class PteReader implements PageReader {
  readonly #addressHi: number;
  readonly #reservedHi: number;

  constructor(addressHi: number, reservedHi: number) {
    this.#addressHi = addressHi;
    this.#reservedHi = reservedHi;
  }

  low(lo: number, _hi: number): number {
    return lo & 0xffff_f000;
  }

  high(lo: number, hi: number): number {
    return ((~lo & 1) | (hi & this.#reservedHi)) !== 0 ? -1 : hi & this.#addressHi;
  }
}

function whyReserved(low: number, high: number): string {
  if (low !== 0) return `reserved bit ${31 - Math.clz32(low & -low)} set`;
  if (high < 0) return 'bit 63 set without EFER.NXE';
  return `address bit ${63 - Math.clz32(high & -high)} beyond MAXPHYADDR set`;
}

/**
 * The root table that a CR3 value selects (SDM vol. 3A tables 5-12 and 5-13): bits 51:12, without the PCID or the
 * cache bits below and, with memory encryption, without the C-bit.
 * @param cBit number of the C-bit, -1 without memory encryption
 */
export function rootOfCr3(cr3: bigint, cBit = -1): number {
  const address = cr3 & 0x000f_ffff_ffff_f000n;
  return Number(cBit < 0 ? address : address & ~(1n << BigInt(cBit)));
}
