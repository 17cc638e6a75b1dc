import { ACCESS, ENTRY_KIND, entryReading, translation } from '@vmemmap/core';
import { modeOfSatp, type PagingMode, RiscvEntryReader, type RiscvPaging, rootOfSatp } from '@vmemmap/riscv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DRAM, MEMMAP, machine, PAGE, range, SECTION, THEAD } from './machine.ts';

const SV39: RiscvPaging = { mode: 'sv39', svnapot: true, svpbmt: true, theadMae: false };
const MAE: RiscvPaging = { mode: 'sv39', svnapot: false, svpbmt: false, theadMae: true };
const LEAF = 0xe7n;

function read(paging: RiscvPaging, level: number, entry: bigint) {
  const out = entryReading();
  new RiscvEntryReader(paging).read(
    level,
    Number(BigInt.asIntN(32, entry)),
    Number(BigInt.asIntN(32, entry >> 32n)),
    out,
  );
  return out;
}

describe('an address', () => {
  it.each<[PagingMode, bigint, string]>([
    ['sv39', 0x0000_0040_0000_0000n, 'bits 63:39 differ from bit 38'],
    ['sv39', 0xffff_ffbf_ffff_ffffn, 'bits 63:39 differ from bit 38'],
    ['sv39', 0x0000_003f_ffff_ffffn, 'not valid (V = 0)'],
    ['sv39', 0xffff_ffc0_0000_0000n, 'not valid (V = 0)'],
    ['sv48', 0x0000_8000_0000_0000n, 'bits 63:48 differ from bit 47'],
    ['sv48', 0xffff_7fff_ffff_ffffn, 'bits 63:48 differ from bit 47'],
    ['sv48', 0x0000_7fff_ffff_ffffn, 'not valid (V = 0)'],
    ['sv57', 0x0100_0000_0000_0000n, 'bits 63:57 differ from bit 56'],
    ['sv57', 0xfeff_ffff_ffff_ffffn, 'bits 63:57 differ from bit 56'],
    ['sv57', 0x00ff_ffff_ffff_ffffn, 'not valid (V = 0)'],
  ])('of %s: %s', (mode, va, fault) => {
    expect(machine({ mode }).translate(va).result).toMatchObject({ mapped: false, fault });
  });
});

