import { decodeEntry, encodeEntry, entryText, hex64, toU64, translation } from '@vmemmap/core';
import { rootOfCr3, type X86Config, X86EntryReader, x86 } from '@vmemmap/x86';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryOf, GiB, machine, range } from './machine.ts';

describe('entries', () => {
  it('carry the C-bit in tables and leaves', () => {
    for (const encryptionBit of [47, 51]) {
      const m = machine({ memoryEncryption: true, encryptionBit });
      const { steps, result } = m.translatePage(0x100);
      for (const { entry } of steps) expect((entry >> BigInt(encryptionBit)) & 1n).toBe(1n);
      expect(result.pa).toBeLessThan(2 ** 30);
      expect(m.verify().problems).toEqual([]);
    }
  });

  it('share nothing with the walker but the bits: what is written is what is read', () => {
    const pa = fc.maxSafeNat().map((n) => (n % 2 ** 40) * 4096);
    const config = fc.record({
      la57: fc.boolean(),
      nx: fc.boolean(),
      pge: fc.boolean(),
      pti: fc.boolean(),
      memoryEncryption: fc.boolean(),
    });
    fc.assert(
      fc.property(config, pa, (chosen, address) => {
        const m = machine({ ...chosen, encryptionBit: 51 });
        const format = m.ops.pageTable!.format;
        const entry = { lo: 0, hi: 0 };
        const read = { kind: 0, address: 0, flagsLo: 0, flagsHi: 0, access: 0, fault: '' };
        const low = address % 2 ** 51;
        for (let level = 0; level < format.levels.length; level++) {
          if (level < format.levels.length - 1) {
            format.makeTable(level, low, entry);
            m.ops.walker.readEntry!(level, entry.lo | 0, entry.hi | 0, read);
            expect([read.kind, read.address]).toEqual([1, low]);
            expect(format.tableAddress(level, entry.lo | 0, entry.hi | 0)).toBe(low);
            expect(format.isLeaf(level, entry.lo, entry.hi)).toBe(false);
          }
          if (level < format.pmdLevel) continue;
          const aligned = low - (low % 2 ** format.levels[level]!.shift);
          format.makeLeaf(level, aligned, entry);
          m.ops.walker.readEntry!(level, entry.lo | 0, entry.hi | 0, read);
          expect([read.kind, read.address]).toEqual([2, aligned]);
          expect(format.leafAddress(level, entry.lo | 0, entry.hi | 0)).toBe(aligned);
          expect(format.isLeaf(level, entry.lo, entry.hi)).toBe(true);
          expect(format.isNone(level, entry.lo, entry.hi)).toBe(false);
        }
      }),
    );
  });
});

describe('read-only entries', () => {
  const formatOf = (config: Partial<X86Config>) => machine(config).ops.pageTable!.format;
  const entry = { lo: 0, hi: 0 };
  const made = (config: Partial<X86Config>, pa: number, up = 0): string => {
    const format = formatOf(config);
    format.makeReadOnlyLeaf!(format.levels.length - 1 - up, pa, entry);
    return hex64(toU64(entry.lo, entry.hi));
  };
  const protectedOf = (raw: bigint): bigint => {
    formatOf({}).writeProtect!(Number(BigInt.asIntN(32, raw)), Number(BigInt.asIntN(32, raw >> 32n)), entry);
    return toU64(entry.lo, entry.hi);
  };

  it.each<[Partial<X86Config>, string]>([
    [{}, '0x8000000000000121'],
    [{ la57: false }, '0x8000000000000121'],
    [{ pti: true }, '0x8000000000000021'],
    [{ pge: false }, '0x8000000000000021'],
    [{ nx: false }, '0x0000000000000121'],
    [{ memoryEncryption: true }, '0x8008000000000121'],
    [{ memoryEncryption: true, encryptionBit: 47 }, '0x8000800000000121'],
  ])('with %o have neither RW nor D (PAGE_KERNEL_RO)', (config, expected) => {
    expect(made(config, 0)).toBe(expected);
    expect(BigInt(made(config, 0x3_8765_4000))).toBe(BigInt(expected) | 0x3_8765_4000n);
  });

  it('are large above the last level', () => {
    expect(made({}, 0x20_0000, 1)).toBe('0x80000000002001a1');
  });

  it('remember in a bit of software that they were dirty (ptep_set_wrprotect)', () => {
    const cases: [bigint, bigint][] = [
      [0x8000_0000_0000_0163n, 0x8400_0000_0000_0121n],
      [0x8008_0003_8765_4163n, 0x8408_0003_8765_4121n],
      // Clean: nothing to remember.
      [0x8000_0000_ffff_f123n, 0x8000_0000_ffff_f121n],
      [0x8000_0000_0000_0121n, 0x8000_0000_0000_0121n],
      // Protected already, and remembered.
      [0x8400_0000_0000_0121n, 0x8400_0000_0000_0121n],
    ];
    for (const [before, after] of cases) expect(hex64(protectedOf(before))).toBe(hex64(after));
    const { entryLayouts } = machine().arch;
    expect(entryText(entryLayouts, 'pte', 'leaf', protectedOf(0x8000_0000_0000_0163n))).toBe(
      '0x8400000000000121 (XD SAVED_DIRTY G A P)',
    );
  });

  it('are read by the walker as what may not be written to', () => {
    const m = machine({ pse: false });
    const step = m.translatePage(0x200).steps.at(-1)!;
    const lanes = m.entryLanes(step.table, step.index);
    expect(m.translatePage(0x200).result.access).toBe(3);
    formatOf({}).writeProtect!(lanes[0]!, lanes[1]!, entry);
    lanes.set([entry.lo, entry.hi]);
    expect(m.translatePage(0x200).result).toMatchObject({ mapped: true, access: 1 });
  });
});

