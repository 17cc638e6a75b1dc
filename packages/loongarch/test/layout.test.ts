import { boot, type Machine } from '@vmemmap/core';
import { type LoongarchConfig, loongarch, setupPtwalker } from '@vmemmap/loongarch';
import { describe, expect, it } from 'vitest';
import { GiB, machine, range } from './machine.ts';

const small = [range(0, 0, GiB)];
const levelsOf = (m: Machine): string => m.levels.map(({ name, shift }) => `${name} ${shift}`).join(', ');

/** CPUs whose physical addresses are short enough for what the tables can map. */
const SHORT = { cpuPabits: 39, cpuVabits: 39 };
const SHORTER = { cpuPabits: 33, cpuVabits: 39 };

describe('the levels', () => {
  it.each<[string, Partial<LoongarchConfig>, string, number]>([
    ['4KB_2LEVEL', { pageSize: 4096, levels: 2, ...SHORTER }, 'pgd 21, pte 12', 512],
    ['4KB_3LEVEL', { pageSize: 4096, levels: 3, ...SHORT }, 'pgd 30, pmd 21, pte 12', 512],
    ['4KB_4LEVEL', { pageSize: 4096, levels: 4 }, 'pgd 39, pud 30, pmd 21, pte 12', 512],
    ['16KB_2LEVEL', { pageSize: 16384, levels: 2, ...SHORT }, 'pgd 25, pte 14', 2048],
    ['16KB_3LEVEL', { pageSize: 16384, levels: 3 }, 'pgd 36, pmd 25, pte 14', 2048],
    ['64KB_2LEVEL', { pageSize: 65536, levels: 2 }, 'pgd 29, pte 16', 8192],
    ['64KB_3LEVEL', { pageSize: 65536, levels: 3 }, 'pgd 42, pmd 29, pte 16', 8192],
  ])('of %s', (_, config, text, entries) => {
    const m = machine(config, small);
    expect(levelsOf(m)).toBe(text);
    expect(m.levels.every(({ indexBits, bytes }) => 2 ** indexBits === entries && bytes === config.pageSize)).toBe(
      true,
    );
    expect(m.verify()).toMatchObject({ problems: [], sections: 2 });
  });

  it('are told to the CPU as the kernel does', () => {
    // Read off CSR.PWCL and CSR.PWCH of a booted kernel.
    expect(setupPtwalker(machine().levels)).toEqual({ pwcl: 0x5e56e, pwch: 0x2e4 });
    expect(setupPtwalker(machine({ pageSize: 4096, levels: 4 }).levels)).toEqual({
      pwcl: 12 | (9 << 5) | (21 << 10) | (9 << 15) | (30 << 20) | (9 << 25),
      pwch: 39 | (9 << 6),
    });
    expect(setupPtwalker(machine({ pageSize: 65536, levels: 2 }).levels)).toEqual({
      pwcl: 16 | (13 << 5),
      pwch: 29 | (13 << 6),
    });
  });
});