describe('an entry faults', () => {
  it.each<[string, RiscvPaging, number, bigint, string]>([
    ['V clear, whatever else is set', SV39, 2, 0xffff_ffff_ffff_fffen, 'not valid (V = 0)'],
    ['W without R', SV39, 2, 0xc5n, 'R = 0, W = 1'],
    ['W and X without R', SV39, 2, 0xcdn, 'R = 0, W = 1'],
    ['W without R above', SV39, 0, 0x5n, 'R = 0, W = 1'],
    ['bit 63 without Svnapot', { ...SV39, svnapot: false }, 2, LEAF | (1n << 63n), 'reserved bit 63 set'],
    ['bit 62 without Svpbmt', { ...SV39, svpbmt: false }, 2, LEAF | (1n << 62n), 'reserved bit 62 set'],
    ['bit 61 without Svpbmt', { ...SV39, svpbmt: false }, 2, LEAF | (1n << 61n), 'reserved bit 61 set'],
    ['PBMT of 3', SV39, 2, LEAF | (3n << 61n), 'PBMT = 3'],
    ['PBMT of 3 in a superpage', SV39, 1, LEAF | (3n << 61n), 'PBMT = 3'],
    ['N in a superpage', SV39, 1, LEAF | (1n << 63n), 'N = 1 in a superpage'],
    ['N in a gigapage', SV39, 0, LEAF | (1n << 63n), 'N = 1 in a superpage'],
    ['N with 128 KiB', SV39, 2, LEAF | (1n << 63n) | (0x10n << 10n), 'does not say 64 KiB'],
    ['N with 32 KiB', SV39, 2, LEAF | (1n << 63n) | (0x4n << 10n), 'does not say 64 KiB'],
    ['N with a bit below', SV39, 2, LEAF | (1n << 63n) | (0x9n << 10n), 'does not say 64 KiB'],
    ['N with page number 0', SV39, 2, LEAF | (1n << 63n), 'does not say 64 KiB'],
    ['a pointer in the last level', SV39, 2, 0x2000_0001n, 'a pointer where the last level is'],
    ['U in a pointer', SV39, 1, 0x2000_0011n, 'reserved bit 4 set in a pointer'],
    ['A in a pointer', SV39, 1, 0x2000_0041n, 'reserved bit 6 set in a pointer'],
    ['D in a pointer', SV39, 0, 0x2000_0081n, 'reserved bit 7 set in a pointer'],
    ['PBMT in a pointer', SV39, 0, 0x2000_0001n | (1n << 61n), 'reserved bit 61 set in a pointer'],
    ['N in a pointer', SV39, 0, 0x2000_0001n | (1n << 63n), 'reserved bit 63 set in a pointer'],
    [
      'a memory attribute of T-Head in a pointer',
      MAE,
      0,
      0x2000_0001n | (1n << 62n),
      'reserved bit 62 set in a pointer',
    ],
    ['a page where the model has no memory', SV39, 2, LEAF | (1n << 51n), 'access fault'],
    ['a table where the model has no memory', SV39, 0, 1n | (1n << 53n), 'access fault'],
    ['A clear', SV39, 2, 0xa7n, 'A = 0'],
    ['A clear in a superpage', SV39, 1, 0xa7n, 'A = 0'],
  ])('%s', (_, paging, level, entry, fault) => {
    const reading = read(paging, level, entry);
    expect(reading.fault).toContain(fault);
    expect(reading.kind).toBe((entry & 1n) === 0n ? ENTRY_KIND.absent : ENTRY_KIND.reserved);
  });

  it('each reserved bit, 60 to 54, in leaves and pointers of every level', () => {
    for (const mode of ['sv39', 'sv48', 'sv57'] as const) {
      const { levels } = new RiscvEntryReader({ ...SV39, mode });
      for (const level of levels.keys()) {
        for (let bit = 54n; bit <= 60n; bit++) {
          expect(read({ ...SV39, mode }, level, LEAF | (1n << bit)).fault).toBe(`reserved bit ${bit} set`);
          expect(read({ ...SV39, mode }, level, 1n | (1n << bit)).fault).toBe(`reserved bit ${bit} set`);
        }
      }
    }
    for (let bit = 54n; bit <= 58n; bit++)
      expect(read(MAE, 2, LEAF | (1n << bit)).fault).toBe(`reserved bit ${bit} set`);
  });

  it.each<[PagingMode, number]>([
    ['sv39', 3],
    ['sv48', 4],
    ['sv57', 5],
  ])('each low bit of the page number of a superpage (%s)', (mode, levels) => {
    for (let i = 1; i < levels; i++) {
      const level = levels - 1 - i;
      for (let bit = 0n; bit < 44n; bit++) {
        const { kind, fault } = read({ ...SV39, mode }, level, LEAF | (1n << (10n + bit)));
        if (bit < BigInt(9 * i)) expect(fault).toBe('misaligned superpage');
        else if (bit > 40n) expect(fault).toContain('access fault');
        else expect(kind).toBe(ENTRY_KIND.leaf);
      }
    }
  });
});

describe('an entry maps', () => {
  it('the kernel, and nothing more than its bits say: X, and U', () => {
    const access = (entry: bigint): number => read(SV39, 2, entry).access;
    expect(access(LEAF)).toBe(ACCESS.read | ACCESS.write);
    expect(access(0x43n)).toBe(ACCESS.read);
    expect(access(0x49n)).toBe(ACCESS.execute);
    expect(access(0xdfn)).toBe(ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user);
  });

  it('for reading only while D is clear', () => {
    expect(read(SV39, 2, 0x67n).access).toBe(ACCESS.read);
  });

  it('at any level, with any page number and software bits', () => {
    const { levels } = new RiscvEntryReader(SV39);
    for (const [level, { shift }] of levels.entries()) {
      const pa = 2n ** 53n - (1n << BigInt(shift));
      const reading = read(SV39, level, (pa >> 2n) | 0x3e7n);
      expect(reading).toMatchObject({ kind: ENTRY_KIND.leaf, address: Number(pa), flagsLo: 0x3e7, flagsHi: 0 });
    }
  });

  it('memory of another type, PBMT 1 and 2, and says so in its flags', () => {
    expect(read(SV39, 2, LEAF | (1n << 61n))).toMatchObject({ kind: ENTRY_KIND.leaf, flagsHi: 1 << 29, address: 0 });
    expect(read(SV39, 1, LEAF | (2n << 61n))).toMatchObject({ kind: ENTRY_KIND.leaf, flagsHi: 1 << 30, address: 0 });
  });

  it('on a T-Head C9xx with any memory attributes', () => {
    for (let attributes = 0n; attributes < 32n; attributes++) {
      const reading = read(MAE, 1, LEAF | (attributes << 59n));
      expect(reading).toMatchObject({ kind: ENTRY_KIND.leaf, address: 0 });
      expect(reading.flagsHi).toBe(Number(BigInt.asIntN(32, attributes << 27n)));
    }
  });

  it('a pointer with G and RSW, all rights left to what is below', () => {
    expect(read(SV39, 0, (0x80200n << 10n) | 0x321n)).toMatchObject({
      kind: ENTRY_KIND.table,
      address: 0x80200000,
      access: 15,
    });
  });
});

