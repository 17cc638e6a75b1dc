import { Arm64EntryReader, type Arm64Paging, rootOfTtbr1 } from '@vmemmap/arm64';
import { entryReading, translation } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB, machine, sizes } from './machine.ts';

const KINDS = ['absent', 'table', 'leaf', 'reserved'] as const;
const READ = 1;
const WRITE = 2;
const EXECUTE = 4;
const USER = 8;

const K4: Arm64Paging = { granule: 4096, vaBits: 48, ds: false, lpa: false, ipsBits: 48 };
const K16: Arm64Paging = { ...K4, granule: 16384 };
const K64: Arm64Paging = { ...K4, granule: 65536 };
const K4_LPA2: Arm64Paging = { ...K4, vaBits: 52, ds: true, ipsBits: 52 };
const K16_LPA2: Arm64Paging = { ...K16, vaBits: 52, ds: true, ipsBits: 52 };
const K64_LPA: Arm64Paging = { ...K64, vaBits: 52, lpa: true, ipsBits: 52 };

interface Read {
  readonly kind: (typeof KINDS)[number];
  readonly address: bigint;
  readonly access: number;
  readonly fault: string;
  /** The entry without its address. */
  readonly flags: bigint;
}

/** What the reader makes of an entry at a lookup level of the manual, -1 to 3. */
function readAt(reader: Arm64EntryReader, lookup: number, entry: bigint): Read {
  const out = entryReading();
  const level = lookup - 4 + reader.levels.length;
  reader.read(level, Number(BigInt.asIntN(32, entry)), Number(BigInt.asIntN(32, entry >> 32n)), out);
  const kind = KINDS[out.kind]!;
  const ends = kind === 'absent' || kind === 'reserved';
  return {
    kind,
    address: ends ? 0n : BigInt(out.address),
    access: ends ? 0 : out.access,
    fault: ends ? out.fault : '',
    flags: ends ? 0n : (BigInt(out.flagsHi >>> 0) << 32n) | BigInt(out.flagsLo >>> 0),
  };
}

const read = (paging: Arm64Paging, lookup: number, entry: bigint): Read =>
  readAt(new Arm64EntryReader(paging), lookup, entry);

describe('the levels', () => {
  it.each<[string, Arm64Paging, string]>([
    ['4K, T1SZ 12', K4_LPA2, 'pgd 48+4, p4d 39+9, pud 30+9, pmd 21+9, pte 12+9'],
    ['4K, T1SZ 16', K4, 'pgd 39+9, pud 30+9, pmd 21+9, pte 12+9'],
    ['4K, T1SZ 25', { ...K4, vaBits: 39 }, 'pgd 30+9, pmd 21+9, pte 12+9'],
    ['16K, T1SZ 12', K16_LPA2, 'pgd 47+5, pud 36+11, pmd 25+11, pte 14+11'],
    ['16K, T1SZ 16', K16, 'pgd 47+1, pud 36+11, pmd 25+11, pte 14+11'],
    ['16K, T1SZ 17', { ...K16, vaBits: 47 }, 'pgd 36+11, pmd 25+11, pte 14+11'],
    ['16K, T1SZ 28', { ...K16, vaBits: 36 }, 'pgd 25+11, pte 14+11'],
    ['64K, T1SZ 12', K64_LPA, 'pgd 42+10, pmd 29+13, pte 16+13'],
    ['64K, T1SZ 16', K64, 'pgd 42+6, pmd 29+13, pte 16+13'],
    ['64K, T1SZ 16, root of T1SZ 12', { ...K64, rootVaBits: 52 }, 'pgd 42+10, pmd 29+13, pte 16+13'],
    ['64K, T1SZ 22', { ...K64, vaBits: 42 }, 'pgd 29+13, pte 16+13'],
  ])('with a granule of %s', (_, paging, expected) => {
    const { levels } = new Arm64EntryReader(paging);
    expect(levels.map(({ name, shift, indexBits }) => `${name} ${shift}+${indexBits}`).join(', ')).toBe(expected);
  });
});