describe('layouts of entries', () => {
  const CONFIGS: readonly Partial<X86Config>[] = [
    {},
    { physicalAddressBits: 36 },
    { memoryEncryption: true },
    { memoryEncryption: true, encryptionBit: 47, physicalAddressBits: 48 },
    { memoryEncryption: true, encryptionBit: 32, physicalAddressBits: 36 },
  ];

  it.each(CONFIGS)('with %o go down bit by bit and have addresses as long as the CPU', (config) => {
    const { memoryEncryption, encryptionBit = 51, physicalAddressBits = 52 } = config;
    for (const { fields } of x86(config).entryLayouts) {
      for (const [n, { low, high }] of fields.entries()) {
        expect(high).toBeGreaterThanOrEqual(low);
        if (n > 0) expect(high).toBeLessThan(fields[n - 1]!.low);
      }
      const [address, ...more] = fields.filter((field) => field.address);
      expect(more).toEqual([]);
      expect(address!.high).toBe((memoryEncryption ? encryptionBit : physicalAddressBits) - 1);
      const c = fields.find(({ name }) => name === 'C');
      expect(c?.low).toBe(memoryEncryption ? encryptionBit : undefined);
    }
  });

  it('take the C-bit for a flag, and no page number has it', () => {
    const m = machine({ memoryEncryption: true, encryptionBit: 47, physicalAddressBits: 48 });
    const { steps, result } = m.translatePage(0x100);
    for (const { level, kind, entry } of steps) {
      const fields = decodeEntry(m.arch.entryLayouts, level, kind as 'table' | 'leaf', entry);
      expect(fields.map(({ name }) => name)).toContain('C');
    }
    const values = { XD: 1, C: 1, '2M page': Math.floor(result.pa / 2 ** 21), G: 1, PS: 1, D: 1, A: 1, RW: 1, P: 1 };
    const leaf = steps.at(-1)!;
    expect(leaf.entry).toBe(encodeEntry(m.arch.entryLayouts, 'pmd', 'leaf', values));
    const table = entryText(m.arch.entryLayouts, 'pgd', 'table', steps[0]!.entry);
    expect(table).toBe(`${hex64(steps[0]!.entry)} (C D A US RW P)`);
  });

  it('show what lies beyond the addresses of the CPU', () => {
    const text = entryText(x86({ physicalAddressBits: 36 }).entryLayouts, 'pmd', 'leaf', 0x8810_0010_0020_21e3n);
    expect(text).toBe('0x88100010002021e3 (XD PKEY=1 bit52 bit36 bit13 G PS D A RW P)');
  });
});

describe('RAM that the CPU cannot address', () => {
  const ram = (config: Partial<X86Config>, end: number) => () =>
    machine(config, [range(0, 0, GiB), range(0, end - GiB, end)]);

  it.each<[Partial<X86Config>, number, string]>([
    [
      { physicalAddressBits: 36 },
      128 * GiB,
      'RAM ends at 0x2000000000, but physicalAddressBits 36 end at 0x1000000000; give less RAM, or a CPU with more physicalAddressBits (37)',
    ],
    [{ physicalAddressBits: 39 }, 513 * GiB, 'physicalAddressBits 39 end at 0x8000000000'],
    [
      { memoryEncryption: true, encryptionBit: 36 },
      65 * GiB,
      'the C-bit, encryptionBit 36, leaves addresses below 0x1000000000 only; give less RAM, or a higher encryptionBit',
    ],
    [{ memoryEncryption: true, encryptionBit: 32, physicalAddressBits: 40 }, 6 * GiB, 'the C-bit, encryptionBit 32'],
  ])('is refused with %o', (config, end, message) => {
    expect(ram(config, end)).toThrow(
      expect.objectContaining({ code: 'BAD_MEMORY_MAP', message: expect.stringContaining(message) }),
    );
  });

  it.each<[Partial<X86Config>, number]>([
    [{ physicalAddressBits: 36 }, 64 * GiB],
    [{ memoryEncryption: true, encryptionBit: 36 }, 64 * GiB],
    // A C-bit that is not used is an address bit like any other.
    [{ encryptionBit: 36 }, 128 * GiB],
  ])('begins after its last byte: %o', (config, end) => {
    const m = ram(config, end)();
    expect(m.verify().problems).toEqual([]);
    expect(m.translatePage(end / 4096 - 1).result.mapped).toBe(true);
  });
});

