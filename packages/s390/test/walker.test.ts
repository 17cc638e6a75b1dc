import { ENTRY_KIND, type EntryReading, entryReading } from '@vmemmap/core';
import { readAsce, S390EntryReader, type S390Paging } from '@vmemmap/s390';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE_PAGES, FOUR_LEVELS, GiB, machine } from './machine.ts';

const PAGING: S390Paging = { designationType: 2, edat1: true, edat2: true, iep: true };
const LEVEL = { r2: 0, r3: 1, segment: 2, page: 3 };

function read(level: number, entry: bigint, paging: S390Paging = PAGING): EntryReading {
  const out = entryReading();
  new S390EntryReader(paging).read(
    level,
    Number(BigInt.asIntN(32, entry)),
    Number(BigInt.asIntN(32, entry >> 32n)),
    out,
  );
  return out;
}

describe('addresses beyond the top table', () => {
  it('give an ASCE-type exception: 2^42 with a region-third table', () => {
    const m = machine();
    expect(m.translate(2n ** 42n)).toMatchObject({
      steps: [],
      result: { mapped: false, fault: 'ASCE-type exception: the region-third table ends at 2^42' },
    });
    expect(m.translate(2n ** 64n - 1n).result.fault).toContain('ASCE-type exception');
    expect(m.translate(2n ** 42n - 1n).result.fault).toBe('region-third-translation exception: I = 1');
  });

  it('give an ASCE-type exception: 2^53 with a region-second table', () => {
    const m = machine(FOUR_LEVELS);
    expect(m.translate(2n ** 53n).result.fault).toBe('ASCE-type exception: the region-second table ends at 2^53');
    expect(m.translate(2n ** 53n - 1n).result.fault).toBe('region-second-translation exception: I = 1');
  });

  it('are none with a region-first table', () => {
    const reader = new S390EntryReader({ ...PAGING, designationType: 3 });
    expect(reader.refuses(2n ** 64n - 1n)).toBe('');
    expect(reader.levels.map(({ name }) => name)).toEqual(['pgd', 'p4d', 'pud', 'pmd', 'pte']);
  });
});

describe('a walk', () => {
  it('ends where an entry is invalid, with the exception of that table', () => {
    const m = machine({ ...FOUR_LEVELS, ...BASE_PAGES });
    const { steps } = m.translatePage(0x200);
    for (const [level, name] of ['region-second', 'region-third', 'segment', 'page'].entries()) {
      const { table, index } = steps[level]!;
      const lanes = m.entryLanes(table, index);
      const before = lanes[0]!;
      lanes[0] = before | (level === 3 ? 0x400 : 0x20);
      const walk = m.translatePage(0x200);
      expect(walk.result).toMatchObject({ mapped: false, level, fault: `${name}-translation exception: I = 1` });
      expect(walk.steps.at(-1)!.kind).toBe('absent');
      lanes[0] = before;
    }
    expect(m.translatePage(0x200).result.mapped).toBe(true);
  });

  it('adds up DAT protection over the levels', () => {
    const m = machine({ ...FOUR_LEVELS, edat2: false });
    const { steps, result } = m.translatePage(0x200);
    expect(result.access).toBe(3);
    for (const { table, index } of steps) {
      const lanes = m.entryLanes(table, index);
      lanes[0] = lanes[0]! | 0x200;
      expect(m.translatePage(0x200).result.access).toBe(1);
      lanes[0] = lanes[0]! & ~0x200;
    }
  });

  it('stops at a table that is not there', () => {
    const m = machine(BASE_PAGES);
    const { table, index } = m.translatePage(0x200).steps[1]!;
    m.entryLanes(table, index)[0] = 0x700_0001;
    expect(m.translatePage(0x200).result).toMatchObject({ mapped: false, fault: 'no table at 0x7000000' });
  });

  it('reads 1 MiB frames only where enhanced DAT applies', () => {
    // Written with EDAT1, read without: the entry points to a page table, whose origin has bits 0 to 52 of it.
    expect(read(LEVEL.segment, 0x77d0_f501n)).toMatchObject({ kind: ENTRY_KIND.leaf, address: 0x77d0_0000 });
    expect(read(LEVEL.segment, 0x77d0_f501n, { ...PAGING, edat1: false, edat2: false })).toMatchObject({
      kind: ENTRY_KIND.table,
      address: 0x77d0_f000,
    });
  });

  it('reads 2 GiB frames only where facility 2 applies', () => {
    expect(read(LEVEL.r3, 0x1_8000_f505n)).toMatchObject({ kind: ENTRY_KIND.leaf, address: 6 * GiB, flagsLo: 0xf505 });
    expect(read(LEVEL.r3, 0x1_8000_f505n, { ...PAGING, edat2: false })).toMatchObject({
      kind: ENTRY_KIND.table,
      address: 6 * GiB + 0xf000,
    });
    expect(read(LEVEL.r2, 0x1_8000_f409n).kind).toBe(ENTRY_KIND.table);
  });
});