describe('descriptors', () => {
  const AF = 0x400n;
  const PAGE = 0x00e8_0000_0000_0703n;
  const BLOCK = 0x00e8_0000_0000_0701n;

  it.each<[string, Arm64Paging, number, bigint, Partial<Read>]>([
    ['not valid', K4, 3, 0x702n, { kind: 'absent', fault: 'translation fault, level 3: not valid (bit 0 is 0)' }],
    [
      'empty at level -1',
      K4_LPA2,
      -1,
      0n,
      { kind: 'absent', fault: 'translation fault, level -1: not valid (bit 0 is 0)' },
    ],
    ['01 at level 3', K4, 3, BLOCK, { kind: 'reserved', fault: 'translation fault, level 3: reserved descriptor' }],
    ['11 at level 3', K4, 3, PAGE | 0x1234_5000n, { kind: 'leaf', address: 0x1234_5000n, access: READ | WRITE }],
    ['11 at level 2', K4, 2, 0x1000_0000_1234_5403n, { kind: 'table', address: 0x1234_5000n }],
    ['a table without access flag', K4, 2, 0x1234_5003n, { kind: 'table', address: 0x1234_5000n }],
    [
      'a page without access flag',
      K4,
      3,
      PAGE & ~AF,
      { kind: 'reserved', fault: 'access flag fault, level 3: AF (bit 10) is 0' },
    ],
    [
      'a block without access flag',
      K4,
      2,
      BLOCK & ~AF,
      { kind: 'reserved', fault: 'access flag fault, level 2: AF (bit 10) is 0' },
    ],
    // Blocks by granule.
    ['a 2 MiB block', K4, 2, BLOCK | 0x1234_5000n, { kind: 'leaf', address: 0x1220_0000n }],
    ['a 1 GiB block', K4, 1, BLOCK | 0x7234_5000n, { kind: 'leaf', address: 0x4000_0000n }],
    [
      'a 512 GiB block without LPA2',
      K4,
      0,
      BLOCK,
      { kind: 'reserved', fault: 'translation fault, level 0: no blocks at this level' },
    ],
    ['a 512 GiB block with LPA2', K4_LPA2, 0, 0xff_1234_5401n, { kind: 'leaf', address: 0x80_0000_0000n }],
    [
      'a block at level -1',
      K4_LPA2,
      -1,
      BLOCK,
      { kind: 'reserved', fault: 'translation fault, level -1: no blocks at this level' },
    ],
    ['a 32 MiB block', K16, 2, BLOCK | 0x0334_4000n, { kind: 'leaf', address: 0x0200_0000n }],
    [
      'a 64 GiB block without LPA2',
      K16,
      1,
      BLOCK,
      { kind: 'reserved', fault: 'translation fault, level 1: no blocks at this level' },
    ],
    ['a 64 GiB block with LPA2', K16_LPA2, 1, 0x1f_1234_4401n, { kind: 'leaf', address: 0x10_0000_0000n }],
    ['a 512 MiB block', K64, 2, BLOCK | 0x3fff_0000n, { kind: 'leaf', address: 0x2000_0000n }],
    [
      'a 4 TiB block without LPA',
      K64,
      1,
      BLOCK,
      { kind: 'reserved', fault: 'translation fault, level 1: no blocks at this level' },
    ],
    ['a 4 TiB block with LPA', K64_LPA, 1, 0x0700_0000_5401n, { kind: 'leaf', address: 0x5_0400_0000_0000n }],
    // Where the uppermost address bits are.
    ['bits 9:8 with LPA2', K4_LPA2, 3, 0x00e8_0000_1234_5703n, { kind: 'leaf', address: 0xc_0000_1234_5000n }],
    [
      'bits 9:8 of a table with LPA2',
      K16_LPA2,
      2,
      0x1003_0000_1234_4503n,
      { kind: 'table', address: 0x7_0000_1234_4000n },
    ],
    ['bits 9:8 without LPA2: shareability', K4, 3, PAGE, { kind: 'leaf', address: 0n, flags: PAGE }],
    ['bits 49:48 with LPA2', K4_LPA2, 3, 0x00eb_0000_0000_0403n, { kind: 'leaf', address: 0x3_0000_0000_0000n }],
    [
      'bits 49:48 without LPA2: none',
      K4,
      3,
      0x00eb_0000_0000_0703n,
      { kind: 'leaf', address: 0n, flags: 0x00eb_0000_0000_0703n },
    ],
    ['bits 15:12 with LPA', K64_LPA, 3, 0x00e8_0000_0001_a703n, { kind: 'leaf', address: 0xa_0000_0001_0000n }],
    ['bits 49:48 with LPA: none', K64_LPA, 3, 0x00eb_0000_0001_0703n, { kind: 'leaf', address: 0x1_0000n }],
    ['bits 15:12 without LPA: none', K64, 3, 0x00e8_0000_0001_f703n, { kind: 'leaf', address: 0x1_0000n }],
    // Output addresses beyond TCR_EL1.IPS.
    [
      'a page beyond 44 bits',
      { ...K4, ipsBits: 44 },
      3,
      PAGE | (1n << 44n),
      { kind: 'reserved', fault: 'address size fault, level 3: address bit 44 with 44 bits of output address' },
    ],
    ['a page within 44 bits', { ...K4, ipsBits: 44 }, 3, PAGE | (1n << 43n), { kind: 'leaf', address: 1n << 43n }],
    [
      'a table beyond 48 bits',
      { ...K4_LPA2, ipsBits: 48 },
      1,
      0x1001_0000_0000_0403n,
      { kind: 'reserved', fault: 'address size fault, level 1: address bit 48 with 48 bits of output address' },
    ],
    [
      'a page beyond 48 bits by bits 15:12',
      { ...K64_LPA, ipsBits: 48 },
      3,
      0x1703n,
      { kind: 'reserved', fault: 'address size fault, level 3: address bit 48 with 48 bits of output address' },
    ],
    [
      'a page beyond 48 bits without access flag',
      { ...K4_LPA2, ipsBits: 48 },
      3,
      0x203n,
      { kind: 'reserved', fault: 'address size fault, level 3: address bit 51 with 48 bits of output address' },
    ],
    // Rights.
    ['AP[2]: read-only', K4, 3, PAGE | 0x80n, { access: READ }],
    ['AP[1]: EL0 reads and writes', K4, 3, PAGE | 0x40n, { access: READ | WRITE | USER }],
    ['AP[2:1]: EL0 reads', K4, 3, PAGE | 0xc0n, { access: READ | USER }],
    ['without PXN', K4, 3, PAGE & ~(1n << 53n), { access: READ | WRITE | EXECUTE }],
    ['without PXN, but EL0 writes', K4, 3, (PAGE & ~(1n << 53n)) | 0x40n, { access: READ | WRITE | USER }],
    ['without UXN: nothing to the kernel', K4, 3, PAGE & ~(1n << 54n), { access: READ | WRITE }],
    ['a table', K4, 2, 0x403n, { access: READ | WRITE | EXECUTE | USER }],
    ['PXNTable', K4, 2, 0x403n | (1n << 59n), { access: READ | WRITE | USER }],
    ['UXNTable: nothing to the kernel', K4, 2, 0x403n | (1n << 60n), { access: READ | WRITE | EXECUTE | USER }],
    ['APTable[0]', K4, 2, 0x403n | (1n << 61n), { access: READ | WRITE | EXECUTE }],
    ['APTable[1]', K4, 2, 0x403n | (1n << 62n), { access: READ | EXECUTE | USER }],
    // Of no consequence: contiguous, nG, software bits.
    ['hints', K4, 3, PAGE | (1n << 52n) | (1n << 57n) | 0x800n, { kind: 'leaf', access: READ | WRITE, address: 0n }],
  ])('%s', (_, paging, lookup, entry, expected) => {
    expect(read(paging, lookup, entry)).toMatchObject(expected);
  });
});

