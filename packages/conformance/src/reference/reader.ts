import { ACCESS, ENTRY_KIND, type EntryReader, type EntryReading } from '@vmemmap/core';

/**
 * How the made-up CPU reads an entry. This stands for what a plugin author writes from the manual of the architecture:
 * it shares no constant and no code with format.ts, so that a mistake in either shows up as a difference.
 *
 * | bits  | name | meaning                                                       |
 * |-------|------|---------------------------------------------------------------|
 * | 0     | V    | valid; when clear, nothing else is looked at                  |
 * | 1     | L    | maps a page; must be set at the last level, clear at the first |
 * | 2     | W    | may be written                                                |
 * | 3     | NX   | may not be executed                                           |
 * | 4     | U    | user mode may access                                          |
 * | 11:5  |      | must be zero                                                  |
 * | 51:12 | PPN  | page number; a page's address must be a multiple of its size  |
 * | 63:52 |      | must be zero                                                  |
 */
export class ReferenceReader implements EntryReader {
  readonly levels: EntryReader['levels'] = [
    { name: 'pgd', shift: 30, indexBits: 9 },
    { name: 'pmd', shift: 21, indexBits: 9 },
    { name: 'pte', shift: 12, indexBits: 9 },
  ];

  read(level: number, lo: number, hi: number, out: EntryReading): void {
    if ((lo & 0x1) === 0) {
      out.kind = ENTRY_KIND.absent;
      out.fault = 'not valid (V = 0)';
      return;
    }
    const leaf = (lo & 0x2) !== 0;
    const fault = refusal(level, leaf, lo, hi);
    if (fault !== '') {
      out.kind = ENTRY_KIND.reserved;
      out.fault = fault;
      return;
    }
    out.kind = leaf ? ENTRY_KIND.leaf : ENTRY_KIND.table;
    out.address = (hi & 0xf_ffff) * 0x1_0000_0000 + (lo >>> 12) * 4096;
    out.flagsLo = lo & 0xfff;
    out.flagsHi = 0;
    // Rights of a walk are what all of its entries leave.
    out.access =
      ACCESS.read |
      ((lo & 0x4) !== 0 ? ACCESS.write : 0) |
      ((lo & 0x8) === 0 ? ACCESS.execute : 0) |
      ((lo & 0x10) !== 0 ? ACCESS.user : 0);
  }

  /** Addresses have 39 bits; those above must all be ones or all be zeros. */
  refuses(va: bigint): string {
    const top = BigInt.asIntN(64, va) >> 38n;
    return top === 0n || top === -1n ? '' : 'bits 63:38 differ';
  }
}

function refusal(level: number, leaf: boolean, lo: number, hi: number): string {
  if ((lo & 0xfe0) !== 0 || hi >>> 20 !== 0) return 'reserved bit set';
  if (leaf && level === 0) return 'the first level maps no pages';
  if (!leaf && level === 2) return 'the last level points to no tables';
  return leaf && level === 1 && (lo & 0x1f_f000) !== 0 ? 'a 2 MiB page that is not aligned' : '';
}
