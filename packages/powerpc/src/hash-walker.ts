import {
  ACCESS,
  type PopulateContext,
  type Translation,
  toU64,
  translation,
  type VmemmapWalker,
  type Walk,
  type WalkStep,
} from '@vmemmap/core';
import { HPTE_R, HPTE_V } from './hash-levels.ts';
import type { HashTableMemory } from './hash-table.ts';

/** What software has told the MMU: where the table lies, and what the SLB is loaded with for the vmemmap. */
export interface HashPaging {
  /** Physical address of the table; 0 when a hypervisor keeps it. */
  readonly table: number;
  /** log2 of the base page size that the SLB entries select (L and LP): 12, 16 or 24. */
  readonly pageShift: number;
  /** log2 of the segment size (B): 28 or 40. */
  readonly segmentShift: number;
  /** Entries have the format of ISA 3.0, else of 2.07. */
  readonly isa300: boolean;
  /** VSID of a segment, counted from the start of the vmemmap. */
  readonly vsid: (segment: number) => number;
  /** The segment with a VSID. */
  readonly segment: (vsid: number) => number | undefined;
}

const LANE = 2 ** 32;
const ENTRIES = 8;

/**
 * How the hash MMU finds a page: written from Power ISA 3.0B Book III sec. 5.7.9 (hashed page table and its search) and
 * ISA 2.07 Book III-S sec. 5.7.7 for the older format of entries, apart from what writes entries. The manual numbers bits
 * from the most significant; comments here too.
 *
 * A hole ends where the next page is mapped, which is what reading all entries of the table back tells.
 */
export class HashWalker implements VmemmapWalker {
  readonly #memory: HashTableMemory;
  readonly #paging: HashPaging;
  readonly #windowStart: bigint;
  readonly #windowBytes: number;
  readonly #pageBytes: number;
  readonly #segmentBytes: number;
  readonly #groupMaskLo: number;
  readonly #groupMaskHi: number;
  readonly #avaMaskLo: number;
  readonly #avaMaskHi: number;
  readonly #sizeCode: number;
  readonly #rpnLo: number;
  readonly #rpnHi: number;
  readonly #lpMask: number;
  readonly #lpCode: number;
  // What is looked for: AVA in its place in V, and the groups.
  #avaLo = 0;
  #avaHi = 0;
  #primary = 0;
  #secondary = 0;
  // The segment that was looked at last.
  #segment = -1;
  #vsid = 0;
  /** Group of the entry that was found last. */
  #group = 0;
  // Offsets of all pages that are mapped, as of a state of the table.
  #mapped: Float64Array = new Float64Array();
  #generation = -1;

  constructor(m: PopulateContext, memory: HashTableMemory, paging: HashPaging) {
    const { pageShift, segmentShift, isa300 } = paging;
    this.#memory = memory;
    this.#paging = paging;
    this.#windowStart = m.window.start;
    this.#windowBytes = Number(m.window.end - m.window.start);
    this.#pageBytes = 2 ** pageShift;
    this.#segmentBytes = 2 ** segmentShift;
    // The low bits of the 39-bit hash select the group: as many as the table has (HTABSIZE).
    const bits = memory.groupBits;
    this.#groupMaskLo = bits < 32 ? (1 << bits) - 1 : -1;
    this.#groupMaskHi = bits > 32 ? (1 << (bits - 32)) - 1 : 0;
    // AVA: VA bits 0:54, in V bits 2:56 (2.07) or, of a 68-bit VA, bits 12:56 (3.0). Bits below the page size do not count.
    this.#avaMaskLo = pageShift === 24 ? 0xffff_ff00 | 0 : 0xffff_ff80 | 0;
    this.#avaMaskHi = isa300 ? 0x000f_ffff : 0x3fff_ffff;
    this.#sizeCode = segmentShift === 40 ? 1 : 0;
    // ARPN||LP: R bits 4:51 (2.07) or 7:51 (3.0), without the bits below the page size.
    this.#rpnLo = pageShift === 12 ? 0xffff_f000 | 0 : pageShift === 16 ? 0xffff_0000 | 0 : 0xff00_0000 | 0;
    this.#rpnHi = isa300 ? 0x01ff_ffff : 0x0fff_ffff;
    // LP: the low bits tell the page size, as many as are below it: 64 KiB is 0b0001, 16 MiB 0b00000000.
    this.#lpMask = pageShift === 12 ? 0 : pageShift === 16 ? 0xf000 : 0xf_f000;
    this.#lpCode = pageShift === 16 ? 0x1000 : 0;
  }

