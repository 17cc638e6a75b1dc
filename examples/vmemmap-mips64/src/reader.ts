import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading } from '@vmemmap/core';

/**
 * Entries as the CPU takes them from the refill handler: MIPS64 privileged architecture (MD00091), sec. 9.6 EntryLo0 and
 * EntryLo1, table 9.5; xkphys is sec. 4.3.
 *
 * | bits  | EntryLo          |
 * | 63    | RI: not readable |
 * | 62    | XI: not executable, where PageGrain.XIE is on |
 * | 57:6  | PFN, in 4 KiB    |
 * | 5:3   | C: coherency; 2 is uncached |
 * | 2     | D: writable      |
 * | 1     | V                |
 * | 0     | G                |
 *
 * An address in xkphys is no EntryLo: its bits 63:62 are binary 10 and its low bits are 0.
 */
export class Mips64Reader implements EntryReader {
  readonly levels: EntryReader['levels'];
  readonly #xie: boolean;
  readonly #tableBytes: number;

  constructor(pageSize: number, xie: boolean) {
    this.#xie = xie;
    this.#tableBytes = pageSize;
    // BASE + bits of a page's worth of entries for each level; with 4 KiB pages one more for the first.
    const page = Math.log2(pageSize);
    const each = page - 3;
    const first = pageSize === 4096 ? each + 1 : each;
    this.levels = [
      { name: 'pgd', shift: page + 2 * each, indexBits: first },
      { name: 'pmd', shift: page + each, indexBits: each },
      { name: 'pte', shift: page, indexBits: each },
    ];
  }

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    const pointer = level < 2 && hi >>> 30 === 2 && (lo >>> 0) % this.#tableBytes === 0;
    out.fault = pointer ? pointerFault(hi) : this.#leafFault(level, lo, hi);
    if (out.fault !== '') {
      out.kind = pointer || (lo & 2) !== 0 ? ENTRY_KIND.reserved : ENTRY_KIND.absent;
      return;
    }
    if (pointer) {
      out.kind = ENTRY_KIND.table;
      out.address = (hi & 0xffff) * 0x1_0000_0000 + (lo >>> 0);
      out.flagsLo = 0;
      out.flagsHi = hi & 0xf800_0000;
      out.access = ACCESS.read | ACCESS.write | ACCESS.execute;
      return;
    }
    out.kind = ENTRY_KIND.leaf;
    out.address = frameOf(lo, hi) * 4096;
    out.flagsLo = lo & 0x3f;
    out.flagsHi = hi & 0xfc00_0000;
    const readable = hi >>> 31 === 0;
    const executable = readable && !(this.#xie && ((hi >>> 30) & 1) === 1);
    const writable = ((lo >>> 2) & 1) === 1;
    out.access = (readable ? ACCESS.read : 0) | (writable ? ACCESS.write : 0) | (executable ? ACCESS.execute : 0);
  }

  #leafFault(level: number, lo: number, hi: number): string {
    if ((lo & 2) === 0) return 'TLB invalid: V is 0';
    if (level === 0) return 'the refill handler loads no pair from the first table';
    if (((hi >>> 26) & 0xf) !== 0) return 'fill bits 61:58 set';
    if (((hi >>> 10) & 0xffff) !== 0) return 'a frame above the 48 bits of physical address that this CPU has';
    if (((lo >>> 3) & 7) === 2) return 'C is 2: struct pages would be uncached';
    // The frame's bits inside of a larger page must be 0.
    const frames = 2 ** (this.levels[level]!.shift - 12);
    return frameOf(lo, hi) % frames === 0 ? '' : 'the frame is not aligned to the page';
  }
}

/** PFN, of the 36 bits that a CPU with 48 bits of physical address has. */
function frameOf(lo: number, hi: number): number {
  return (hi & 0x3ff) * 0x400_0000 + Math.floor((lo >>> 0) / 64);
}

// xkphys: bits 61:59 are the coherency, bits 58:0 the address.
function pointerFault(hi: number): string {
  if (((hi >>> 27) & 7) !== 3) return 'a table that is not read through the cache';
  return ((hi >>> 16) & 0x7ff) === 0 ? '' : 'a table above the 48 bits of physical address that this CPU has';
}
