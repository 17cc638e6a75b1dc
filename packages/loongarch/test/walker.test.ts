import { ACCESS, ENTRY_KIND, entryReading, toU64, translation } from '@vmemmap/core';
import { LoongarchEntryReader, type LoongarchPaging, rootOfPgdh, setupPtwalker } from '@vmemmap/loongarch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configs } from './configs.ts';
import { GiB, machine, PMD, range } from './machine.ts';

const lane = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const { read, write, execute, user } = ACCESS;

/** As QEMU's la464 is set up by the captured kernel. */
const LA464: LoongarchPaging = {
  pwcl: 0x5e56e,
  pwch: 0x2e4,
  palen: 48,
  valen: 48,
  directMapped: [8, 9, 10],
  invalidTables: [0x1b28000, 0x1b24000],
};
const PMD_LEVEL = 1;
const PTE_LEVEL = 2;

/** What a reader makes of an entry. */
function readEntry(level: number, entry: bigint, paging: LoongarchPaging = LA464) {
  const out = entryReading();
  new LoongarchEntryReader(paging).read(
    level,
    Number(BigInt.asIntN(32, entry)),
    Number(BigInt.asIntN(32, entry >> 32n)),
    out,
  );
  return out;
}

describe('the levels', () => {
  it('come from the page walk controllers', () => {
    expect(new LoongarchEntryReader(LA464).levels).toEqual([
      { name: 'pgd', shift: 36, indexBits: 11 },
      { name: 'pmd', shift: 25, indexBits: 11 },
      { name: 'pte', shift: 14, indexBits: 11 },
    ]);
    // All five: Dir4 48+9, Dir3 39+9, Dir2 30+9, Dir1 21+9, PT 12+9.
    const five = {
      ...LA464,
      pwcl: 12 | (9 << 5) | (21 << 10) | (9 << 15) | (30 << 20) | (9 << 25),
      pwch: 39 | (9 << 6) | (48 << 12) | (9 << 18),
    };
    expect(new LoongarchEntryReader(five).levels.map(({ name, shift }) => `${name} ${shift}`)).toEqual([
      'p4d 48',
      'pgd 39',
      'pud 30',
      'pmd 21',
      'pte 12',
    ]);
  });
});

describe('an address', () => {
  const refuses = (va: bigint, paging = LA464): string => new LoongarchEntryReader(paging).refuses(va);

  it.each<[string, bigint, string]>([
    ['of the window', 0xfffffebffe000000n, ''],
    ['at the start of the upper half', 0xffff800000000000n, ''],
    ['at the very end', 0xffffffffffffffffn, ''],
    ['just below the upper half', 0xffff7fffffffffffn, 'address error (ADE): bits 63:47 differ'],
    ['just above the lower half', 0x0000800000000000n, 'address error (ADE): bits 63:47 differ'],
    [
      'at the end of the lower half',
      0x00007fffffffffffn,
      'lower half: translated by the tables of PGDL, not by these of PGDH',
    ],
    ['at 0', 0n, 'lower half: translated by the tables of PGDL, not by these of PGDH'],
    ['in the uncached window', 0x8000000001b28000n, 'direct-mapped window 0x8: no table is asked'],
    [
      'in the cached window, also where it is not canonical',
      0x9fffffffffffffffn,
      'direct-mapped window 0x9: no table is asked',
    ],
    ['in the weakly ordered window', 0xa000000000000000n, 'direct-mapped window 0xa: no table is asked'],
    ['in no window', 0xb000000000000000n, 'address error (ADE): bits 63:47 differ'],
  ])('%s', (_, va, fault) => {
    expect(refuses(va)).toBe(fault);
  });

  it('is shorter on a CPU with fewer bits', () => {
    const short = { ...LA464, valen: 40 };
    expect(refuses(0xffffff8000000000n, short)).toBe('');
    expect(refuses(0xffffff7fffffffffn, short)).toBe('address error (ADE): bits 63:39 differ');
    expect(refuses(0x0000007fffffffffn, short)).toContain('lower half');
  });

  it('is refused by a machine before any table is read', () => {
    expect(machine().translate(0x9000000001b28000n)).toMatchObject({
      steps: [],
      result: { mapped: false, fault: 'direct-mapped window 0x9: no table is asked' },
    });
    expect(machine({ cpuPabits: 39, cpuVabits: 39 }).translate(0xfffffe0000000000n).result.fault).toContain(
      'bits 63:39',
    );
  });

  it('finds its root in PGDH', () => {
    expect(rootOfPgdh(0x9000000001b20000n, 48)).toBe(0x1b20000);
    expect(rootOfPgdh(0x9000ff0001b20fffn, 40)).toBe(0x1b20000);
    expect(rootOfPgdh(0x9000ff0001b20fffn, 48)).toBe(0xff0001b20000);
  });
});