describe('an entry', () => {
  it.each<[string, number, bigint, number, string]>([
    ['a region-second entry with I', LEVEL.r2, 0x28n, 0, 'region-second-translation exception: I = 1'],
    ['a region-third entry with I', LEVEL.r3, 0x24n, 0, 'region-third-translation exception: I = 1'],
    ['a segment entry with I', LEVEL.segment, 0x20n, 0, 'segment-translation exception: I = 1'],
    ['a page entry with I', LEVEL.page, 0x400n, 0, 'page-translation exception: I = 1'],
    ['I before all else: a wrong type', LEVEL.r3, 0x1_0000_002fn, 0, 'region-third-translation exception: I = 1'],
    ['I before all else: bit 52', LEVEL.page, 0x1c00n, 0, 'page-translation exception: I = 1'],
    ['I before all else: an address', LEVEL.page, 0xffff_ffff_ffff_f400n, 0, 'page-translation exception: I = 1'],
    [
      'zero for a region-second entry',
      LEVEL.r2,
      0n,
      3,
      'translation-specification exception: TT = 0 in a region-second-table entry',
    ],
    [
      'a region-third entry for a region-second',
      LEVEL.r2,
      0x4007n,
      3,
      'translation-specification exception: TT = 1 in a region-second-table entry',
    ],
    [
      'a region-first entry for a region-third',
      LEVEL.r3,
      0x400fn,
      3,
      'translation-specification exception: TT = 3 in a region-third-table entry',
    ],
    [
      'a region-third entry for a segment',
      LEVEL.segment,
      0x4007n,
      3,
      'translation-specification exception: TT = 1 in a segment-table entry',
    ],
    [
      'a frame of the wrong type',
      LEVEL.segment,
      0x10_0409n,
      3,
      'translation-specification exception: TT = 2 in a segment-table entry',
    ],
    [
      'bit 52 of a page entry',
      LEVEL.page,
      0x193dn,
      3,
      'translation-specification exception: bit 52 of a page-table entry is one',
    ],
    ['a page at 2^53', LEVEL.page, 0x20_0000_0000_013dn, 3, 'addressing exception: no storage at 2^53 and above'],
    ['a table at 2^63', LEVEL.r2, 0x8000_0000_0000_000bn, 3, 'addressing exception: no storage at 2^53 and above'],
  ])('faults: %s', (_, level, entry, kind, fault) => {
    expect(read(level, entry)).toMatchObject({ kind, fault });
  });

  it('of zeros in the segment table points to the page table at 0: only bit 58 makes it empty', () => {
    expect(read(LEVEL.segment, 0n)).toMatchObject({ kind: ENTRY_KIND.table, address: 0 });
    expect(read(LEVEL.page, 0n)).toMatchObject({ kind: ENTRY_KIND.leaf, address: 0, access: 7 });
  });

  it('may be executed where IEP is zero, or does not apply', () => {
    expect(read(LEVEL.page, 0x113dn).access).toBe(3);
    expect(read(LEVEL.page, 0x103dn).access).toBe(7);
    expect(read(LEVEL.page, 0x113dn, { ...PAGING, iep: false }).access).toBe(7);
    expect(read(LEVEL.segment, 0x10_f501n).access).toBe(3);
    expect(read(LEVEL.segment, 0x10_f401n).access).toBe(7);
    // Bit 55 of an entry that points to a table means nothing.
    expect(read(LEVEL.segment, 0x10_0101n).access).toBe(7);
  });

  it('protects a region only where enhanced DAT applies, a segment and a page always', () => {
    const old = { ...PAGING, edat1: false, edat2: false };
    expect([read(LEVEL.r2, 0x420bn), read(LEVEL.r3, 0x4207n)].map(({ access }) => access)).toEqual([5, 5]);
    expect([read(LEVEL.r2, 0x420bn, old), read(LEVEL.r3, 0x4207n, old)].map(({ access }) => access)).toEqual([7, 7]);
    expect([read(LEVEL.segment, 0x4201n, old), read(LEVEL.page, 0x423dn, old)].map(({ access }) => access)).toEqual([
      5, 5,
    ]);
  });

  it('is empty to a list of tables when it is invalid', () => {
    const reader = new S390EntryReader(PAGING);
    for (const [level, empty] of [0x28, 0x24, 0x20, 0x400].entries()) {
      expect(reader.isEmpty(level, empty)).toBe(true);
      expect(reader.isEmpty(level, level === 3 ? 0x20 : 0x400)).toBe(false);
    }
  });
});