describe('the window', () => {
  it.each<[Partial<X86Config>, bigint]>([
    [{}, 0xffd4000000000000n],
    [{ la57: false }, 0xffffea0000000000n],
    [{ la57: false, kaslr: true, vmemmapBase: 0xfffff18040000000n }, 0xfffff18040000000n],
  ])('%o begins with the struct page of pfn 0', (config, base) => {
    const m = machine(config);
    expect(m.window.base).toBe(base);
    expect(m.translatePage(0x1000)).toMatchObject({ va: base + 0x40000n, result: { mapped: true } });
    expect(m.verify().problems).toEqual([]);
  });

  it('may begin anywhere at a multiple of 1 GiB', () => {
    const base = fc.record({ la57: fc.boolean(), n: fc.nat(10 ** 6) }).map(({ la57, n }) => {
      const [low, high] = la57
        ? [0xff12_0000_0000_0000n, 0xffff_bc00_0000_0000n]
        : [0xffff_8900_0000_0000n, 0xffff_fc00_0000_0000n];
      const steps = (high - low) >> 30n;
      return { la57, vmemmapBase: low + (((steps * BigInt(n)) / 1_000_000n) << 30n), kaslr: true };
    });
    fc.assert(
      fc.property(base, (config) => {
        const m = machine(config);
        expect(m.verify()).toMatchObject({ problems: [], sections: 8 });
        expect(m.translatePage(0x12345).va).toBe(config.vmemmapBase + 0x12345n * 64n);
      }),
      { numRuns: 50 },
    );
  });

  it.each<[Partial<X86Config>, string]>([
    [{ kaslr: true }, 'kaslr needs vmemmapBase'],
    [{ vmemmapBase: 0xffff888000000001n }, 'multiple of 0x40000000'],
    [{ vmemmapBase: 0x1000_0000_0000n }, 'is outside of'],
    [{ vmemmapBase: 0xffff_ffff_c000_0000n }, 'is outside of'],
    [{ structPageSize: 68 }, 'multiple of 8'],
    [{ memoryEncryption: true, encryptionBit: 47, physicalAddressBits: 46 }, 'must be below physicalAddressBits'],
  ])('refuses %o', (config, message) => {
    expect(() => x86(config)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(`^@vmemmap/x86: .*${message}`) }),
    );
  });
});