describe('the window', () => {
  const window = (config: Partial<LoongarchConfig>, release = '7.2') => machine(config, small, { release }).window;

  it.each<[string, Partial<LoongarchConfig>, bigint, bigint]>([
    ['16K pages, 3 levels', {}, 0xfffffebffe000000n, 0xfffffffffe000000n],
    ['4K pages, 4 levels', { pageSize: 4096, levels: 4 }, 0xfffffaffffc00000n, 0xffffffffffc00000n],
    ['64K pages, 3 levels', { pageSize: 65536 }, 0xffffffafe0000000n, 0xffffffffe0000000n],
    ['64K pages, 2 levels', { pageSize: 65536, levels: 2 }, 0xffff83afe0000000n, 0xffff83ffe0000000n],
    ['16K pages, 2 levels', { levels: 2, ...SHORT }, 0xffffff8ebe000000n, 0xffffff8ffe000000n],
    ['4K pages, 3 levels', { pageSize: 4096, ...SHORT }, 0xfffffffaffc00000n, 0xffffffffffc00000n],
    ['4K pages, 2 levels', { pageSize: 4096, levels: 2, ...SHORTER }, 0xffffff802bc00000n, 0xffffff803fc00000n],
    ['16K pages, struct pages of 64 bytes', { structPageSize: 64 }, 0xfffffefffe000000n, 0xfffffffffe000000n],
    // 50001 objects are 100004 pages, 0x61a90000 bytes: VMALLOC_END is 0xfffffebf9c570000.
    ['a large KFENCE area', { kfenceNumObjects: 50001 }, 0xfffffebf9e000000n, 0xffffffff9e000000n],
    ['40 bits of address', SHORT, 0xfffffffebe000000n, 0xfffffffffe000000n],
  ])('of %s begins with the struct page of pfn 0', (_, config, start, end) => {
    expect(window(config)).toEqual({ base: start, start, end });
    // Neither 7.3 nor the series changes it.
    for (const release of ['7.3', 'series-04']) expect(window(config, release)).toEqual({ base: start, start, end });
  });

  it.each<[string, Partial<LoongarchConfig>, bigint, bigint]>([
    ['16K pages', {}, 0xfffffefffe000000n, 0xffffff0000000000n],
    ['4K pages', { pageSize: 4096, levels: 4 }, 0xfffffbffffe00000n, 0xfffffc0000000000n],
    ['64K pages', { pageSize: 65536 }, 0xffffffbfe0000000n, 0xffffffc000000000n],
  ])('of %s without KFENCE is one PMD higher on 6.12, up to the end of all addresses', (_, config, since72, on612) => {
    const now = window({ ...config, kfence: false });
    const before = window({ ...config, kfence: false }, '6.12');
    expect([now.base, before.base]).toEqual([since72, on612]);
    expect(before.end).toBe(1n << 64n);
    expect(machine({ ...config, kfence: false }, small, { release: '6.12' }).verify().problems).toEqual([]);
  });

  it('is the same on 6.12 with KFENCE and struct pages of the same size, since the area of KFENCE keeps VMALLOC_END off the boundary', () => {
    for (const { config } of loongarch.variants.filter((variant) => variant.config.kfence !== false))
      expect(window({ ...config, structPageSize: 80 }, '6.12')).toEqual(window(config));
  });

  it('holds a struct page for every pfn the CPU can address', () => {
    expect(machine().pageAddress(0x8000_0000 / 16384)).toBe(0xfffffebffea00000n);
    expect(machine({ kfence: false }).pageAddress(0x8000_0000 / 16384)).toBe(0xfffffefffe800000n);
    for (const { config } of loongarch.variants) {
      const arch = loongarch(config);
      const { start, end } = machine(config, small).window;
      const pages = 2n ** BigInt(arch.model.maxPhysmemBits - arch.model.pageShift);
      expect(end - start).toBe(pages * BigInt(arch.model.structPageSize));
    }
  });
});

describe('the memory model', () => {
  it("is Debian's by default", () => {
    expect(loongarch().model).toEqual({
      pageShift: 14,
      sectionSizeBits: 29,
      maxPhysmemBits: 48,
      structPageSize: 80,
      maxPageOrder: 11,
      bootGoal: 0,
    });
  });

  it('a struct page has 72 bytes on 6.12 with KFENCE, where its size need not be a multiple of 16', () => {
    const ranges = [{ node: 0, start: 0, end: 2 ** 32 }];
    const old = boot({ arch: loongarch(), release: '6.12', memory: { ranges } });
    expect(old.model.structPageSize).toBe(72);
    expect(old.window.base).toBe(0xffff_fedf_fe00_0000n);
    expect(old.counters.nr_memmap_boot_pages).toBe(8 * 144);
    expect(boot({ arch: loongarch({ kfence: false }), release: '6.12', memory: { ranges } }).model.structPageSize).toBe(
      64,
    );
    expect(
      boot({ arch: loongarch({ structPageSize: 72 }), release: '6.12', memory: { ranges } }).verify().problems,
    ).toEqual([]);
    expect(() => boot({ arch: loongarch({ structPageSize: 72 }), release: '7.2', memory: { ranges } })).toThrow(
      'structPageSize must be a multiple of 16 on Linux 7.2.13',
    );
  });

  it('has 8 bytes less in a struct page without KFENCE, aligned to 16', () => {
    expect(loongarch({ kfence: false }).model.structPageSize).toBe(64);
    expect(loongarch({ kfence: false, structPageSize: 96 }).model.structPageSize).toBe(96);
  });

  it("has Kconfig's largest block for the page size", () => {
    const orders = [{ pageSize: 4096, levels: 4 }, {}, { pageSize: 65536 }].map((c) => loongarch(c).model.maxPageOrder);
    expect(orders).toEqual([10, 11, 13]);
    expect(loongarch({ maxPageOrder: 8 }).model.maxPageOrder).toBe(8);
  });

  it('ends where the CPU does', () => {
    expect(loongarch(SHORT).model.maxPhysmemBits).toBe(40);
    expect(() => machine(SHORT, [range(0, 0, 2 ** 41)])).toThrow(expect.objectContaining({ code: 'BAD_MEMORY_MAP' }));
  });
});

