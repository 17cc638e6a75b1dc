import { type PowerpcConfig, powerpc } from '@vmemmap/powerpc';
import { describe, expect, it } from 'vitest';
import { GiB, KiB, MiB, machine, range } from './machine.ts';

describe('the window', () => {
  it.each<[string, Partial<PowerpcConfig>, bigint, bigint]>([
    ['radix, 4K pages', {}, 0xc00c000000000000n, 0xc00e000000000000n],
    ['radix, 64K pages', { pageSize: 65536 }, 0xc00c000000000000n, 0xc00e000000000000n],
    ['hash, 64K pages', { mmu: 'hash', pageSize: 65536 }, 0xc00c000000000000n, 0xc00e000000000000n],
    ['hash, 4K pages', { mmu: 'hash' }, 0xc0003f0000000000n, 0xc000400000000000n],
  ])('with %s begins with the struct page of pfn 0', (_, config, start, end) => {
    const m = machine(config);
    expect(m.window).toEqual({ base: start, start, end });
    expect(m.translatePage(0x10)).toMatchObject({ va: start + 0x400n, result: { mapped: true } });
  });
});

describe('the memory model', () => {
  it.each([
    [4096, 12, 12, 512, 256 * KiB],
    [65536, 16, 8, 32, 16 * KiB],
  ])(
    'of %i byte pages has sections of 16 MiB and blocks of 16 MiB',
    (pageSize, pageShift, maxPageOrder, perSubsection, memmap) => {
      const { model } = powerpc({ pageSize });
      expect(model).toEqual({
        pageShift,
        sectionSizeBits: 24,
        maxPhysmemBits: 51,
        structPageSize: 64,
        maxPageOrder,
        bootGoal: 0,
      });
      expect(2 ** (21 - pageShift)).toBe(perSubsection);
      expect(2 ** (24 - pageShift) * 64).toBe(memmap);
    },
  );

  it('counts pages of each section rounded up: with 64K pages four times what is there', () => {
    expect(machine({ pageSize: 65536 }, [range(0, 0, 2 * GiB)]).counters.nr_memmap_boot_pages).toBe(128);
    expect(machine({}, [range(0, 0, 2 * GiB)]).counters.nr_memmap_boot_pages).toBe(8192);
  });
});

describe('the size of hash mappings', () => {
  const spanOf = (config: Partial<PowerpcConfig>, ram: number): number =>
    machine({ mmu: 'hash', ...config }, [range(0, 0, ram)]).translatePage(0).result.span;

  it('is 16 MiB from 1 GiB of RAM on, and a page below, unless told otherwise', () => {
    expect(spanOf({}, GiB)).toBe(16 * MiB);
    expect(spanOf({}, GiB - 16 * MiB)).toBe(4096);
    expect(spanOf({ pageSize: 65536 }, GiB)).toBe(16 * MiB);
    expect(spanOf({ pageSize: 65536 }, GiB - 16 * MiB)).toBe(65536);
    expect(spanOf({ vmemmapPageSize: 4096 }, 2 * GiB)).toBe(4096);
    expect(spanOf({ pageSize: 65536, vmemmapPageSize: 4096 }, 256 * MiB)).toBe(4096);
  });
});

describe('the hashed page table', () => {
  it.each([
    // A group of 128 bytes for two pages, RAM rounded up; at least 2^18 bytes.
    [{}, 3 * GiB, 19],
    [{}, 2 * GiB, 18],
    [{ pageSize: 65536 }, 2 * GiB, 14],
    [{ pageSize: 65536 }, 128 * MiB, 11],
    [{ hashTableOrder: 20 }, 2 * GiB, 13],
  ])('%o has for %i bytes of RAM 2^%i groups', (config, ram, groupBits) => {
    const m = machine({ mmu: 'hash', ...config }, [range(0, 0, ram)]);
    expect(m.ops).toMatchObject({ hashTable: { groupBits } });
  });

  it('takes RAM without a hypervisor, and none with one', () => {
    const free = (lpar: boolean): number =>
      machine({ mmu: 'hash', lpar, hashTableOrder: 24, vmemmapPageSize: 4096 }).ram.freeBytes();
    expect(free(true) - free(false)).toBe(16 * MiB);
  });

  it('stops the kernel when there is no RAM for it', () => {
    expect(() => machine({ mmu: 'hash', lpar: false, hashTableOrder: 30 })).toThrow(
      expect.objectContaining({ code: 'KERNEL_PANIC' }),
    );
  });
});

describe('the configuration', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ structPageSize: 68 }, 'multiple of 8'],
    [{ mmu: 'book3e' }, 'mmu must be one of radix, hash'],
    [{ pageSize: 16384 }, 'pageSize must be 4096, 65536'],
    [{ vmemmapPageSize: 65536 }, 'vmemmapPageSize is of the hash MMU; leave it out, or set mmu to hash'],
    [{ hashTableOrder: 24 }, 'hashTableOrder is of the hash MMU'],
    [{ mmu: 'hash', vmemmapPageSize: 65536 }, 'needs pageSize 65536'],
    [{ mmu: 'hash', vmemmapPageSize: 8192 }, 'vmemmapPageSize must be 0, 4096, 65536, 16777216'],
    [{ mmu: 'hash', hashTableOrder: 17 }, '0 or 18 to 46'],
    [{ mmu: 'hash', hashTableOrder: 47 }, 'a whole number from 0 to 46'],
  ])('refuses %o', (config, message) => {
    expect(() => powerpc(config)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: expect.stringMatching(`^@vmemmap/powerpc: .*${message}`),
      }),
    );
  });

  it('declares page tables and huge pages for radix only', () => {
    expect(powerpc().capabilities).toEqual([
      'huge-pages',
      'altmap',
      'free',
      'no-execute',
      'memory-hotplug',
      'page-tables',
      'memmap-on-memory',
      'optimize-dax-vmemmap',
    ]);
    expect(powerpc({ mmu: 'hash' }).capabilities).toEqual(['altmap', 'free', 'no-execute', 'memory-hotplug']);
    expect(powerpc().exceptions!.map(({ name }) => name)).toEqual(['altmap-fallback', 'boot-tables-or-panic']);
    expect(powerpc({ mmu: 'hash' }).exceptions!.map(({ name }) => name)).toEqual([
      'altmap-fallback',
      'assumes-populated',
      'node-unchecked',
    ]);
  });
});