describe('an entry of a directory', () => {
  it('is the address of a table, whatever lies outside of bits PALEN-1:12', () => {
    for (const level of [0, PMD_LEVEL]) {
      expect(readEntry(level, 0x90000000effc4000n)).toMatchObject({
        kind: ENTRY_KIND.table,
        address: 0xeffc4000,
        flagsLo: 0,
        flagsHi: 0x90000000 | 0,
        access: read | write | execute | user,
      });
      expect(readEntry(level, 0xffff_1234_5678_9fbfn)).toMatchObject({
        kind: ENTRY_KIND.table,
        address: 0x123456789000,
      });
    }
    expect(readEntry(0, 0x9000_ffff_5678_9000n, { ...LA464, palen: 40 }).address).toBe(0xff56789000);
    expect(readEntry(0, 0x9000_ffff_5678_9000n, { ...LA464, palen: 32 }).address).toBe(0x56789000);
  });

  it('leads nowhere when it points to the invalid table of its level, and not when to that of another', () => {
    expect(readEntry(0, 0x9000000001b28000n)).toMatchObject({
      kind: ENTRY_KIND.absent,
      fault: 'page invalid: the table at 0x1b28000 holds invalid entries only',
    });
    expect(readEntry(PMD_LEVEL, 0x9000000001b24000n).kind).toBe(ENTRY_KIND.absent);
    expect(readEntry(0, 0x9000000001b24000n).kind).toBe(ENTRY_KIND.table);
    expect(readEntry(PMD_LEVEL, 0x9000000001b28000n).kind).toBe(ENTRY_KIND.table);
    // The CPU goes by the physical address alone.
    expect(readEntry(0, 0x8000000001b28000n).kind).toBe(ENTRY_KIND.absent);
  });

  it('is only told apart by who knows the invalid tables', () => {
    expect(readEntry(0, 0x9000000001b28000n, { ...LA464, invalidTables: [] })).toMatchObject({
      kind: ENTRY_KIND.table,
      address: 0x1b28000,
    });
  });

  it('with bit 6 is a huge page, on every level', () => {
    expect(readEntry(PMD_LEVEL, 0xec0011d3n)).toMatchObject({
      kind: ENTRY_KIND.leaf,
      address: 0xec000000,
      flagsLo: 0x11d3,
      flagsHi: 0,
      access: read | write | execute,
    });
    expect(readEntry(0, 0x12_3456_7890_11d3n & 0xffff_ffff_ffffn)).toMatchObject({
      kind: ENTRY_KIND.leaf,
      address: Number((0x12_3456_7890_11d3n & 0xffff_ffff_ffffn) >> 35n) * 2 ** 35,
    });
  });

  it('of a huge page has address bits from half its size on, and ignores those below', () => {
    expect(readEntry(PMD_LEVEL, 0xed0011d3n).address).toBe(0xed000000);
    expect(readEntry(PMD_LEVEL, 0xecffe1d3n).address).toBe(0xec000000);
    expect(readEntry(PMD_LEVEL, 0xecffe1d3n)).toMatchObject({ flagsLo: 0xffe1d3, kind: ENTRY_KIND.leaf });
  });

  it('of a huge page that is not valid ends the walk', () => {
    expect(readEntry(PMD_LEVEL, 0xec0011d2n)).toMatchObject({ kind: ENTRY_KIND.absent, fault: 'page invalid (V = 0)' });
  });
});

