import { type PagingMode, type RiscvConfig, riscv } from '@vmemmap/riscv';
import { describe, expect, it } from 'vitest';
import { DRAM, GiB, MiB, machine, range, THEAD } from './machine.ts';

const TiB = 1024 * GiB;

describe('the window', () => {
  it.each<[PagingMode, bigint, bigint, number]>([
    ['sv39', 0xffffffc500000000n, 0xffffffc600000000n, 276],
    ['sv48', 0xffff8d8000000000n, 0xffff8f8000000000n, 283],
    ['sv57', 0xff1c000000000000n, 0xff20000000000000n, 284],
  ])('of %s lies below vmalloc and spans four root entries', (mode, start, end, index) => {
    const m = machine({ mode });
    expect(m.window).toMatchObject({ start, end });
    const [top] = m.tables();
    expect([top!.firstIndex, top!.lastIndex]).toEqual([index, index + 3]);
  });

  it.each<[number, PagingMode, bigint]>([
    [72, 'sv39', 0xffffffc400000000n],
    [128, 'sv48', 0xffff8b8000000000n],
    [80, 'sv57', 0xff18000000000000n],
    [56, 'sv57', 0xff1c000000000000n],
    [32, 'sv39', 0xffffffc580000000n],
    [256, 'sv48', 0xffff878000000000n],
  ])('counts struct pages of %i bytes as the next power of two (%s)', (structPageSize, mode, start) => {
    const { window } = machine({ mode, structPageSize });
    expect(window.start).toBe(start);
    // Half of all pages that there are addresses for have room.
    const bits = { sv39: 39, sv48: 48, sv57: 57 }[mode];
    expect(window.end - window.start).toBeGreaterThanOrEqual((1n << BigInt(bits - 13)) * BigInt(structPageSize));
  });

  it('has the levels of its mode, folded ones left out', () => {
    const levels = (mode: PagingMode): unknown => machine({ mode }).levels.map(({ name, shift }) => [name, shift]);
    const lower = [
      ['pmd', 21],
      ['pte', 12],
    ];
    expect(levels('sv39')).toEqual([['pgd', 30], ...lower]);
    expect(levels('sv48')).toEqual([['pgd', 39], ['pud', 30], ...lower]);
    expect(levels('sv57')).toEqual([['pgd', 48], ['p4d', 39], ['pud', 30], ...lower]);
  });
});

describe('the struct page that the window begins with', () => {
  /** Its pfn, and the address of the first page of RAM's. */
  const place = (config: Partial<RiscvConfig>, start: number, release = '7.2'): [number, bigint] => {
    const m = machine(config, [range(0, start, start + GiB)], { release });
    const pfn = Number(m.window.start - m.window.base) / (config.structPageSize ?? 64);
    return [pfn, m.pageAddress(start / 4096)];
  };

  it.each<[PagingMode, bigint]>([
    ['sv57', 0xff1c000002000000n],
    ['sv48', 0xffff8d8002000000n],
    ['sv39', 0xffffffc502000000n],
  ])('is that of pfn 0 on QEMU, whose RAM begins at 2 GiB (%s)', (mode, first) => {
    expect(place({ mode }, DRAM)).toEqual([0, first]);
  });

  it('is that of a multiple of 16 GiB since 7.2, the largest folio', () => {
    for (const release of ['7.2', '7.3', 'series-04']) {
      expect(place({}, 256 * GiB, release)).toEqual([0x4000000, 0xff1c000000000000n]);
      expect(place({}, 24 * GiB, release)).toEqual([0x400000, 0xff1c000008000000n]);
      expect(place({}, 16 * GiB - 128 * MiB, release)[0]).toBe(0);
    }
  });

  it('is that of the section that RAM begins in on 6.12', () => {
    expect(place({}, DRAM, '6.12')).toEqual([0x80000, 0xff1c000000000000n]);
    expect(place({}, DRAM + 130 * MiB, '6.12')).toEqual([0x88000, 0xff1c000000008000n]);
  });

  it('is that of the section without HVO', () => {
    expect(place({ hugetlbVmemmapOptimize: false }, DRAM)).toEqual([0x80000, 0xff1c000000000000n]);
    expect(place({ hugetlbVmemmapOptimize: false }, DRAM + 130 * MiB)[0]).toBe(0x88000);
  });

  it('is that of the section when a struct page is no power of two, which HVO cannot use', () => {
    expect(place({ structPageSize: 80 }, DRAM)[0]).toBe(0x80000);
    expect(place({ structPageSize: 128 }, DRAM)[0]).toBe(0);
  });

  it('takes RAM to begin at a multiple of 2 MiB first', () => {
    expect(place({}, DRAM + 128 * MiB + 4096, '6.12')[0]).toBe(0x88000);
    expect(place({}, DRAM + 128 * MiB - 4096, '6.12')[0]).toBe(0x80000);
  });
});