/** DDI 0487 sec. D8.3.1 once more, as straight as it can be said. */
function manual({ granule, ds, lpa, ipsBits }: Arm64Paging, lookup: number, entry: bigint): Read {
  const field = (high: number, low: number): bigint => (entry >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
  const set = (at: number): boolean => field(at, at) === 1n;
  const none = { address: 0n, access: 0, flags: 0n };
  const fault = (kind: Read['kind'], what: string): Read => ({ kind, ...none, fault: what });
  if (!set(0)) return fault('absent', 'translation fault');
  const isTable = lookup < 3 && set(1);
  const blockBits: Record<string, number | undefined> = {
    '4096 2': 21,
    '4096 1': 30,
    '4096 0': ds ? 39 : undefined,
    '16384 2': 25,
    '16384 1': ds ? 36 : undefined,
    '65536 2': 29,
    '65536 1': lpa ? 42 : undefined,
  };
  const pageBits = { 4096: 12, 16384: 14, 65536: 16 }[granule]!;
  const lowest = set(1) ? pageBits : blockBits[`${granule} ${lookup}`];
  if (lowest === undefined) return fault('reserved', 'translation fault');
  const highest = ds && granule !== 65536 ? 49 : 47;
  let address = field(highest, lowest) << BigInt(lowest);
  let addressBits = (field(highest, lowest) << BigInt(lowest)) & entry;
  if (ds && granule !== 65536) {
    address |= field(9, 8) << 50n;
    addressBits |= 0x300n;
  }
  if (lpa && granule === 65536) {
    address |= field(15, 12) << 48n;
    addressBits |= 0xf000n;
  }
  if (address >> BigInt(ipsBits) !== 0n) return fault('reserved', 'address size fault');
  if (!isTable && !set(10)) return fault('reserved', 'access flag fault');
  const write = isTable ? !set(62) : !set(7);
  const user = isTable ? !set(61) : set(6);
  const execute = isTable ? !set(59) : !set(53) && !(set(6) && !set(7));
  const access = READ + (write ? WRITE : 0) + (execute ? EXECUTE : 0) + (user ? USER : 0);
  return { kind: isTable ? 'table' : 'leaf', address, access, fault: '', flags: entry & ~addressBits };
}

describe('any descriptor', () => {
  const paging = fc
    .record({
      granule: fc.constantFrom(4096, 16384, 65536),
      wide: fc.boolean(),
      ipsBits: fc.constantFrom(32, 36, 40, 42, 44, 48, 52),
    })
    .map(({ granule, wide, ipsBits }) => ({
      granule,
      vaBits: wide ? 52 : 48,
      ds: wide && granule !== 65536,
      lpa: wide && granule === 65536,
      ipsBits: wide ? ipsBits : Math.min(ipsBits, 48),
    }));
  // Mostly valid ones, and of few address bits, so that all ends are met.
  const entry = fc
    .record({
      any: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      type: fc.constantFrom(0n, 1n, 1n, 3n, 3n, 3n),
      mask: fc.constantFrom(~0n, 0xffff_0000_ffff_ffffn, 0xffff_0000_ffff_0cffn, 0xfffc_00ff_ffff_fcffn),
    })
    .map(({ any, type, mask }) => (any & mask & ~3n) | type);

  it('is read as the manual says: kind, address, rights, fault', () => {
    fc.assert(
      fc.property(paging, entry, (chosen, value) => {
        const reader = new Arm64EntryReader(chosen);
        for (let lookup = 4 - reader.levels.length; lookup <= 3; lookup++) {
          const { fault, ...found } = readAt(reader, lookup, value);
          const { fault: wanted, ...expected } = manual(chosen, lookup, value);
          expect(found).toEqual(expected);
          expect(fault.startsWith(wanted) && (fault === '') === (wanted === '')).toBe(true);
          if (fault !== '') expect(fault).toContain(`level ${lookup}`);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('of a page is read alike in full and in short', () => {
    fc.assert(
      fc.property(paging, entry, (chosen, value) => {
        const reader = new Arm64EntryReader(chosen);
        const { kind, address } = readAt(reader, 3, value);
        const lanes = [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))] as const;
        const high = reader.pages.high(...lanes);
        expect(high >= 0).toBe(kind === 'leaf');
        if (high >= 0) expect((BigInt(high) << 32n) | BigInt(reader.pages.low(...lanes) >>> 0)).toBe(address);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an address', () => {
  it.each<[string, Arm64Paging, bigint, string]>([
    ['of 48 bits', K4, 0xffff_0000_0000_0000n, ''],
    ['below 48 bits', K4, 0xfffe_ffff_ffff_ffffn, 'translation fault, level 0: bits 63:48 are not all ones'],
    ['of TTBR0', K4, 0x0000_1234_5678_9000n, 'translation fault, level 0: bits 63:48 are not all ones'],
    ['with a tag', K4, 0x0fff_f000_0000_0000n, 'translation fault, level 0: bits 63:48 are not all ones'],
    ['of 52 bits', K4_LPA2, 0xfff0_0000_0000_0000n, ''],
    ['below 52 bits', K4_LPA2, 0xffef_ffff_ffff_ffffn, 'translation fault, level -1: bits 63:52 are not all ones'],
    [
      'below 39 bits',
      { ...K4, vaBits: 39 },
      0xffff_ff7f_ffff_ffffn,
      'translation fault, level 1: bits 63:39 are not all ones',
    ],
    [
      'below 36 bits',
      { ...K16, vaBits: 36 },
      0xffff_ffef_ffff_ffffn,
      'translation fault, level 2: bits 63:36 are not all ones',
    ],
    [
      'below 48 bits with a root for 52',
      { ...K64, rootVaBits: 52 },
      0xfff0_0000_0000_0000n,
      'translation fault, level 1: bits 63:48 are not all ones',
    ],
  ])('%s is taken by TTBR1_EL1 or refused', (_, paging, va, fault) => {
    expect(new Arm64EntryReader(paging).refuses(va)).toBe(fault);
  });

  it('is refused by a machine as by its CPU', () => {
    expect(machine().translate(0xffef_ffff_ffff_ffffn).result.fault).toContain('bits 63:52');
    expect(machine({ lpa2: false }).translate(0xfffe_ffff_ffff_ffffn).result.fault).toContain('bits 63:48');
    expect(machine({ pageSize: 65536, vaBitsActual: 48 }).translate(0xfff0_0000_0000_0000n).result.fault).toContain(
      '63:48',
    );
  });
});

describe('walking', () => {
  it('adds up rights over the levels', () => {
    const m = machine({ vaBits: 48 });
    const pfn = (2 * GiB) / 4096;
    const { steps, result } = m.translatePage(pfn);
    expect(result.access).toBe(READ | WRITE);
    const pud = m.entryLanes(steps[1]!.table, steps[1]!.index);
    pud[1] = pud[1]! | 0x4000_0000;
    expect(m.translatePage(pfn).result.access).toBe(READ);
  });

  it('stops at a table that is not there, and where there is nothing', () => {
    const m = machine();
    const step = m.translatePage((2 * GiB) / 4096).steps[2]!;
    m.entryLanes(step.table, step.index)[0] = 0x7000403;
    expect(m.translatePage((2 * GiB) / 4096).result).toMatchObject({ mapped: false, fault: 'no table at 0x7000000' });
    expect(m.translatePage(0x4000_0000).result).toMatchObject({ mapped: false, level: 1 });
  });

  it('of many at once is as one by one', () => {
    for (const config of [{}, { lpa2: false }, { pageSize: 16384 }, { pageSize: 65536, vaBitsActual: 48 }]) {
      const m = machine(config);
      const one = translation();
      const end = 3 * sizes(m).memmap;
      fc.assert(
        fc.property(fc.array(fc.nat(end), { maxLength: 40 }), fc.constantFrom(64, 4096, 5000), (list, step) => {
          const pas = new Int32Array(2 * list.length);
          m.translateMany(Float64Array.from(list), pas);
          const range = new Int32Array(2 * list.length);
          m.translateRange(list[0] ?? 0, step, list.length, range);
          for (const [i, offset] of list.entries()) {
            for (const [found, at] of [
              [pas, offset],
              [range, list[0]! + i * step],
            ] as const) {
              m.ops.walker.walk(m.ops.initMm.root, at, one);
              const high = found[2 * i + 1]!;
              expect(high >= 0 ? high * 2 ** 32 + (found[2 * i]! >>> 0) : undefined).toBe(
                one.mapped ? one.pa : undefined,
              );
            }
          }
        }),
      );
    }
  });
});

describe('TTBR1_EL1', () => {
  it('holds the root without ASID and CnP, and with 52 bits the uppermost bits of it in 5:2', () => {
    expect(rootOfTtbr1(0x0001_0000_4270_3001n, false)).toBe(0x4270_3000);
    expect(rootOfTtbr1(0x0001_0000_4270_3001n, true)).toBe(0x4270_3000);
    expect(rootOfTtbr1(0x0000_0000_4270_3028n, true)).toBe(0xa_0000_4270_3000);
    // The last 64 of 1024 entries: TTBR1_BADDR_4852_OFFSET.
    expect(rootOfTtbr1(0x0000_0000_4270_1e00n, true)).toBe(0x4270_1e00);
  });
});