describe('an entry of the last level', () => {
  it('maps the page whose address it has, whatever lies between the fields', () => {
    expect(readEntry(PTE_LEVEL, 0x742c1d3n)).toMatchObject({
      kind: ENTRY_KIND.leaf,
      address: 0x742c000,
      flagsLo: 0x1d3,
    });
    // Bits 13:12 are below a 16K page, 11:9 and 60:48 name nothing.
    expect(readEntry(PTE_LEVEL, 0x1fff_0000_0742_ffd3n)).toMatchObject({
      kind: ENTRY_KIND.leaf,
      address: 0x742c000,
      access: read | write | execute,
    });
  });

  it.each(['0', '0x40', '0x742c1d2', '0xfffffffffffffffe'])('without V maps nothing: %s', (entry) => {
    expect(readEntry(PTE_LEVEL, BigInt(entry))).toMatchObject({
      kind: ENTRY_KIND.absent,
      fault: 'page invalid (V = 0)',
    });
  });

  it.each<[string, bigint, number]>([
    ['all of them', 0x1d3n, read | write | execute],
    ['no store without D', 0x1d1n, read | execute],
    ['no load with NR', 0x1d3n | (1n << 61n), write | execute],
    ['no fetch with NX', 0x1d3n | (1n << 62n), read | write],
    ['no store by W alone', 0x1d1n | (1n << 8n), read | execute],
    ['a store without W', 0x0d3n, read | write | execute],
    ['all without P', 0x153n, read | write | execute],
    ['PLV 1 and 2 are not the user', 0x1dbn, read | write | execute],
    ['PLV 3 is the user', 0x1dfn, read | write | execute | user],
    ['RPLV and PLV 0 are the kernel', 0x1d3n | (1n << 63n), read | write | execute],
    ['RPLV and PLV 1 are neither', 0x1d7n | (1n << 63n), 0],
    ['RPLV and PLV 3 are the user alone', 0x1dfn | (1n << 63n), user],
  ])('gives rights: %s', (_, entry, access) => {
    expect(readEntry(PTE_LEVEL, entry)).toMatchObject({ kind: ENTRY_KIND.leaf, access });
  });
});