describe('the configuration', () => {
  it('shows what the defaults are, also those that follow from others', () => {
    expect(loongarch().config).toEqual({
      pageSize: 16384,
      levels: 3,
      cpuPabits: 47,
      cpuVabits: 47,
      kfence: true,
      kfenceNumObjects: 255,
      maxPageOrder: 11,
      structPageSize: 80,
      // As in Debian's 7.2.13.
      invalidPteTable: 0x9000000001b24000n,
      invalidPmdTable: 0x9000000001b28000n,
      invalidPudTable: undefined,
    });
    expect(loongarch({ pageSize: 4096, levels: 4 }).config).toMatchObject({
      invalidPteTable: 0x9000000001b21000n,
      invalidPmdTable: 0x9000000001b22000n,
      invalidPudTable: 0x9000000001b23000n,
    });
    expect(loongarch({ pageSize: 65536, levels: 2 }).config).toMatchObject({
      invalidPteTable: 0x9000000001b30000n,
      invalidPmdTable: undefined,
    });
  });

  it.each<[Partial<LoongarchConfig>, string]>([
    [{ pageSize: 8192 }, 'pageSize must be 4096, 16384, 65536'],
    [{ levels: 5 }, 'levels must be a whole number from 2 to 4'],
    [{ levels: 4 }, '16K pages with 4 levels do not exist; there are 4K pages with 2, 3 or 4 levels'],
    [{ pageSize: 65536, levels: 4 }, '64K pages with 4 levels do not exist'],
    // The layout of these has no room for struct pages.
    [
      { pageSize: 4096 },
      'the struct pages of 48 bits of physical address need 0x50000000000 bytes, and the kernel has 0x8000000000 to map; lower cpuPabits',
    ],
    [{ levels: 2 }, 'and the kernel has 0x1000000000 to map'],
    [{ pageSize: 4096, levels: 2, ...SHORT }, 'and the kernel has 0x40000000 to map'],
    [{ cpuVabits: 39 }, 'and the kernel has 0x8000000000 to map'],
    [{ structPageSize: 76 }, 'structPageSize must be a multiple of 8'],
    [{ maxPageOrder: 16 }, 'maxPageOrder must be at most 15 with 16K pages, not 16'],
    [{ maxPageOrder: 15, pageSize: 4096, levels: 4 }, 'maxPageOrder must be at most 14 with 4K pages, not 15'],
    [{ maxPageOrder: 14, pageSize: 65536 }, 'maxPageOrder must be at most 13 with 64K pages, not 14'],
    [{ invalidPteTable: 0x9000000001b24800n }, 'invalidPteTable must be a 64-bit address that is a multiple of 0x1000'],
    [{ invalidPteTable: 0x9000000001b25000n }, 'must be a multiple of the page size 0x4000'],
    [{ invalidPmdTable: 0x8000000001b28000n }, 'must be a cached direct-mapped address'],
    [{ invalidPmdTable: 0x9001000001b28000n }, 'must be a cached direct-mapped address'],
    [{ invalidPteTable: 0x9000010000000000n, ...SHORT }, 'must be a cached direct-mapped address'],
    [{ invalidPmdTable: 0x9000000001b24000n }, 'is invalidPteTable, too; give each table an address of its own'],
    [{ invalidPudTable: 0x9000000001b2c000n }, 'a kernel with 3 levels has no such table; leave it out'],
    [{ invalidPmdTable: 0x9000000001b28000n, levels: 2, ...SHORT }, 'a kernel with 2 levels has no such table'],
  ])('%o is refused', (config, message) => {
    expect(() => loongarch(config)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(message) }),
    );
    expect(() => loongarch(config)).toThrow(/^@vmemmap\/loongarch: /);
  });

  it('is refused only when the vmemmap would begin below the kernel', () => {
    // 4K pages with 2 levels map 2^30 bytes. Less a PMD and the struct pages of 2^35 bytes that is 97792 pages.
    const base = (kfenceNumObjects: number): bigint =>
      machine({ pageSize: 4096, levels: 2, cpuPabits: 34, cpuVabits: 39, kfenceNumObjects }, small).window.base;
    expect(base(48894)).toBe(0xffffff8000000000n);
    expect(() => base(48895)).toThrow('lower cpuPabits, or take larger pages or more levels');
  });
});
