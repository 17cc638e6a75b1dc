import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading } from '@vmemmap/core';

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

const RIGHTS_ALL = ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user;

/** Reads entries as SDM vol. 3A tables 5-14 to 5-20 lay them out. */
export class X86EntryReader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly #depth: number;
  readonly #nxe: boolean;
  readonly #canonicalBit: bigint;
  /** High lane: bits 51:32 that hold an address, and those of them that must be zero. */
  readonly #addressHi: number;
  readonly #reservedHi: number;

  constructor(paging: X86Paging) {
    this.levels = paging.la57 ? LEVELS_5 : LEVELS_4;
    this.#depth = this.levels.length;
    this.#nxe = paging.nxe;
    this.#canonicalBit = paging.la57 ? 56n : 47n;
    const encrypted = paging.cBit < 0 ? 0 : 2 ** (paging.cBit - 32);
    const implemented = 2 ** (paging.maxPhyAddr - 32) - 1;
    this.#addressHi = implemented & ~encrypted;
    this.#reservedHi = 0xf_ffff & ~implemented & ~encrypted;
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    // Bit 0: an entry that is not present is ignored altogether.
    if ((lo & 1) === 0) {
      out.kind = ENTRY_KIND.absent;
      out.fault = 'not present (P = 0)';
      return;
    }
    const below = this.#depth - 1 - level;
    // Bit 7 is PS in a PDE (below = 1) and a PDPTE (2), PAT in a PTE (0), reserved in PML4E and PML5E.
    const maps = below === 0 || (below <= 2 && (lo & 0x80) !== 0);
    const misplaced = maps && below > 0 ? this.#reservedLow(below, lo) : below > 2 ? lo & 0x80 : 0;
    const executeDisable = hi < 0 || hi >= 0x8000_0000;
    if (misplaced !== 0 || (hi & this.#reservedHi) !== 0 || (executeDisable && !this.#nxe)) {
      out.kind = ENTRY_KIND.reserved;
      out.fault = this.#whyReserved(misplaced, hi);
      return;
    }
    // Bit 1 R/W, bit 2 U/S, bit 63 XD: rights of a walk are what every level allows.
    let access: number = RIGHTS_ALL;
    if ((lo & 2) === 0) access &= ~ACCESS.write;
    if ((lo & 4) === 0) access &= ~ACCESS.user;
    if (executeDisable) access &= ~ACCESS.execute;
    out.access = access;
    out.kind = maps ? ENTRY_KIND.leaf : ENTRY_KIND.table;
    // The address is bits 51:12; a 2 MiB page has 51:21, a 1 GiB page 51:30, and bit 12 is its PAT.
    const addressLo = maps && below === 1 ? 0xffe0_0000 : maps && below === 2 ? 0xc000_0000 : 0xffff_f000;
    out.address = (hi & this.#addressHi) * 4294967296 + ((lo & addressLo) >>> 0);
    out.flagsLo = lo & ~addressLo;
    out.flagsHi = hi & ~this.#addressHi;
    out.fault = '';
  }

  /** SDM vol. 1 sec. 3.3.7.1: the bits above the highest used one must all equal it. */
  refuses(va: bigint): string {
    const top = BigInt.asIntN(64, va) >> this.#canonicalBit;
    return top === 0n || top === -1n ? '' : `not canonical: bits 63:${this.#canonicalBit} differ`;
  }

  // Bits 20:13 of a 2 MiB page and 29:13 of a 1 GiB page.
  #reservedLow(below: number, lo: number): number {
    return lo & (below === 1 ? 0x001f_e000 : 0x3fff_e000);
  }

  #whyReserved(misplaced: number, hi: number): string {
    if (misplaced !== 0) return `reserved bit ${31 - Math.clz32(misplaced & -misplaced)} set`;
    const high = hi & this.#reservedHi;
    return high === 0
      ? 'bit 63 set without EFER.NXE'
      : `address bit ${32 + 31 - Math.clz32(high & -high)} beyond MAXPHYADDR set`;
  }
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