/** What the manual says of an entry, bit by bit from the left as it counts them. */
function oracle(table: number, entry: bigint, { edat1, edat2, iep }: S390Paging) {
  const field = (first: number, last: number): bigint => BigInt.asUintN(last - first + 1, entry >> BigInt(63 - last));
  const bit = (n: number): boolean => field(n, n) === 1n;
  const names = ['page', 'segment', 'region-third', 'region-second', 'region-first'];
  if (bit(table === 0 ? 53 : 58)) return { kind: ENTRY_KIND.absent, fault: `${names[table]}-translation` };
  if (table === 0 ? bit(52) : field(60, 61) !== BigInt(table - 1))
    return { kind: ENTRY_KIND.reserved, fault: 'translation-specification' };
  if (field(0, 10) !== 0n) return { kind: ENTRY_KIND.reserved, fault: 'addressing' };
  const frame = (table === 1 && edat1 && bit(53)) || (table === 2 && edat2 && bit(53));
  const maps = table === 0 || frame;
  // Page-frame real address, segment- or region-frame absolute address, page-table origin, origin of another table.
  const bits = table === 0 ? 52 : frame ? (table === 1 ? 44 : 33) : table === 1 ? 53 : 52;
  const address = field(0, bits - 1) << BigInt(64 - bits);
  const store = !(bit(54) && (table <= 1 || edat1));
  const fetch = !(maps && iep && bit(55));
  return {
    kind: maps ? ENTRY_KIND.leaf : ENTRY_KIND.table,
    address: Number(address),
    flags: entry - address,
    access: 1 + (store ? 2 : 0) + (fetch ? 4 : 0),
  };
}

describe('any entry', () => {
  const paging = fc.record({
    designationType: fc.constantFrom(1, 2, 3) as fc.Arbitrary<1 | 2 | 3>,
    edat1: fc.boolean(),
    edat2: fc.boolean(),
    iep: fc.boolean(),
  });
  // Addresses that fit, so that not all of them fault, and the type that belongs there every other time.
  const bits = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }));

  it('is read as the manual says', () => {
    fc.assert(
      fc.property(paging, bits, fc.boolean(), fc.nat(4), (chosen, raw, typed, below) => {
        const reader = new S390EntryReader(chosen);
        const last = reader.levels.length - 1;
        const table = below % (last + 1);
        const entry = typed && table > 0 ? (raw & ~0x2cn) | BigInt((table - 1) << 2) : raw;
        const found = read(last - table, entry, chosen);
        const expected = oracle(table, entry, chosen);
        expect(found.kind).toBe(expected.kind);
        if (expected.fault !== undefined) expect(found.fault).toContain(`${expected.fault} exception`);
        else {
          expect([found.address, found.access]).toEqual([expected.address, expected.access]);
          expect((BigInt(found.flagsHi >>> 0) << 32n) | BigInt(found.flagsLo >>> 0)).toBe(expected.flags);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('of a page table is read alike in full and in short', () => {
    fc.assert(
      fc.property(bits, (entry) => {
        const reader = new S390EntryReader(PAGING);
        const lo = Number(BigInt.asIntN(32, entry));
        const hi = Number(BigInt.asIntN(32, entry >> 32n));
        const { kind, address } = read(LEVEL.page, entry);
        const high = reader.pages.high(lo, hi);
        expect(high >= 0).toBe(kind === ENTRY_KIND.leaf);
        if (high >= 0) expect(high * 2 ** 32 + (reader.pages.low(lo, hi) >>> 0)).toBe(address);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an address-space-control element', () => {
  it('says where the top table is and what it is', () => {
    // Control register 13 of booted kernels with 3 and 4 levels.
    expect(readAsce(0x24a_c007n)).toEqual({ root: 0x24ac000, designationType: 1, tableLength: 3 });
    expect(readAsce(0x255_400bn)).toEqual({ root: 0x2554000, designationType: 2, tableLength: 3 });
    // That of a process: private space, storage alteration and space switch do not matter here.
    expect(readAsce(0x42_c1c7n)).toEqual({ root: 0x42c000, designationType: 1, tableLength: 3 });
  });
});
