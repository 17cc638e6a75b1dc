import { ENTRY_KIND, type EntryReading, entryReading, translation } from '@vmemmap/core';
import { type SparcConfig, SparcEntryReader, type SparcTlb } from '@vmemmap/sparc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB, machine, PMD, range } from './machine.ts';

const [PGD, PUD, PMD_LEVEL, PTE] = [0, 1, 2, 3];

const tlb = (tlbType: SparcTlb['tlbType'], realAddressBits: number, vaBits: number, vmemmapBase: bigint): SparcTlb => ({
  tlbType,
  realAddressBits,
  vaBits,
  vmemmapBase,
});
const SPITFIRE = tlb('spitfire', 40, 44, 0x0600_0000_0000n);
const CHEETAH = tlb('cheetah', 42, 64, 0x000c_0000_0000_0000n);
const CHEETAH_PLUS = tlb('cheetah+', 42, 64, 0x000c_0000_0000_0000n);
const T1 = tlb('hypervisor', 39, 48, 0x6000_0000_0000n);
const T4 = tlb('hypervisor', 47, 52, 0x0006_0000_0000_0000n);
const M8 = tlb('hypervisor', 51, 54, 0x000c_0000_0000_0000n);
const ALL = [SPITFIRE, CHEETAH, CHEETAH_PLUS, T1, T4, M8];

const lanes = (entry: bigint): [number, number] => [
  Number(BigInt.asIntN(32, entry)),
  Number(BigInt.asIntN(32, entry >> 32n)),
];

function read(of: SparcTlb, level: number, entry: bigint): EntryReading {
  const out = entryReading();
  new SparcEntryReader(of).read(level, ...lanes(entry), out);
  return out;
}

describe('addresses', () => {
  const refuses = (of: SparcTlb, va: bigint): string => new SparcEntryReader(of).refuses(va);

  it.each<[string, SparcTlb, bigint, string]>([
    ['the VA hole of 44 bits', SPITFIRE, 0x0000_0800_0000_0000n, 'in the VA hole: bits 63:43 differ'],
    ['its last address', SPITFIRE, 0xffff_f7ff_ffff_ffffn, 'in the VA hole: bits 63:43 differ'],
    ['the VA hole of 48 bits', T1, 0x0000_8000_0000_0000n, 'in the VA hole: bits 63:47 differ'],
    ['the VA hole of 52 bits', T4, 0x0008_0000_0000_0000n, 'in the VA hole: bits 63:51 differ'],
    ['the VA hole of 54 bits', M8, 0x0020_0000_0000_0000n, 'in the VA hole: bits 63:53 differ'],
    ['the linear mapping', SPITFIRE, 0xffff_f800_0000_0000n, 'bit 63 set: the linear mapping'],
    ['the linear mapping of a CPU without a hole', CHEETAH, 0x8000_0000_0000_0000n, 'bit 63 set: the linear mapping'],
    ['address 0', T4, 0n, 'a NULL pointer: not above 0x2000'],
    ['the first byte of page 1, which `bleu` takes too', T4, 0x2000n, 'a NULL pointer: not above 0x2000'],
    ['what is below the modules', SPITFIRE, 0x2001n, 'below MODULES_VADDR'],
    ['the last address there', SPITFIRE, 0x0fff_ffffn, 'below MODULES_VADDR'],
    ['the firmware', SPITFIRE, 0xf000_0000n, 'a mapping of the firmware'],
    ['the last address of the firmware', SPITFIRE, 0xffff_ffffn, 'a mapping of the firmware'],
  ])('are refused: %s', (_, of, va, fault) => {
    expect(refuses(of, va)).toBe(fault);
  });

  it('are walked: modules, vmalloc, the vmemmap up to the hole', () => {
    for (const of of ALL) {
      const top = of.vaBits === 64 ? 1n << 63n : 1n << BigInt(of.vaBits - 1);
      for (const va of [0x1000_0000n, 0xefff_ffffn, 0x1_0000_0000n, of.vmemmapBase - 1n, of.vmemmapBase, top - 1n])
        expect(refuses(of, va)).toBe('');
    }
  });

  it('with bits above 52 are walked without them where there is no hole', () => {
    const m = machine({ chip: 'cheetah' });
    const { start } = m.window;
    for (const bit of [53n, 58n, 62n])
      expect(m.translate(start + (1n << bit) + 0x1234n).result).toMatchObject({
        mapped: true,
        pa: m.translate(start + 0x1234n).result.pa,
      });
    expect(m.translate(start + (1n << 63n)).result).toMatchObject({
      mapped: false,
      fault: expect.stringContaining('63'),
    });
  });

  it('refused end the walk before any table is read', () => {
    const m = machine();
    expect(m.translate(0n).steps).toEqual([]);
    expect(m.translate(m.window.start - 1n)).toMatchObject({ steps: [{ level: 'pgd' }, { level: 'pud' }] });
  });
});

