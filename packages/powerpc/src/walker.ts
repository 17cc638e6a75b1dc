import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading, type PageReader } from '@vmemmap/core';

/**
 * Fields leave room for real addresses of 57 and 60 bits; the implementation has fewer (sec. 5.2, "m"), and 53 is more
 * than any has. High lane of the largest.
 */
const REAL_HI = 0x001f_ffff;
const BEYOND_REAL = 'real address of more than 53 bits';

/**
 * How the hardware reads radix trees. Written from Power ISA 3.0B Book III sec. 5.7.10 "Radix Tree Translation" and
 * deliberately apart from what writes entries. The manual numbers bits from the most significant; comments here too.
 */
export class RadixEntryReader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly pages: PageReader;
  /** What NLS of an entry at each level must be: a tree of another shape is not the one that the kernel set up. */
  readonly #nextSize: Int32Array;
  /** Low lane: the RPN bits of a leaf at each level that are not below its size. */
  readonly #leafAddress: Int32Array;

  /** @param pageShift log2 of the page size: 12 or 16 */
  constructor(pageShift: 12 | 16) {
    // Sec. 5.7.10: 52 bits of effective address, 13 + 9 + 9 + 9 + 12 with 4 KiB pages, 13 + 9 + 9 + 5 + 16 with 64 KiB.
    const lastBits = pageShift === 12 ? 9 : 5;
    this.levels = [
      { name: 'pgd', shift: 39, indexBits: 13 },
      { name: 'pud', shift: 30, indexBits: 9 },
      { name: 'pmd', shift: 21, indexBits: 9 },
      { name: 'pte', shift: pageShift, indexBits: lastBits },
    ];
    this.#nextSize = Int32Array.of(9, 9, lastBits, 0);
    const page = pageShift === 12 ? 0xffff_f000 : 0xffff_0000;
    this.#leafAddress = Int32Array.of(0, 0xc000_0000, 0xffe0_0000, page);
    this.pages = new PteReader(page);
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    // Bit 0, V: of an entry that is not valid nothing else is looked at.
    if (hi >= 0) {
      out.kind = ENTRY_KIND.absent;
      out.fault = 'not valid (V = 0)';
      return;
    }
    // Bit 1, L: 1 in a PTE, 0 in a PDE.
    const leaf = (hi & 0x4000_0000) !== 0;
    const fault = leaf ? this.#refusedLeaf(level, hi) : this.#refusedTable(level, lo, hi);
    if (fault !== '') {
      out.kind = ENTRY_KIND.reserved;
      out.fault = fault;
      return;
    }
    if (leaf) {
      // PTE: RPN is bits 7:51. Those below the page size are no part of the address. EAA is bits 60:63.
      out.kind = ENTRY_KIND.leaf;
      out.address = (hi & 0x01ff_ffff) * 4294967296 + ((lo & this.#leafAddress[level]!) >>> 0);
      out.flagsLo = lo & ~this.#leafAddress[level]!;
      out.flagsHi = hi & ~0x01ff_ffff;
      out.access = eaaAccess(lo);
      return;
    }
    // PDE: NLB is bits 4:55, NLS bits 59:63. It takes no rights away.
    out.kind = ENTRY_KIND.table;
    out.address = (hi & 0x0fff_ffff) * 4294967296 + ((lo & 0xffff_ff00) >>> 0);
    out.flagsLo = lo & 0x0000_00ff;
    out.flagsHi = hi & ~0x0fff_ffff;
    out.access = ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user;
  }

  /** Sec. 5.7.10: EA bits 0:1 select the quadrant, 0b11 is the kernel's tree; bits 2:11 take no part. */
  refuses(va: bigint): string {
    const quadrant = BigInt.asUintN(64, va) >> 62n;
    return quadrant === 3n ? '' : `quadrant ${quadrant}: another tree is searched`;
  }

  // A page has 4 KiB or 64 KiB, 2 MiB or 1 GiB: there is none of 512 GiB.
  #refusedLeaf(level: number, hi: number): string {
    if (level === 0) return 'unsupported radix tree: a page of 512 GiB';
    return (hi & 0x01ff_ffff) > REAL_HI ? BEYOND_REAL : '';
  }

  #refusedTable(level: number, lo: number, hi: number): string {
    if (level === 3) return 'unsupported radix tree: no address bits are left';
    if ((hi & 0x0fff_ffff) > REAL_HI) return BEYOND_REAL;
    const size = lo & 0x1f;
    const wanted = this.#nextSize[level]!;
    return size === wanted ? '' : `unsupported radix tree: NLS ${size} instead of ${wanted}`;
  }
}

// Encoded Access Authority: bit 60 privileged only, 61 read, 62 read and write, 63 execute.
function eaaAccess(lo: number): number {
  return (
    ((lo & 0x6) !== 0 ? ACCESS.read : 0) |
    ((lo & 0x2) !== 0 ? ACCESS.write : 0) |
    ((lo & 0x1) !== 0 ? ACCESS.execute : 0) |
    ((lo & 0x8) === 0 ? ACCESS.user : 0)
  );
}

/** An entry of the last level in short: V and L set. */
class PteReader implements PageReader {
  readonly #page: number;

  constructor(page: number) {
    this.#page = page | 0;
  }

  low(lo: number, _hi: number): number {
    return lo & this.#page;
  }

  high(_lo: number, hi: number): number {
    return hi >> 30 === -1 && (hi & 0x01e0_0000) === 0 ? hi & REAL_HI : -1;
  }
}