describe('the walker', () => {
  const m = machine({ la57: false, pse: false });
  const root = m.ops.initMm.root;

  it('refuses addresses that are not canonical', () => {
    expect(m.translate(0x0000_8000_0000_0000n).result).toMatchObject({
      mapped: false,
      fault: 'not canonical: bits 63:47 differ',
    });
    expect(m.translate(0xffff_7fff_ffff_ffffn).result.fault).toContain('not canonical');
    expect(m.translate(0x0000_7fff_ffff_ffffn).result.fault).toBe('not present (P = 0)');
    const five = machine();
    expect(five.translate(0x0100_0000_0000_0000n).result.fault).toBe('not canonical: bits 63:56 differ');
    expect(five.translate(0x00ff_ffff_ffff_ffffn).result.fault).toBe('not present (P = 0)');
  });

  it('adds up rights over the levels: write and user by all, execute by none', () => {
    const { steps, result } = m.translatePage(0x200);
    expect(result.access).toBe(3);
    const pmd = m.entryLanes(steps[2]!.table, steps[2]!.index);
    const before = pmd[0]!;
    pmd[0] = before & ~2;
    expect(m.translatePage(0x200).result.access).toBe(1);
    pmd[0] = before & ~1;
    expect(m.translatePage(0x200).result).toMatchObject({ mapped: false, fault: 'not present (P = 0)', level: 2 });
    pmd[0] = before;
  });

  it.each<[string, Partial<X86Config>, number, number, number, string]>([
    ['PS in the root', {}, 0, 0x80, 0, 'reserved bit 7 set'],
    ['PS in a p4d entry', {}, 1, 0x80, 0, 'reserved bit 7 set'],
    ['low address bits of a 2 MiB page', {}, 3, 0x2000, 0, 'reserved bit 13 set'],
    [
      'high address bits of a 2 MiB page',
      { physicalAddressBits: 46 },
      3,
      0,
      1 << 14,
      'address bit 46 beyond MAXPHYADDR set',
    ],
    ['NX without EFER.NXE', { nx: false }, 3, 0, 1 << 31, 'bit 63 set without EFER.NXE'],
  ])('faults on a reserved bit: %s', (_, config, level, lo, hi, fault) => {
    const own = machine({ ...config });
    const step = own.translatePage(0x200).steps[level]!;
    const lanes = own.entryLanes(step.table, step.index);
    lanes[0] = lanes[0]! | lo;
    lanes[1] = lanes[1]! | hi;
    const walk = own.translatePage(0x200);
    expect(walk.result).toMatchObject({ mapped: false, fault });
    expect(walk.steps.at(-1)!.kind).toBe('reserved');
    expect(own.verify().problems).not.toEqual([]);
  });

  it('stops at a table that is not there', () => {
    const own = machine();
    const step = own.translatePage(0x200).steps[1]!;
    own.entryLanes(step.table, step.index)[0] = 0x7000067;
    expect(own.translatePage(0x200).result).toMatchObject({ mapped: false, fault: 'no table at 0x7000000' });
    expect(own.verify().problems).not.toEqual([]);
  });

  it('reads any entry without failing, and base pages alike in full and in short', () => {
    const lane = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 36, max: 52 }),
        lane,
        lane,
        (la57, nxe, maxPhyAddr, lo, hi) => {
          const reader = new X86EntryReader({ la57, nxe, maxPhyAddr, cBit: -1 });
          const out = { kind: -1, address: 0, flagsLo: 0, flagsHi: 0, access: 0, fault: '' };
          const last = reader.levels.length - 1;
          for (let level = 0; level <= last; level++) {
            out.kind = -1;
            reader.read(level, lo, hi, out);
            expect([0, 1, 2, 3]).toContain(out.kind);
            if (out.kind === 1 || out.kind === 2) expect(out.address).toBeLessThan(2 ** maxPhyAddr);
            else expect(out.fault).not.toBe('');
          }
          const high = reader.pages.high(lo, hi);
          expect(high >= 0).toBe(out.kind === 2);
          if (high >= 0) expect(high * 2 ** 32 + (reader.pages.low(lo, hi) >>> 0)).toBe(out.address);
        },
      ),
    );
  });

  it('translates many at once as it does one by one', () => {
    for (const config of [
      { la57: false, pse: false },
      {},
      { la57: false, kaslr: true, vmemmapBase: 0xfffff1bfc0000000n },
    ]) {
      const own = machine(config);
      const offsets = fc.array(fc.integer({ min: -4096, max: 20 * 2 ** 20 }), { maxLength: 50 });
      const one = translation();
      fc.assert(
        fc.property(offsets, (list) => {
          const pas = new Int32Array(2 * list.length);
          own.translateMany(Float64Array.from(list), pas);
          for (const [i, offset] of list.entries()) {
            if (offset < 0) continue;
            own.ops.walker.walk(own.ops.initMm.root, offset, one);
            const high = pas[2 * i + 1]!;
            expect(high >= 0 ? high * 2 ** 32 + (pas[2 * i]! >>> 0) : undefined).toBe(one.mapped ? one.pa : undefined);
          }
        }),
      );
      fc.assert(
        fc.property(
          fc.nat(20 * 2 ** 20),
          fc.constantFrom(64, 4096, 5000, 2 ** 21),
          fc.nat(40),
          (first, step, count) => {
            const pas = new Int32Array(2 * count);
            own.translateRange(first, step, count, pas);
            for (let i = 0; i < count; i++) {
              own.ops.walker.walk(own.ops.initMm.root, first + i * step, one);
              const high = pas[2 * i + 1]!;
              expect(high >= 0 ? high * 2 ** 32 + (pas[2 * i]! >>> 0) : undefined).toBe(
                one.mapped ? one.pa : undefined,
              );
            }
          },
        ),
      );
    }
  });

  it('takes the root out of a CR3', () => {
    expect(rootOfCr3(0x5a9b000n)).toBe(0x5a9b000);
    expect(rootOfCr3(0x8000_0000_05a9_b805n)).toBe(0x5a9b000);
    expect(rootOfCr3(0x0008_0000_05a9_b000n, 51)).toBe(0x5a9b000);
    expect(m.translate(m.pageAddress(5), root).result.mapped).toBe(true);
    expect(entryOf(m, 5) & 1n).toBe(1n);
  });
});