describe('empty entries', () => {
  it('are 0 above the last level', () => {
    for (const of of ALL)
      for (const level of [PGD, PUD, PMD_LEVEL])
        expect(read(of, level, 0n)).toMatchObject({ kind: ENTRY_KIND.absent, fault: 'empty (0)' });
  });

  it('are any without V in the last level', () => {
    for (const of of ALL)
      for (const entry of [0n, 0x2000n, 0x7fff_ffff_ffff_ffffn])
        expect(read(of, PTE, entry)).toMatchObject({
          kind: ENTRY_KIND.absent,
          fault: 'V = 0: the handler takes it for a fault',
        });
  });

  it('are those with the huge bit and without V, too', () => {
    for (const of of ALL)
      for (const level of [PUD, PMD_LEVEL])
        expect(read(of, level, 0x6100_0000_0000_0036n)).toMatchObject({
          kind: ENTRY_KIND.absent,
          fault: 'bit 56 set and V = 0: the handler takes it for a fault',
        });
  });
});

describe('tables', () => {
  it('are whatever is not 0 and has no huge bit, in the root with the bit too', () => {
    for (const of of ALL)
      for (const level of [PGD, PUD, PMD_LEVEL])
        expect(read(of, level, 0xffe2_e000n)).toMatchObject({
          kind: ENTRY_KIND.table,
          address: 0xffe2_e000,
          access: 15,
        });
    expect(read(SPITFIRE, PGD, 0x8100_0000_ffe2_e000n)).toMatchObject({
      kind: ENTRY_KIND.table,
      address: 0xffe2_e000,
      flagsHi: 0x8100_0000 | 0,
    });
  });

  it('are at a physical address that sun4u cuts to what there is', () => {
    expect(read(SPITFIRE, PUD, 0x0000_0200_0000_2000n)).toMatchObject({ address: 0x2000, flagsHi: 0x200 });
    expect(read(SPITFIRE, PUD, 0x0000_0100_0000_2000n)).toMatchObject({ address: 2 ** 40 + 0x2000, flagsHi: 0 });
    expect(read(CHEETAH, PUD, 0x0000_0400_0000_2000n)).toMatchObject({ address: 2 ** 42 + 0x2000, flagsHi: 0 });
    expect(read(CHEETAH, PUD, 0x0000_0800_0000_2000n)).toMatchObject({ address: 0x2000, flagsHi: 0x800 });
  });

  it('are at a real address that sun4v must have', () => {
    for (const of of [T1, T4, M8]) {
      const bits = BigInt(of.realAddressBits);
      expect(read(of, PUD, 1n << (bits - 1n))).toMatchObject({
        kind: ENTRY_KIND.table,
        address: 2 ** Number(bits - 1n),
      });
      for (let bit = bits; bit < 64n; bit++) {
        if (bit === 56n) continue;
        expect(read(of, PUD, (1n << bit) | 0x2000n)).toMatchObject({
          kind: ENTRY_KIND.reserved,
          fault: `no real address: bit ${bit} of a table address set`,
        });
      }
    }
  });

  it('at an address that is not a multiple of 8 trap', () => {
    for (const of of ALL)
      for (const low of [1n, 2n, 4n, 7n])
        expect(read(of, PMD_LEVEL, 0x2000n | low)).toMatchObject({
          kind: ENTRY_KIND.reserved,
          fault: 'mem_address_not_aligned: bits 2:0 of a table address set',
        });
  });
});