describe('RAM beyond the linear mapping', () => {
  it.each<[PagingMode, number]>([
    ['sv39', 128 * GiB],
    ['sv48', 64 * TiB],
  ])('is refused with %s, which reaches a quarter of the root table', (mode, size) => {
    const last = (end: number) => [range(0, DRAM, DRAM + GiB), range(0, end - 2 * MiB, end)];
    expect(machine({ mode }, last(DRAM + size)).verify().problems).toEqual([]);
    expect(() => machine({ mode }, last(DRAM + size + 2 * MiB))).toThrow(
      expect.objectContaining({
        code: 'BAD_MEMORY_MAP',
        message: expect.stringContaining(`takes RAM from 0x${(DRAM + size).toString(16)} on out of the machine`),
      }),
    );
  });

  it('counts from where RAM begins, rounded down to 2 MiB', () => {
    const start = DRAM + MiB;
    const end = DRAM + 128 * GiB;
    const ranges = [range(0, start, start + GiB), range(0, end - 2 * MiB, end)];
    expect(machine({ mode: 'sv39' }, ranges).verify().problems).toEqual([]);
    expect(() => machine({ mode: 'sv39' }, [...ranges, range(0, end, end + MiB)])).toThrow(
      expect.objectContaining({ code: 'BAD_MEMORY_MAP' }),
    );
  });

  it('may lie as high as the model counts with Sv57', () => {
    const end = 2 ** 53 - 2 * MiB;
    expect(machine({}, [range(0, DRAM, DRAM + GiB), range(0, end - 2 * MiB, end)]).verify().problems).toEqual([]);
  });
});

describe('a configuration', () => {
  it('is that of Debian on QEMU by default', () => {
    expect(riscv().config).toEqual({
      mode: 'sv57',
      hugetlbVmemmapOptimize: true,
      svpbmt: true,
      svnapot: true,
      theadMae: false,
      structPageSize: 64,
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ structPageSize: 68 }, 'structPageSize must be a multiple of 8'],
    [{ structPageSize: 264 }, 'structPageSize must be'],
    [{ mode: 'sv32' }, 'mode must be'],
    [{ theadMae: true }, 'set svpbmt and svnapot to false'],
    [{ theadMae: true, svnapot: false }, 'set svpbmt to false'],
    [{ theadMae: true, svpbmt: false }, 'set svnapot to false'],
    [{ levels: 4 }, 'no option "levels"'],
  ])('%o is refused', (config, message) => {
    expect(() => riscv(config as Partial<RiscvConfig>)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(`^@vmemmap/riscv: .*${message}`) }),
    );
  });

  it('of every variant boots a machine without fault, and no two are alike', () => {
    const seen = riscv.variants.map(({ config }) => {
      const m = machine(config);
      expect(m.verify().problems).toEqual([]);
      return [m.window.start, m.window.base, m.translatePage(0x80000).steps.map(({ entry }) => entry)].join();
    });
    expect(new Set(seen).size).toBe(seen.length);
    expect(riscv.variants.map(({ config }) => config)).toContainEqual(THEAD);
  });
});