describe('any entry', () => {
  /** Layouts of the page walk controllers: page shift and levels. */
  const layout = fc.constantFrom([12, 2], [12, 3], [12, 4], [14, 2], [14, 3], [16, 2], [16, 3]);
  const bitsOf = (value: bigint, high: number, low: number): bigint =>
    high < low ? 0n : (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

  it('is read as the manual has it, and base pages alike in full and in short', () => {
    const entry = fc.record({
      layout,
      palen: fc.integer({ min: 32, max: 60 }),
      level: fc.nat(3),
      lo: lane,
      hi: lane,
      pointsToInvalid: fc.boolean(),
    });
    fc.assert(
      fc.property(entry, ({ layout: [page, count], palen, level: any, lo, hi, pointsToInvalid }) => {
        const width = page! - 3;
        const names = { 2: ['pgd'], 3: ['pgd', 'pmd'], 4: ['pgd', 'pud', 'pmd'] }[count!]!;
        const levels = [...names, 'pte'].map((name, n) => ({
          name,
          shift: page! + (count! - 1 - n) * width,
          indexBits: width,
        }));
        const level = any % count!;
        const raw = toU64(lo, hi);
        // Sec. 5.4.5: a directory's table address.
        const table = Number(bitsOf(raw, palen - 1, 12) << 12n);
        const invalidTables = levels.slice(0, -1).map((_, n) => (pointsToInvalid && n === level ? table : -1));
        const reader = new LoongarchEntryReader({ ...LA464, ...setupPtwalker(levels), palen, invalidTables });
        expect(reader.levels).toEqual(levels);
        const out = entryReading();
        reader.read(level, lo, hi, out);
        const last = level === count! - 1;
        const directory = !last && bitsOf(raw, 6, 6) === 0n;
        const valid = bitsOf(raw, 0, 0) === 1n;
        if (directory && !pointsToInvalid) {
          expect(out).toMatchObject({ kind: ENTRY_KIND.table, address: table, access: 15 });
        } else if (directory) {
          expect(out).toMatchObject({
            kind: ENTRY_KIND.absent,
            fault: expect.stringContaining('invalid entries only'),
          });
        } else if (!valid) {
          expect(out).toMatchObject({ kind: ENTRY_KIND.absent, fault: 'page invalid (V = 0)' });
        } else {
          const low = last ? page! : levels[level]!.shift - 1;
          const plv = bitsOf(raw, 3, 2);
          const kernel = bitsOf(raw, 63, 63) === 0n || plv === 0n;
          const access =
            (kernel && bitsOf(raw, 61, 61) === 0n ? read : 0) +
            (kernel && bitsOf(raw, 1, 1) === 1n ? write : 0) +
            (kernel && bitsOf(raw, 62, 62) === 0n ? execute : 0) +
            (plv === 3n ? user : 0);
          expect(out).toMatchObject({
            kind: ENTRY_KIND.leaf,
            address: Number(bitsOf(raw, palen - 1, low) << BigInt(low)),
            access,
          });
        }
        if (!last) return;
        const high = reader.pages.high(lo, hi);
        expect(high >= 0).toBe(valid);
        if (valid) expect(high * 2 ** 32 + (reader.pages.low(lo, hi) >>> 0)).toBe(out.address);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a damaged machine', () => {
  it('faults where the manual says so', () => {
    const m = machine();
    const { table, index } = m.translatePage(0x200).steps[1]!;
    const lanes = m.entryLanes(table, index);
    lanes[0] = lanes[0]! & ~1;
    expect(m.translatePage(0x200).result).toMatchObject({ mapped: false, level: 1, fault: 'page invalid (V = 0)' });
    lanes[0] = lanes[0]! | 1;
    // Without H it is the address of a table, and there is none.
    lanes[0] = lanes[0]! & ~0x40;
    expect(m.translatePage(0x200).result.fault).toMatch(/^no table at 0x/);
    expect(m.verify().problems).not.toEqual([]);
  });

  it('maps by a huge page in the root, too', () => {
    const m = machine();
    const { table, index } = m.translatePage(0x200).steps[0]!;
    const lanes = m.entryLanes(table, index);
    lanes[0] = 0x11d3;
    lanes[1] = 16;
    expect(m.translatePage(0x200).result).toMatchObject({ mapped: true, level: 0, span: 2 ** 36 });
  });
});

describe('many addresses', () => {
  it('are translated as one by one, in every configuration', () => {
    for (const config of configs) {
      const failures = [{ order: 11, nth: 2 }];
      const m = machine(config, [range(0, 0, 4 * GiB)], { failures });
      const end = 8 * 512 * 2 ** 20 * 80 * 2 ** -m.model.pageShift + PMD;
      const one = translation();
      const expected = (offset: number): number | undefined => {
        m.ops.walker.walk(m.ops.initMm.root, offset, one);
        return one.mapped ? one.pa : undefined;
      };
      const found = (pas: Int32Array, i: number): number | undefined =>
        pas[2 * i + 1]! < 0 ? undefined : pas[2 * i + 1]! * 2 ** 32 + (pas[2 * i]! >>> 0);
      fc.assert(
        fc.property(fc.array(fc.nat(end), { maxLength: 40 }), (offsets) => {
          const pas = new Int32Array(2 * offsets.length);
          m.translateMany(Float64Array.from(offsets), pas);
          expect(offsets.map((_, i) => found(pas, i))).toEqual(offsets.map(expected));
        }),
        { numRuns: 15 },
      );
      fc.assert(
        fc.property(fc.nat(end), fc.constantFrom(80, 4096, 5000, 2 ** 24), fc.nat(30), (first, step, count) => {
          const pas = new Int32Array(2 * count);
          m.translateRange(first, step, count, pas);
          const offsets = Array.from({ length: count }, (_, n) => first + n * step).filter((o) => o < end);
          expect(offsets.map((_, i) => found(pas, i))).toEqual(offsets.map(expected));
        }),
        { numRuns: 15 },
      );
    }
  });
});