describe('TTEs', () => {
  it.each<[string, SparcTlb, number, bigint, string]>([
    ['64 KiB in a PTE', SPITFIRE, PTE, 0x2000n << 48n, 'page size 64 KiB: a pte entry needs 8 KiB'],
    ['512 KiB in a PTE', SPITFIRE, PTE, 0x4000n << 48n, 'page size 512 KiB: a pte entry needs 8 KiB'],
    ['4 MiB in a PTE', CHEETAH, PTE, 0x6000n << 48n, 'page size 4 MiB: a pte entry needs 8 KiB'],
    ['32 MiB in a PTE of Panther', CHEETAH_PLUS, PTE, 0x0001n << 48n, 'page size 32 MiB: a pte entry needs 8 KiB'],
    ['8 KiB in a PMD', SPITFIRE, PMD_LEVEL, 0x0100n << 48n, 'page size 8 KiB: a pmd entry needs 4 MiB'],
    ['4 MiB in a PUD', SPITFIRE, PUD, 0x6100n << 48n, 'page size 4 MiB: a pud entry needs 256 MiB'],
    ['64 KiB in a PTE of sun4v', T4, PTE, 1n, 'page size 64 KiB: a pte entry needs 8 KiB'],
    ['4 MiB in a PTE of sun4v', T4, PTE, 3n, 'page size 4 MiB: a pte entry needs 8 KiB'],
    ['a reserved code of sun4v', T4, PTE, 8n, 'page size code 8: a pte entry needs 8 KiB'],
    ['the highest code of sun4v', T4, PMD_LEVEL, (0x0100n << 48n) | 15n, 'page size code 15: a pmd entry needs 4 MiB'],
    ['256 MiB in a PMD of sun4v', T4, PMD_LEVEL, (0x0100n << 48n) | 5n, 'page size 256 MiB: a pmd entry needs 4 MiB'],
    ['16 GiB in a PUD of sun4v', M8, PUD, (0x0100n << 48n) | 7n, 'page size 16 GiB: a pud entry needs 256 MiB'],
  ])('of another size than the handler fills bits in for are none: %s', (_, of, level, flags, fault) => {
    expect(read(of, level, (1n << 63n) | flags | 0x2_0000_0000n)).toMatchObject({ kind: ENTRY_KIND.reserved, fault });
  });

  it('of bit 48 mean nothing before Panther', () => {
    for (const of of [SPITFIRE, CHEETAH])
      expect(read(of, PTE, 0x8001_0000_0000_2000n)).toMatchObject({ kind: ENTRY_KIND.leaf, address: 0x2000 });
  });

  it('of a PUD map 8 GiB: 256 MiB each, bits 32:28 from the address', () => {
    expect(read(CHEETAH_PLUS, PUD, 0xa101_0002_1000_0036n)).toMatchObject({
      kind: ENTRY_KIND.leaf,
      address: 0x2_0000_0000,
      flagsLo: 0x1000_0036,
    });
    expect(read(M8, PUD, 0x8100_0003_f000_0745n)).toMatchObject({
      kind: ENTRY_KIND.leaf,
      address: 0x2_0000_0000,
      flagsHi: 0x8100_0001 | 0,
      flagsLo: 0xf000_0745 | 0,
    });
  });

  it('of a PMD have bit 22 from the address, whatever it is in the entry', () => {
    for (const [of, flags] of [
      [SPITFIRE, 0xe100_0000_0000_0036n],
      [T4, 0x8100_0000_0000_0743n],
    ] as const) {
      expect(read(of, PMD_LEVEL, flags | 0x1_2340_0000n)).toMatchObject({ address: 0x1_2300_0000 });
      expect(read(of, PMD_LEVEL, flags | 0x1_233f_e000n)).toMatchObject({ address: 0x1_2300_0000 });
    }
    const m = machine();
    const { steps, result } = m.translatePage(0);
    const entry = m.entryLanes(steps[2]!.table, steps[2]!.index);
    entry[0] = entry[0]! | 0x40_0000;
    for (const inside of [0, 0x3f_ffff, 0x40_0000, 0x7f_ffff])
      expect(m.translate(m.window.start + BigInt(inside)).result.pa).toBe(result.pa + inside);
  });

  it('of a real address that there is not are refused by the hypervisor', () => {
    for (const of of [T1, T4, M8]) {
      for (let bit = of.realAddressBits; bit < 56; bit++) {
        const fault = `ENORADDR: bit ${bit} of the real address set`;
        for (const [level, flags] of [
          [PTE, 0xbc00_0000_0000_07d0n],
          [PMD_LEVEL, 0x8100_0000_0000_0743n],
        ] as const)
          expect(read(of, level, flags | (1n << BigInt(bit)))).toMatchObject({ kind: ENTRY_KIND.reserved, fault });
      }
    }
  });

  it('have the address bits of their CPU and no more', () => {
    const entry = 0x8000_07ff_ffff_e000n;
    expect(read(SPITFIRE, PTE, entry)).toMatchObject({ address: 2 ** 41 - 0x2000, flagsHi: 0x8000_0600 | 0 });
    expect(read(CHEETAH, PTE, entry)).toMatchObject({ address: 2 ** 43 - 0x2000, flagsHi: 0x8000_0000 | 0 });
    expect(read(M8, PTE, 0x8007_ffff_ffff_e000n)).toMatchObject({
      address: 2 ** 51 - 0x2000,
      flagsHi: 0x8000_0000 | 0,
    });
  });

  it.each<[string, SparcTlb, bigint, number]>([
    ['sun4u, all', SPITFIRE, 0x6n, 7],
    ['sun4u without W', SPITFIRE, 0x4n, 5],
    ['sun4u without P', SPITFIRE, 0x2n, 15],
    ['sun4u with NFO', SPITFIRE, 0x1000_0000_0000_0006n, 0],
    ['sun4v, all', T4, 0x1c0n, 7],
    ['sun4v without ep', T4, 0x140n, 3],
    ['sun4v without w', T4, 0x180n, 5],
    ['sun4v without p', T4, 0xc0n, 15],
    ['sun4v with nfo', T4, 0x4000_0000_0000_01c0n, 0],
  ])('give rights: %s', (_, of, flags, access) => {
    expect(read(of, PTE, (1n << 63n) | flags)).toMatchObject({ kind: ENTRY_KIND.leaf, access });
  });

  it('without the bits of software are as good', () => {
    expect(read(SPITFIRE, PTE, 0x8000_0000_0000_2036n)).toMatchObject({ kind: ENTRY_KIND.leaf, address: 0x2000 });
    expect(read(T4, PTE, 0x8000_0000_0000_2740n)).toMatchObject({ kind: ENTRY_KIND.leaf, address: 0x2000 });
  });
});

