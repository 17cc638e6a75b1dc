import { ACCESS, ENTRY_KIND, entryReading, toU64 } from '@vmemmap/core';
import { RadixEntryReader } from '@vmemmap/powerpc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOps, MiB, machine, range } from './machine.ts';

type Kind = keyof typeof ENTRY_KIND;

const read = (pageShift: 12 | 16, level: number, entry: bigint) => {
  const out = entryReading();
  const lo = Number(BigInt.asIntN(32, entry));
  const hi = Number(BigInt.asIntN(32, entry >> 32n));
  new RadixEntryReader(pageShift).read(level, lo, hi, out);
  const kind = (Object.keys(ENTRY_KIND) as Kind[]).find((name) => ENTRY_KIND[name] === out.kind)!;
  return { ...out, kind, flags: toU64(out.flagsLo, out.flagsHi) };
};

describe('the radix walker', () => {
  it.each<[string, 12 | 16, number, bigint, Kind, string]>([
    ['V = 0', 12, 2, 0x4000_0000_0000_018en, 'absent', 'not valid (V = 0)'],
    ['an empty entry', 16, 0, 0n, 'absent', 'not valid (V = 0)'],
    ['a leaf of 512 GiB', 12, 0, 0xc000_0000_0000_018en, 'reserved', 'a page of 512 GiB'],
    ['a table below the last level', 12, 3, 0x8000_0000_0000_1000n, 'reserved', 'no address bits are left'],
    ['a PUD table of another size', 12, 0, 0x8000_0000_0001_0008n, 'reserved', 'NLS 8 instead of 9'],
    ['a PMD table of another size', 16, 1, 0x8000_0000_0001_0000n, 'reserved', 'NLS 0 instead of 9'],
    ['a PTE table of 64K pages with 4K pages', 12, 2, 0x8000_0000_0001_0005n, 'reserved', 'NLS 5 instead of 9'],
    ['a PTE table of 4K pages with 64K pages', 16, 2, 0x8000_0000_0001_0009n, 'reserved', 'NLS 9 instead of 5'],
    ['a leaf beyond real memory', 12, 3, 0xc020_0000_0000_018en, 'reserved', 'more than 53 bits'],
    ['a table beyond real memory', 12, 2, 0x8100_0000_0000_0009n, 'reserved', 'more than 53 bits'],
  ])('ends at %s', (_, pageShift, level, entry, kind, fault) => {
    const reading = read(pageShift, level, entry);
    expect(reading.kind).toBe(kind);
    expect(reading.fault).toContain(fault);
  });

  it('takes the rights of EAA, from the leaf alone', () => {
    const rights = (eaa: bigint): number => read(12, 3, 0xc000_0000_0000_0180n | eaa).access;
    expect(rights(0xen)).toBe(ACCESS.read | ACCESS.write);
    expect(rights(0xcn)).toBe(ACCESS.read);
    expect(rights(0x8n)).toBe(0);
    expect(rights(0xdn)).toBe(ACCESS.read | ACCESS.execute);
    expect(rights(0x4n)).toBe(ACCESS.read | ACCESS.user);
    // "Read/Write" allows reads without "Read".
    expect(rights(0xan)).toBe(ACCESS.read | ACCESS.write);
    expect(read(12, 2, 0x8000_0000_0001_0009n).access).toBe(15);
  });

  it('leaves address bits below the page size aside', () => {
    expect(read(12, 2, 0xc000_0000_0021_f18en)).toMatchObject({ address: 0x20_0000, flags: 0xc000_0000_0001_f18en });
    expect(read(12, 1, 0xc000_0000_4020_018en)).toMatchObject({ address: 0x4000_0000 });
    expect(read(16, 3, 0xc000_0000_0021_f18en)).toMatchObject({ address: 0x21_0000 });
  });

  it('reads the entries of a booted kernel with 64K pages, whose PTE tables lie at multiples of 256', () => {
    expect(read(16, 2, 0x8000_0000_034b_0505n)).toMatchObject({ kind: 'table', address: 0x34b_0500 });
    expect(read(16, 3, 0xc000_0000_8000_018en)).toMatchObject({ kind: 'leaf', address: 0x8000_0000 });
    expect(read(16, 2, 0xc000_0000_3fc0_018en)).toMatchObject({ kind: 'leaf', address: 0x3fc0_0000 });
  });

  it('goes through the quadrant of the kernel only, and ignores EA bits 2:11', () => {
    const m = machine();
    const va = m.pageAddress(5);
    expect(m.translate(va).result.mapped).toBe(true);
    expect(m.translate(va | (0x3ffn << 52n)).result.pa).toBe(m.translate(va).result.pa);
    for (const [quadrant, text] of [
      [0n, 'quadrant 0'],
      [1n, 'quadrant 1'],
      [2n, 'quadrant 2'],
    ] as const) {
      const { result, steps } = m.translate((va & ((1n << 62n) - 1n)) | (quadrant << 62n));
      expect([result.mapped, steps.length, result.fault]).toEqual([false, 0, expect.stringContaining(text)]);
    }
  });

  it('reads any entry as the manual says, in full and in short', () => {
    // The fields, cut out of the whole entry.
    const oracle = (pageShift: number, level: number, entry: bigint): [Kind, bigint?, number?] => {
      const field = (high: number, low: number): bigint => BigInt.asUintN(high - low + 1, entry >> BigInt(low));
      if (field(63, 63) === 0n) return ['absent'];
      if (field(62, 62) === 0n) {
        const nls = [9n, 9n, pageShift === 12 ? 9n : 5n][level];
        const address = field(59, 8) << 8n;
        return nls !== undefined && field(4, 0) === nls && address < 1n << 53n ? ['table', address, 15] : ['reserved'];
      }
      const size = [0n, 30n, 21n, BigInt(pageShift)][level]!;
      if (level === 0 || field(56, 53) !== 0n) return ['reserved'];
      const access =
        (field(2, 1) !== 0n ? 1 : 0) |
        (field(1, 1) !== 0n ? 2 : 0) |
        (field(0, 0) !== 0n ? 4 : 0) |
        (field(3, 3) === 0n ? 8 : 0);
      return ['leaf', ((field(56, 12) << 12n) >> size) << size, access];
    };
    const entry = fc
      .record({
        bits: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        top: fc.constantFrom(0n, 1n, 2n, 3n),
        low: fc.constantFrom(0n, 5n, 9n, 0x18en, 31n),
        near: fc.boolean(),
      })
      .map(
        ({ bits, top, low, near }) =>
          (top << 62n) | (near ? (bits & 0x001f_ffff_ffff_f000n) | low : bits & ((1n << 62n) - 1n)),
      );
    fc.assert(
      fc.property(entry, fc.nat(3), fc.constantFrom<12 | 16>(12, 16), (value, level, pageShift) => {
        const [kind, address, access] = oracle(pageShift, level, value);
        const reading = read(pageShift, level, value);
        expect(reading.kind).toBe(kind);
        if (address !== undefined) expect([BigInt(reading.address), reading.access]).toEqual([address, access]);
        else expect(reading.fault).not.toBe('');
        const { pages } = new RadixEntryReader(pageShift);
        const lo = Number(BigInt.asIntN(32, value));
        const hi = Number(BigInt.asIntN(32, value >> 32n));
        if (level !== 3) return;
        const short = pages.high(lo, hi);
        expect(short >= 0).toBe(kind === 'leaf');
        if (short >= 0) expect(toU64(pages.low(lo, hi), short)).toBe(address);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the hash walker', () => {
  const configs = [
    { mmu: 'hash', vmemmapPageSize: 4096 },
    { mmu: 'hash', vmemmapPageSize: 4096, segment1T: false },
    { mmu: 'hash', vmemmapPageSize: 4096, lpar: false },
    { mmu: 'hash', pageSize: 65536, vmemmapPageSize: 65536 },
    { mmu: 'hash', pageSize: 65536, vmemmapPageSize: 65536, lpar: false, segment1T: false },
    { mmu: 'hash', vmemmapPageSize: 2 ** 24 },
    { mmu: 'hash', vmemmapPageSize: 2 ** 24, lpar: false, va68: false },
  ] as const;

  /** The four lanes of the only entry in the group of an offset's entry. */
  const lanesOf = (m: ReturnType<typeof machine>, offset: number): Int32Array => {
    const { steps } = m.translate(m.window.start + BigInt(offset));
    const { hashTable } = hashOps(m);
    const base = m.translate(m.window.start).steps[0]!.table;
    const first = steps[0]!;
    const bytes = 2 ** (hashTable.groupBits + 7);
    const group = (first.table % bytes) / 128;
    expect(first.table - base).toBeLessThan(bytes);
    const word = hashTable.find(group) + 4 * (first.index / 2);
    return hashTable.lanes.subarray(word, word + 4);
  };

  it.each(configs)('finds no entry of %o in which anything that it compares is changed', (config) => {
    const m = machine(config);
    const isa300 = 'lpar' in config;
    const large = config.vmemmapPageSize !== 4096;
    const lanes = lanesOf(m, 0);
    // Bit numbers as the manual has them: V, H, L, the ends of AVA, B, and LP where it is compared.
    const bits: [number, number][] = [
      [0, 63],
      [0, 62],
      [0, 61],
      [0, config.vmemmapPageSize === 2 ** 24 ? 55 : 56],
      [0, isa300 ? 12 : 2],
      isa300 ? [1, 5] : [0, 1],
      isa300 ? [1, 4] : [0, 0],
    ];
    if (large) bits.push([1, 51]);
    if (config.vmemmapPageSize === 2 ** 24) bits.push([1, 44]);
    for (const [word, bit] of bits) {
      const lane = 2 * word + (bit < 32 ? 1 : 0);
      const mask = 1 << (31 - (bit % 32));
      lanes[lane]! ^= mask;
      const walk = m.translatePage(0);
      expect([word, bit, walk.result.mapped]).toEqual([word, bit, false]);
      expect(walk.result.fault).toBe('no entry in the primary or secondary group matches');
      expect(walk.steps.map(({ kind }) => kind)).toEqual(['absent', 'absent']);
      lanes[lane]! ^= mask;
      expect(m.translatePage(0).result.mapped).toBe(true);
    }
  });

  it.each(configs)('finds the entry of %o whatever the other bits are', (config) => {
    const m = machine(config);
    const lanes = lanesOf(m, 0);
    const { pa } = m.translatePage(0).result;
    const bits: [number, number][] = [57, 58, 59, 60].map((bit) => [0, bit]);
    bits.push(...[2, 3, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61].map((bit): [number, number] => [1, bit]));
    // AVA bits below the page size do not count.
    if (config.vmemmapPageSize === 2 ** 24) bits.push([0, 56]);
    for (const [word, bit] of bits) {
      const lane = 2 * word + (bit < 32 ? 1 : 0);
      lanes[lane]! ^= 1 << (31 - (bit % 32));
      expect([word, bit, m.translatePage(0).result]).toMatchObject([word, bit, { mapped: true, pa }]);
      lanes[lane]! ^= 1 << (31 - (bit % 32));
    }
  });

  it('takes the rights of PP with the kernel key of the segment, N and G', () => {
    const m = machine(configs[0]);
    const lanes = lanesOf(m, 0);
    const [lo, hi] = [lanes[2]!, lanes[3]!];
    const rights = (pp0: number, pp: number, ng = 4): number => {
      lanes[2] = (lo & ~0xf) | pp | ng;
      lanes[3] = hi | (pp0 << 31);
      return m.translatePage(0).result.access;
    };
    const { read: r, write: w, execute: x, user: u } = ACCESS;
    expect([0, 1, 2, 3].map((pp) => rights(0, pp))).toEqual([r | w, r | w | u, r | w | u, r | u]);
    expect([0, 1, 2, 3].map((pp) => rights(1, pp))).toEqual([0, 0, r, 0]);
    expect([0, 4, 8, 12].map((ng) => rights(0, 0, ng) & x)).toEqual([x, 0, 0, 0]);
  });

  it('reads addresses in short as in full, also across holes and at the edges of the window', () => {
    for (const config of configs) {
      const m = machine(config, [range(0, 0, 160 * MiB), range(0, 544 * MiB, 560 * MiB)]);
      const offsets = fc.array(fc.integer({ min: -8192, max: 40 * MiB }), { maxLength: 40 });
      fc.assert(
        fc.property(offsets, fc.constantFrom(64, 4096, 5000, 2 ** 20), (list, step) => {
          const many = new Int32Array(2 * list.length);
          m.translateMany(Float64Array.from(list), many);
          const run = new Int32Array(2 * 30);
          const first = Math.max(0, list[0] ?? 0);
          m.translateRange(first, step, 30, run);
          const check = (offset: number, lo: number, hi: number): void => {
            const { result } = m.translate(m.window.start + BigInt(offset));
            expect(hi < 0 ? undefined : hi * 2 ** 32 + (lo >>> 0)).toBe(result.mapped ? result.pa : undefined);
          };
          for (const [n, offset] of list.entries()) check(offset, many[2 * n]!, many[2 * n + 1]!);
          for (let n = 0; n < 30; n++) check(first + n * step, run[2 * n]!, run[2 * n + 1]!);
        }),
        { numRuns: 30 },
      );
    }
  });

  it('reports a hole up to the next page that is mapped, and to the end of the window after the last', () => {
    for (const config of configs) {
      const m = machine(config, [range(0, 0, 256 * MiB), range(0, 128 * 1024 * MiB, 128 * 1024 * MiB + 16 * MiB)]);
      const size = config.vmemmapPageSize;
      const leaves = [...m.leaves()];
      const upper = leaves.at(-1)!;
      const first = leaves.find(
        ({ offset }) => offset >= m.offsetOfPage((128 * 1024 * MiB) / 2 ** m.model.pageShift) - size,
      )!;
      const end = upper.offset + upper.count * upper.size;
      const before = m.translate(m.window.start + BigInt(first.offset) - 1n).result;
      expect([before.mapped, before.span - before.inside]).toEqual([false, 1]);
      const last = m.translate(m.window.start + BigInt(end)).result;
      expect([last.mapped, last.inside, last.span]).toEqual([false, 0, Number(m.window.end - m.window.start) - end]);
    }
  });

  it('knows no segments but those of the vmemmap', () => {
    const m = machine(configs[0]);
    for (const va of [m.window.start - 1n, m.window.end, 0n])
      expect(m.translate(va)).toMatchObject({
        steps: [],
        result: { mapped: false, fault: expect.stringContaining('not in the vmemmap') },
      });
  });
});