  /** See VmemmapWalker.walk. The last entry is the second doubleword, which has the address. */
  walk(_root: number, offset: number, out: Translation): void {
    const word = this.#find(offset);
    const page = Math.floor(offset / this.#pageBytes) * this.#pageBytes;
    out.level = 0;
    out.inside = offset - page;
    out.mapped = word >= 0;
    if (word < 0) {
      out.span = this.#holeEnd(page) - page;
      out.lo = 0;
      out.hi = 0;
      out.fault = 'no entry in the primary or secondary group matches';
      return;
    }
    const { lanes } = this.#memory;
    const lo = lanes[word + 2]!;
    const hi = lanes[word + 3]!;
    out.span = this.#pageBytes;
    out.lo = lo;
    out.hi = hi;
    out.pa = this.#address(lo, hi) + out.inside;
    out.flagsLo = lo & ~this.#rpnLo;
    out.flagsHi = hi & ~this.#rpnHi;
    out.access = access(lo, hi);
    out.fault = '';
  }

  /** See VmemmapWalker.translate: both doublewords of the entry, or the groups in which there is none. */
  translate(root: number, va: bigint): Walk {
    const result = translation();
    const offset = Number(va - this.#windowStart);
    if (offset < 0 || offset >= this.#windowBytes) {
      result.fault = 'not in the vmemmap: the segments of other regions are not known';
      return { result, steps: [] };
    }
    this.walk(root, offset, result);
    const steps = result.mapped ? this.#entrySteps(offset) : this.#missSteps(offset);
    return { result, steps };
  }

  /** See VmemmapWalker.walkMany. */
  walkMany(_root: number, offsets: Float64Array, pas: Int32Array): void {
    for (let i = 0; i < offsets.length; i++) this.#walkOne(offsets[i]!, i, pas);
  }

  /** See VmemmapWalker.walkRange. Within a page nothing is looked up again. */
  walkRange(_root: number, first: number, step: number, count: number, pas: Int32Array): void {
    let i = 0;
    while (i < count) {
      const offset = first + i * step;
      const inside = offset - Math.floor(offset / this.#pageBytes) * this.#pageBytes;
      const end = Math.min(count, i + Math.ceil((this.#pageBytes - inside) / step));
      this.#walkOne(offset, i, pas);
      const lo = pas[2 * i]!;
      const hi = pas[2 * i + 1]!;
      for (let n = i + 1, low = lo; n < end; n++) {
        low = (low + step) | 0;
        pas[2 * n] = low;
        pas[2 * n + 1] = hi;
      }
      i = end;
    }
  }

  #walkOne(offset: number, i: number, pas: Int32Array): void {
    const word = this.#find(offset);
    if (word < 0) {
      pas[2 * i] = 0;
      pas[2 * i + 1] = -1;
      return;
    }
    const { lanes } = this.#memory;
    const page = Math.floor(offset / this.#pageBytes) * this.#pageBytes;
    pas[2 * i] = (lanes[word + 2]! & this.#rpnLo) | (offset - page);
    pas[2 * i + 1] = lanes[word + 3]! & this.#rpnHi;
  }

  // The page table search: first word of the entry, or -1.
  #find(offset: number): number {
    if (offset < 0 || offset >= this.#windowBytes) return -1;
    this.#lookFor(offset);
    const word = this.#match(this.#primary, 0);
    return word >= 0 ? word : this.#match(this.#secondary, 1);
  }

  // Virtual address and hashes of an effective address: VA = VSID || offset in the segment.
  #lookFor(offset: number): void {
    const segment = Math.floor(offset / this.#segmentBytes);
    if (segment !== this.#segment) {
      this.#segment = segment;
      this.#vsid = this.#paging.vsid(segment);
    }
    const inside = offset - segment * this.#segmentBytes;
    const page = Math.floor(inside / this.#pageBytes);
    const vsidHi = Math.floor(this.#vsid / LANE);
    const vsidLo = this.#vsid | 0;
    // VA without its low 23 bits, in front of the 7 bits of flags.
    const up = this.#paging.segmentShift - 16;
    this.#avaLo = (vsidLo << up) | (Math.floor(inside / 0x80_0000) << 7);
    this.#avaHi = (vsidHi << up) | (vsidLo >>> (32 - up));
    // 256 MiB: low 39 bits of the VSID xor the page number. 1 TiB: the VSID, itself shifted left by 25, and the page number.
    let lo = vsidLo ^ page;
    let hi = vsidHi;
    if (this.#sizeCode === 1) {
      lo ^= vsidLo << 25;
      hi ^= vsidLo >>> 7;
    }
    this.#primary = (hi & this.#groupMaskHi) * LANE + ((lo & this.#groupMaskLo) >>> 0);
    // The secondary hash is the one's complement.
    this.#secondary = (~hi & this.#groupMaskHi) * LANE + ((~lo & this.#groupMaskLo) >>> 0);
  }

  // An entry matches when H tells by which hash it was found, V is 1, B and AVA are those of the address, and L and LP
  // have the page size of the segment.
  #match(group: number, h: number): number {
    const word = this.#memory.find(group);
    if (word < 0) return -1;
    const { lanes } = this.#memory;
    for (let at = word; at < word + 4 * ENTRIES; at += 4) {
      const lo = lanes[at]!;
      if ((lo & 0x3) !== (1 | (h << 1)) || !this.#isOfSize(at)) continue;
      if (((lo ^ this.#avaLo) & this.#avaMaskLo) !== 0) continue;
      if (((lanes[at + 1]! ^ this.#avaHi) & this.#avaMaskHi) !== 0) continue;
      this.#group = group;
      return at;
    }
    return -1;
  }

  // B is V bits 0:1 (2.07) or R bits 4:5 (3.0); L is V bit 61, LP R bits 44:51.
  #isOfSize(at: number): boolean {
    const { lanes } = this.#memory;
    const size = this.#paging.isa300 ? (lanes[at + 3]! >>> 26) & 3 : lanes[at + 1]! >>> 30;
    const large = this.#paging.pageShift === 12 ? 0 : 0x4;
    return size === this.#sizeCode && (lanes[at]! & 0x4) === large && (lanes[at + 2]! & this.#lpMask) === this.#lpCode;
  }

  #address(lo: number, hi: number): number {
    return (hi & this.#rpnHi) * LANE + ((lo & this.#rpnLo) >>> 0);
  }

  #entrySteps(offset: number): WalkStep[] {
    const word = this.#find(offset);
    const { lanes } = this.#memory;
    const table = this.#paging.table + this.#group * 128;
    // Doublewords of the group, two for each entry.
    const index = ((word - this.#memory.find(this.#group)) / 4) * 2;
    return [
      { level: HPTE_V, table, index, entry: toU64(lanes[word]!, lanes[word + 1]!), kind: 'table' },
      { level: HPTE_R, table, index: index + 1, entry: toU64(lanes[word + 2]!, lanes[word + 3]!), kind: 'leaf' },
    ];
  }

  #missSteps(offset: number): WalkStep[] {
    this.#lookFor(offset);
    return [this.#primary, this.#secondary].map((group) => ({
      level: HPTE_V,
      table: this.#paging.table + group * 128,
      index: 0,
      entry: 0n,
      kind: 'absent',
    }));
  }

  // Where the next page after `page` is mapped, or the vmemmap ends; the page itself is part of the hole in any case.
  #holeEnd(page: number): number {
    const least = page + this.#pageBytes;
    if (page < 0 || least >= this.#windowBytes) return least;
    const mapped = this.#mappedPages();
    let low = 0;
    let high = mapped.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (mapped[middle]! <= page) low = middle + 1;
      else high = middle;
    }
    return low < mapped.length ? mapped[low]! : this.#windowBytes;
  }

  // All pages that the table maps. An entry omits the low 23 bits of the virtual address: those above the page size are
  // in the number of its group.
  #mappedPages(): Float64Array {
    if (this.#generation === this.#memory.generation) return this.#mapped;
    this.#generation = this.#memory.generation;
    const found: number[] = [];
    const { lanes } = this.#memory;
    this.#memory.forEachGroup((group, word) => {
      for (let at = word; at < word + 4 * ENTRIES; at += 4) {
        if ((lanes[at]! & 1) === 0) continue;
        const offset = this.#offsetOf(lanes[at]!, lanes[at + 1]!, group);
        // Only what a search finds is mapped.
        if (offset >= 0 && this.#find(offset) === at) found.push(offset);
      }
    });
    this.#mapped = Float64Array.from(found).sort();
    return this.#mapped;
  }

  // The offset that an entry of a group maps, -1 for one that is not of the vmemmap.
  #offsetOf(lo: number, hi: number, group: number): number {
    const { segmentShift, pageShift } = this.#paging;
    const up = segmentShift - 16;
    const vsid = ((hi & this.#avaMaskHi) >>> up) * LANE + (((hi << (32 - up)) | (lo >>> up)) >>> 0);
    const segment = this.#paging.segment(vsid);
    if (segment === undefined) return -1;
    const ava = (lo & this.#avaMaskLo & (2 ** up - 1)) >>> 7;
    let inside = ava * 0x80_0000;
    if (pageShift < 23) {
      // H (V bit 62): the group comes of the complement of the hash.
      const hash = (lo & 2) !== 0 ? ~group : group | 0;
      const page = hash ^ (vsid | 0) ^ (this.#sizeCode === 1 ? (vsid | 0) << 25 : 0);
      inside += (page & (2 ** (23 - pageShift) - 1)) * this.#pageBytes;
    }
    return segment * this.#segmentBytes + inside;
  }
}

// Page protection (sec. 5.7.12) with the key of a kernel segment: Ks = 0, Kp = 1. PP is R bits 0 and 62:63, N bit 61,
// G bit 60: what is guarded cannot be executed either.
function access(lo: number, hi: number): number {
  const pp = (lo & 3) | (hi < 0 ? 4 : 0);
  if (pp === 4 || pp === 5 || pp === 7) return 0;
  const writable = pp < 3;
  const user = pp >= 1 && pp <= 3;
  return (
    ACCESS.read | (writable ? ACCESS.write : 0) | (user ? ACCESS.user : 0) | ((lo & 0xc) === 0 ? ACCESS.execute : 0)
  );
}