/** The walk and the TTE once more, in whole 64-bit numbers, as the handler's instructions and the manuals have them. */
function oracle(of: SparcTlb, level: number, e: bigint): Partial<EntryReading> {
  const sun4v = of.tlbType === 'hypervisor';
  const has = (bit: number): boolean => ((e >> BigInt(bit)) & 1n) === 1n;
  const field = (high: number, low: number): bigint => (e >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
  if (level < PTE!) {
    if (e === 0n) return { kind: ENTRY_KIND.absent };
    if (level === PGD || !has(56)) {
      if (field(2, 0) !== 0n) return { kind: ENTRY_KIND.reserved };
      if (sun4v && e >> BigInt(of.realAddressBits) !== 0n) return { kind: ENTRY_KIND.reserved };
      const width = sun4v ? of.realAddressBits : of.tlbType === 'spitfire' ? 41 : 43;
      return { kind: ENTRY_KIND.table, address: Number(BigInt.asUintN(width, e)), access: 15 };
    }
  }
  if (!has(63)) return { kind: ENTRY_KIND.absent };
  const size = sun4v ? field(3, 0) : field(62, 61) + (of.tlbType === 'cheetah+' && has(48) ? 4n : 0n);
  if (size !== [-1n, 5n, 3n, 0n][level]) return { kind: ENTRY_KIND.reserved };
  if (sun4v && field(55, of.realAddressBits) !== 0n) return { kind: ENTRY_KIND.reserved };
  const top = sun4v ? of.realAddressBits - 1 : of.tlbType === 'spitfire' ? 40 : 42;
  const shift = [0, 33, 23, 13][level]!;
  const right = (bit: number, value: number): number => (has(bit) ? value : 0);
  const access = sun4v ? 1 + right(6, 2) + right(7, 4) + (has(8) ? 0 : 8) : 1 + right(1, 2) + 4 + (has(2) ? 0 : 8);
  return {
    kind: ENTRY_KIND.leaf,
    address: Number(field(top, shift) << BigInt(shift)),
    access: has(sun4v ? 62 : 60) ? 0 : access,
  };
}

describe('any entry', () => {
  /** Anything, and mostly what is nearly right. */
  const entry = fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc
      .record({
        base: fc.constantFrom(
          0xe100_0000_0000_0036n,
          0x8000_0000_0000_1fb6n,
          0xa101_0000_0000_0036n,
          0x8100_0000_0000_0743n,
          0xbc00_0000_0000_07d0n,
          0x8100_0000_0000_0745n,
          0n,
        ),
        pa: fc.bigInt({ min: 0n, max: (1n << 38n) - 1n }).map((n) => n << 13n),
        flip: fc.array(fc.integer({ min: 0, max: 63 }), { maxLength: 2 }),
      })
      .map(({ base, pa, flip }) => flip.reduce((all, bit) => all ^ (1n << BigInt(bit)), base | pa)),
  );

  it('is what the handler and the manuals make of it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL), fc.integer({ min: 0, max: 3 }), entry, (of, level, any) => {
        const found = read(of, level, any);
        const wanted = oracle(of, level, any);
        expect(found).toMatchObject(wanted);
        const good = found.kind === ENTRY_KIND.leaf || found.kind === ENTRY_KIND.table;
        expect(found.fault === '').toBe(good);
        if (!good) return;
        // Address and flags are the entry again, without the address bits that do not count.
        const flags = (BigInt(found.flagsHi >>> 0) << 32n) | BigInt(found.flagsLo >>> 0);
        expect(flags | BigInt(found.address)).toBe(any);
      }),
      { numRuns: 3000 },
    );
  });

  it('of the last level is the same in full and in short', () => {
    // Every bit of a good entry turned over, one at a time.
    for (const of of ALL) {
      const good = of.tlbType === 'hypervisor' ? 0xbc00_0000_0000_25d0n : 0x8000_0000_0000_3fb6n;
      for (let bit = 0n; bit < 64n; bit++) {
        const any = good ^ (1n << bit);
        const short = new SparcEntryReader(of).pages.high(...lanes(any)) >= 0;
        expect([bit, short]).toEqual([bit, read(of, PTE!, any).kind === ENTRY_KIND.leaf]);
      }
    }
    fc.assert(
      fc.property(fc.constantFrom(...ALL), entry, (of, any) => {
        const { pages } = new SparcEntryReader(of);
        const found = read(of, PTE!, any);
        const high = pages.high(...lanes(any));
        expect(high >= 0).toBe(found.kind === ENTRY_KIND.leaf);
        if (high >= 0) expect(high * 2 ** 32 + (pages.low(...lanes(any)) >>> 0)).toBe(found.address);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('many addresses', () => {
  it.each<[string, Partial<SparcConfig>, object]>([
    ['in PMD leaves', {}, {}],
    ['in base pages', { chip: 'm7' }, { failures: [{ order: 10, times: Number.POSITIVE_INFINITY }] }],
    ['in both', { chip: 'niagara1' }, { failures: [{ order: 10, nth: 2 }] }],
  ])('are translated as one by one: %s', (_, config, options) => {
    const m = machine(config, [range(0, 0, 2 * GiB)], options);
    const one = translation();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 * PMD }), { maxLength: 40 }), (offsets) => {
        const pas = new Int32Array(2 * offsets.length);
        m.translateMany(Float64Array.from(offsets), pas);
        for (const [i, offset] of offsets.entries()) {
          m.ops.walker.walk(m.ops.initMm.root, offset, one);
          const high = pas[2 * i + 1]!;
          expect(high >= 0 ? high * 2 ** 32 + (pas[2 * i]! >>> 0) : undefined).toBe(one.mapped ? one.pa : undefined);
        }
      }),
    );
  });
});