interface Verdict {
  readonly kind: number;
  readonly address?: bigint;
  readonly access?: number;
}

// The oracle: the manual's steps, on whole 64-bit numbers, one condition after the other.
function byTheManual(levels: number, paging: RiscvPaging, level: number, pte: bigint): Verdict {
  const field = (high: number, low: number): bigint => (pte >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
  const [v, r, w, x, u] = [0, 1, 2, 3, 4].map((n) => field(n, n));
  const [a, d] = [field(6, 6), field(7, 7)];
  const i = levels - 1 - level;
  const fault = { kind: v === 0n ? ENTRY_KIND.absent : ENTRY_KIND.reserved };
  if (v === 0n || (r === 0n && w === 1n)) return fault;
  if (field(58, 54) !== 0n) return fault;
  if (!paging.theadMae) {
    if (field(60, 59) !== 0n) return fault;
    if (!paging.svpbmt && field(62, 61) !== 0n) return fault;
    if (!paging.svnapot && field(63, 63) !== 0n) return fault;
    if (field(62, 61) === 3n) return fault;
  }
  const ppn = field(53, 10);
  if (r === 0n && x === 0n) {
    if (d === 1n || a === 1n || u === 1n || field(63, 59) !== 0n || i === 0 || ppn >> 41n !== 0n) return fault;
    return { kind: ENTRY_KIND.table, address: ppn << 12n, access: 15 };
  }
  let page = ppn;
  if (paging.svnapot && field(63, 63) === 1n) {
    if (i > 0 || (ppn & 15n) !== 8n) return fault;
    page = ppn - 8n;
  }
  if (i > 0 && (ppn & ((1n << BigInt(9 * i)) - 1n)) !== 0n) return fault;
  if (a === 0n || page >> 41n !== 0n) return fault;
  const access = Number(r! | ((w! & d) << 1n) | (x! << 2n) | (u! << 3n));
  return { kind: ENTRY_KIND.leaf, address: page << 12n, access };
}

describe('any entry', () => {
  const paging = fc.oneof(
    fc.record({
      mode: fc.constantFrom('sv39', 'sv48', 'sv57') as fc.Arbitrary<PagingMode>,
      svnapot: fc.boolean(),
      svpbmt: fc.boolean(),
      theadMae: fc.constant(false),
    }),
    fc.constant(MAE),
  );
  // Bits all over are reserved nearly always: what a hart would take, with few bits flipped, says more.
  const bits = (max: number, size: number) =>
    fc.array(fc.nat(max), { maxLength: size }).map((list) => list.reduce((mask, n) => mask | (1n << BigInt(n)), 0n));
  const flags = fc.oneof(fc.constantFrom(0x01n, 0xe7n, 0xcfn, 0x47n, 0x49n), fc.bigInt({ min: 0n, max: 0x3ffn }));
  const type = fc.constantFrom(0n, 0n, 0n, 1n, 2n, 3n);
  const entry = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc
      .tuple(flags, fc.nat(44), fc.bigInt({ min: 0n, max: 2n ** 42n - 1n }), type, bits(63, 2))
      .map(
        ([low, zeros, ppn, pbmt, flips]) =>
          ((pbmt << 61n) | (((ppn >> BigInt(zeros)) << BigInt(zeros)) << 10n) | low) ^ flips,
      ),
    // 64 KiB, and nearly so.
    fc
      .tuple(fc.bigInt({ min: 0n, max: 2n ** 38n - 1n }), bits(63, 1))
      .map(([block, flips]) => ((1n << 63n) | (((block << 4n) | 8n) << 10n) | 0xe7n) ^ flips),
  );

  it('is read as the manual says: kind, address, access, and a fault with a reason', () => {
    fc.assert(
      fc.property(paging, fc.nat(4), entry, (chosen, any, pte) => {
        const { levels } = new RiscvEntryReader(chosen);
        const level = any % levels.length;
        const wanted = byTheManual(levels.length, chosen, level, pte);
        const found = read(chosen, level, pte);
        expect(found.kind).toBe(wanted.kind);
        if (wanted.address === undefined) expect(found.fault).not.toBe('');
        else {
          expect([BigInt(found.address), found.access]).toEqual([wanted.address, wanted.access]);
          const kept = (BigInt(found.flagsHi >>> 0) << 32n) | BigInt(found.flagsLo >>> 0);
          expect(kept).toBe(pte & ~(((1n << 44n) - 1n) << 10n));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('of the last level is read in short as it is in full, but for 64 KiB', () => {
    fc.assert(
      fc.property(paging, entry, (chosen, pte) => {
        const reader = new RiscvEntryReader(chosen);
        const [lo, hi] = [Number(BigInt.asIntN(32, pte)), Number(BigInt.asIntN(32, pte >> 32n))];
        const full = read(chosen, reader.levels.length - 1, pte);
        const high = reader.pages.high(lo, hi);
        const napot = chosen.svnapot && hi < 0;
        expect(high >= 0).toBe(full.kind === ENTRY_KIND.leaf && !napot);
        if (high >= 0) expect(high * 2 ** 32 + (reader.pages.low(lo, hi) >>> 0)).toBe(full.address);
      }),
      { numRuns: 2000 },
    );
  });
});

/** A machine whose second section has base pages, and lanes of one of their entries. */
function withBasePages(config: Parameters<typeof machine>[0] = {}) {
  const failures = [{ source: 'memblock', order: 9, nth: 2 } as const];
  const m = machine(config, [range(0, DRAM, DRAM + 4 * SECTION)], { failures });
  const pfn = (DRAM + SECTION) / PAGE;
  const { steps } = m.translatePage(pfn);
  const { table } = steps.at(-1)!;
  return { m, pfn, table, index: steps.at(-1)!.index };
}

describe('a walk', () => {
  it('ends at the first fault, and says at which level', () => {
    const { m, pfn } = withBasePages();
    const { steps } = m.translatePage(pfn);
    for (const [level, { table, index }] of steps.entries()) {
      const lanes = m.entryLanes(table, index);
      const before = lanes[0]!;
      lanes[0] = before & ~1;
      expect(m.translatePage(pfn)).toMatchObject({ result: { mapped: false, level, fault: 'not valid (V = 0)' } });
      expect(m.verify().problems).not.toEqual([]);
      lanes[0] = before;
    }
    expect(m.verify().problems).toEqual([]);
  });

  it('stops at a table that is not there', () => {
    const { m, pfn } = withBasePages();
    const { table, index } = m.translatePage(pfn).steps[1]!;
    m.entryLanes(table, index)[0] = 0x1c00001;
    expect(m.translatePage(pfn).result).toMatchObject({ mapped: false, fault: 'no table at 0x7000000' });
  });

  it('adds the address to a superpage of any level', () => {
    const m = machine({ mode: 'sv39' });
    const root = m.entryLanes(m.ops.initMm.root, 278);
    root[0] = (0x40000 << 10) | 0xe7;
    const va = 0xffff_ff80_0000_0000n + (278n << 30n) + 0x1234_5678n;
    expect(m.translate(va).result).toMatchObject({ mapped: true, pa: 0x5234_5678, span: 2 ** 30, level: 0 });
  });

  it('takes the low bits of the page number from the address in 64 KiB of Svnapot, in whatever way it is asked', () => {
    const { m, pfn, table, index } = withBasePages();
    // 16 entries alike, as the manual wants them: 64 KiB at 0x12340000.
    for (let n = 0; n < 16; n++) m.entryLanes(table, index + n).set([(0x12348 << 10) | 0xe7 | 0, 1 << 31]);
    const offset = m.offsetOfPage(pfn);
    const at = translation();
    const pas = new Int32Array(2 * 40);
    const many = new Int32Array(2 * 40);
    const step = 0x7f8;
    const offsets = Float64Array.from({ length: 40 }, (_, n) => offset + n * step);
    m.translateRange(offset, step, 40, pas);
    m.translateMany(offsets, many);
    expect(many).toEqual(pas);
    for (const [n, where] of offsets.entries()) {
      const { result } = m.translate(m.window.start + BigInt(where));
      m.ops.walker.walk(m.ops.initMm.root, where, at);
      expect(at.pa).toBe(result.pa);
      expect(pas[2 * n + 1]! * 2 ** 32 + (pas[2 * n]! >>> 0)).toBe(result.pa);
      if (n * step < 0x10000) expect(result.pa).toBe(0x1234_0000 + n * step);
      else expect(result.pa).not.toBe(0x1234_0000 + n * step);
    }
    expect([...m.leaves()].find((run) => run.offset === offset)).toMatchObject({
      pa: 0x1234_0000,
      count: 16,
      paStep: PAGE,
    });
  });

  it('faults on those entries without Svnapot, in whatever way it is asked', () => {
    const { m, pfn, table, index } = withBasePages({ svnapot: false });
    m.entryLanes(table, index).set([(0x12348 << 10) | 0xe7 | 0, 1 << 31]);
    expect(m.translatePage(pfn).result.fault).toBe('reserved bit 63 set');
    const pas = new Int32Array(2);
    m.translateRange(m.offsetOfPage(pfn), 1, 1, pas);
    expect(pas[1]).toBe(-1);
    m.translateMany(Float64Array.of(m.offsetOfPage(pfn)), pas);
    expect(pas[1]).toBe(-1);
  });

  it('of many addresses is as that of each: base pages, huge pages, holes, memory beyond 4 GiB', () => {
    for (const config of [{}, { mode: 'sv48' }, { mode: 'sv39', svnapot: false }, THEAD] as const) {
      const ranges = [range(0, DRAM, DRAM + 4 * SECTION), range(0, 5 * 2 ** 30, 5 * 2 ** 30 + SECTION)];
      const m = machine(config, ranges, { failures: [{ source: 'memblock', order: 9, nth: 2, times: 3 }] });
      const first = m.offsetOfPage(DRAM / PAGE) - MEMMAP;
      const one = translation();
      fc.assert(
        fc.property(fc.nat(10 * MEMMAP), fc.constantFrom(64, PAGE, 5000, MEMMAP), fc.nat(40), (from, step, count) => {
          const offsets = Float64Array.from({ length: count }, (_, n) => first + from + n * step);
          const pas = new Int32Array(2 * count);
          const many = new Int32Array(2 * count);
          m.translateRange(first + from, step, count, pas);
          m.translateMany(offsets, many);
          for (const [n, offset] of offsets.entries()) {
            m.ops.walker.walk(m.ops.initMm.root, offset, one);
            for (const lanes of [pas, many]) {
              const high = lanes[2 * n + 1]!;
              expect(high >= 0 ? high * 2 ** 32 + (lanes[2 * n]! >>> 0) : undefined).toBe(
                one.mapped ? one.pa : undefined,
              );
            }
          }
        }),
      );
    }
  });
});

describe('satp', () => {
  it('holds mode and root, as a captured one does', () => {
    expect(rootOfSatp(0xa00010000008387fn)).toBe(0x8387f000);
    expect(modeOfSatp(0xa00010000008387fn)).toBe('sv57');
    expect(modeOfSatp(0x9000_0000_0000_0000n)).toBe('sv48');
    expect(modeOfSatp(0x8fff_f000_0000_0000n)).toBe('sv39');
    expect(modeOfSatp(0n)).toBeUndefined();
    expect(rootOfSatp(0xffff_ffff_ffff_ffffn)).toBe(2 ** 56 - PAGE);
  });
});
