import { type Arm64Config, arm64 } from '@vmemmap/arm64';
import { hex64, Machine, type MemoryRange } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { GiB, machine, range, sizes } from './machine.ts';

const K16 = 16384;
const K64 = 65536;

/** A machine that has not booted: its window and its levels are all that is asked. */
function layout(
  config: Partial<Arm64Config>,
  ranges: readonly MemoryRange[] = [range(0, GiB, 3 * GiB)],
  release = '7.2',
) {
  return new Machine({ arch: arm64(config), memory: { ranges }, release });
}

describe('the levels', () => {
  it.each<[string, Partial<Arm64Config>, string]>([
    ['4K/39', { vaBits: 39 }, 'pgd 30+9, pmd 21+9, pte 12+9'],
    ['4K/48', { vaBits: 48 }, 'pgd 39+9, pud 30+9, pmd 21+9, pte 12+9'],
    ['4K/52', {}, 'pgd 48+4, p4d 39+9, pud 30+9, pmd 21+9, pte 12+9'],
    ['4K/52 on a CPU with 48', { vaBitsActual: 48 }, 'pgd 39+9, pud 30+9, pmd 21+9, pte 12+9'],
    ['16K/36', { pageSize: K16, vaBits: 36 }, 'pgd 25+11, pte 14+11'],
    ['16K/47', { pageSize: K16, vaBits: 47 }, 'pgd 36+11, pmd 25+11, pte 14+11'],
    ['16K/48', { pageSize: K16, vaBits: 48 }, 'pgd 47+1, pud 36+11, pmd 25+11, pte 14+11'],
    ['16K/52', { pageSize: K16 }, 'pgd 47+5, pud 36+11, pmd 25+11, pte 14+11'],
    ['16K/52 on a CPU with 47', { pageSize: K16, lpa2: false }, 'pgd 36+11, pmd 25+11, pte 14+11'],
    ['64K/42', { pageSize: K64, vaBits: 42 }, 'pgd 29+13, pte 16+13'],
    ['64K/48', { pageSize: K64, vaBits: 48 }, 'pgd 42+6, pmd 29+13, pte 16+13'],
    ['64K/52', { pageSize: K64 }, 'pgd 42+10, pmd 29+13, pte 16+13'],
    // The root keeps all of its entries; the first 960 are never used.
    ['64K/52 on a CPU with 48', { pageSize: K64, vaBitsActual: 48 }, 'pgd 42+10, pmd 29+13, pte 16+13'],
  ])('of %s are those of the kernel, to writer and walker', (_, config, expected) => {
    const m = machine(config);
    const text = (levels: Machine['levels'][number][]): string =>
      levels.map(({ name, shift, indexBits }) => `${name} ${shift}+${indexBits}`).join(', ');
    expect(text([...m.levels])).toBe(expected);
    const { steps, result } = m.translatePage((2 * GiB) / sizes(m).page);
    expect(result.mapped).toBe(true);
    expect(steps.map(({ level }) => level)).toEqual(m.levels.slice(0, steps.length).map(({ name }) => name));
    for (const { index, level } of steps) {
      const { shift, indexBits } = m.levels.find(({ name }) => name === level)!;
      const va = m.pageAddress((2 * GiB) / sizes(m).page);
      expect(index).toBe(Number((va >> BigInt(shift)) & ((1n << BigInt(indexBits)) - 1n)));
    }
  });

  it('of a CPU with fewer bits begin where the kernel does: index 507 of 512, 2043 of 2048, 1023 of 1024', () => {
    const first = (config: Partial<Arm64Config>): number => [...machine(config).tables()][0]!.firstIndex;
    expect(first({ lpa2: false })).toBe(507);
    expect(first({ pageSize: K16, lpa2: false })).toBe(2043);
    expect(first({ pageSize: K64, vaBitsActual: 48 })).toBe(1023);
  });
});

describe('the window', () => {
  it.each<[string, Partial<Arm64Config>, bigint]>([
    ['4K/39', { vaBits: 39 }, 0xffff_fffe_c000_0000n],
    ['4K/48', { vaBits: 48 }, 0xffff_fdff_c000_0000n],
    ['4K/52', {}, 0xffff_c1ff_c000_0000n],
    ['16K/36', { pageSize: K16, vaBits: 36 }, 0xffff_ffff_b800_0000n],
    ['16K/47', { pageSize: K16, vaBits: 47 }, 0xffff_ffbf_c000_0000n],
    ['16K/48', { pageSize: K16, vaBits: 48 }, 0xffff_ff7f_c000_0000n],
    ['16K/52', { pageSize: K16 }, 0xffff_f03f_c000_0000n],
    ['64K/42', { pageSize: K64, vaBits: 42 }, 0xffff_ffff_4000_0000n],
    ['64K/48', { pageSize: K64, vaBits: 48 }, 0xffff_ffdf_c000_0000n],
    ['64K/48 with 52 bits of PA', { pageSize: K64, vaBits: 48, paBits: 52 }, 0xffff_ffdf_c000_0000n],
    ['64K/52', { pageSize: K64 }, 0xffff_fc1f_c000_0000n],
    ['64K/52 with 48 bits of PA', { pageSize: K64, paBits: 48 }, 0xffff_fc1f_c000_0000n],
    // Of a CPU with fewer bits: as that of a kernel for so many.
    ['4K/52 on a CPU with 48', { lpa2: false }, 0xffff_fdff_c000_0000n],
    ['16K/52 on a CPU with 47', { pageSize: K16, lpa2: false }, 0xffff_ffbf_c000_0000n],
    ['64K/52 on a CPU with 48', { pageSize: K64, vaBitsActual: 48 }, 0xffff_ffdf_c000_0000n],
    // 72 and 80 bytes need 9/8 and 10/8 of it.
    ['4K/48 with 72-byte struct pages', { vaBits: 48, structPageSize: 72 }, 0xffff_fdbf_c000_0000n],
    ['4K/52 with 80-byte struct pages', { structPageSize: 80 }, 0xffff_b27f_c000_0000n],
  ])('of %s begins at VMEMMAP_START and ends 1 GiB before the end', (_, config, start) => {
    const { window } = layout(config);
    expect(hex64(window.start)).toBe(hex64(start));
    expect(hex64(window.end)).toBe('0xffffffffc0000000');
  });

  it.each<[string, Partial<Arm64Config>, bigint]>([
    ['4K/52', {}, 0xffff_c1ff_bf00_0000n],
    ['4K/52 on a CPU with 48', { lpa2: false }, 0xffff_fdff_bf00_0000n],
    ['16K/52', { pageSize: K16 }, 0xffff_f03f_bfc0_0000n],
    ['16K/52 on a CPU with 47', { pageSize: K16, lpa2: false }, 0xffff_ffbf_bfc0_0000n],
    ['64K/52 on a CPU with 48', { pageSize: K64, vaBitsActual: 48 }, 0xffff_ffdf_bff0_0000n],
    ['4K/39', { vaBits: 39 }, 0xffff_fffe_bf00_0000n],
  ])('of %s has its base below itself: the struct page of the first RAM, at 1 GiB, comes first', (_, config, base) => {
    const m = layout(config);
    expect(hex64(m.window.base)).toBe(hex64(base));
    expect(m.pageAddress(GiB / sizes(m).page)).toBe(m.window.start);
    expect(m.offsetOfPage(0)).toBeLessThan(0);
  });

  it.each<[string, Partial<Arm64Config>, number, number]>([
    // A PUD, 32 PMDs, a PMD.
    ['4K', {}, 5 * GiB + 1024 * 1024, 5 * GiB],
    ['16K', { pageSize: K16 }, 5 * GiB + GiB / 2, 5 * GiB],
    ['64K', { pageSize: K64 }, 5 * GiB + GiB / 2, 5 * GiB + GiB / 2],
    ['64K on a CPU with 48', { pageSize: K64, vaBitsActual: 48 }, 5 * GiB + GiB / 2, 5 * GiB + GiB / 2],
    ['4K on a CPU with 48', { lpa2: false }, 5 * GiB + GiB / 2, 5 * GiB],
    ['4K with RAM from 0', {}, 0, 0],
  ])('with %s pages begins with the first RAM, rounded down', (_, config, start, memstart) => {
    const m = layout(config, [range(0, start, start + GiB)]);
    expect(m.pageAddress(memstart / sizes(m).page)).toBe(m.window.start);
  });

  it('fits the largest linear map there is, and no RAM beyond it', () => {
    for (const [config, size] of [
      [{ vaBits: 39 }, 2 ** 38],
      [{ vaBits: 48 }, 2 ** 47],
      [{ pageSize: K16, vaBits: 36 }, 2 ** 35],
      [{ pageSize: K16, lpa2: false }, 2 ** 46],
      [{ lpa2: false }, 2 ** 47],
      [{ pageSize: K64, vaBits: 42 }, 2 ** 41],
      [{}, 2 ** 52 - 2 ** 47],
    ] as const) {
      const ranges = (end: number): MemoryRange[] => [range(0, GiB, 2 * GiB), range(0, end - GiB, end)];
      const m = layout(config, ranges(size + GiB));
      const end = m.pageAddress((size + GiB) / sizes(m).page);
      expect(hex64(end)).toBe(hex64(m.window.end));
      expect(() => layout(config, ranges(size + GiB + sizes(m).page))).toThrow(
        expect.objectContaining({
          code: 'BAD_MEMORY_MAP',
          message: expect.stringContaining(`what lies at or above 0x${(size + GiB).toString(16)}: leave it out`),
        }),
      );
    }
  });
});

describe('a randomised memstart_addr', () => {
  const drawn = BigInt.asUintN(64, -64n * 2n ** 30n);

  it('moves the struct pages up on 6.12', () => {
    const m = layout({ memstartAddr: drawn }, undefined, '6.12');
    expect(m.pageAddress(GiB / 4096) - m.window.start).toBe(BigInt((65 * GiB) / 4096) * 64n);
    expect(machine({ memstartAddr: drawn }, undefined, { release: '6.12' }).verify().problems).toEqual([]);
  });

  it.each<[string, Partial<Arm64Config>, string, string]>([
    ['is gone since 7.2', { memstartAddr: drawn }, '7.2', 'not randomised in this release'],
    ['is a multiple of 1 GiB with 4K pages', { memstartAddr: drawn + 2n ** 29n }, '6.12', 'multiple of 0x40000000'],
    ['does not leave RAM below itself', { memstartAddr: 2n ** 31n }, '6.12', 'must be -0x'],
    ['leaves all RAM in the linear map', { vaBits: 39, memstartAddr: -(2n ** 39n) + 2n ** 64n }, '6.12', 'must be -0x'],
  ])('%s', (_, config, release, message) => {
    expect(() => layout(config, undefined, release)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(message) }),
    );
  });
});

describe('the memory model', () => {
  it.each<[string, Partial<Arm64Config>, number[]]>([
    ['4K/52', {}, [12, 27, 52, 10]],
    ['4K/52 on a CPU with 48', { lpa2: false }, [12, 27, 48, 10]],
    ['4K/48', { vaBits: 48 }, [12, 27, 48, 10]],
    ['16K/52', { pageSize: K16 }, [14, 27, 52, 11]],
    ['64K/52', { pageSize: K64 }, [16, 29, 52, 13]],
    ['64K/52 on a CPU with 48', { pageSize: K64, vaBitsActual: 48 }, [16, 29, 52, 13]],
    ['64K/42', { pageSize: K64, vaBits: 42 }, [16, 29, 48, 13]],
  ])('of %s has its page shift, section bits, physical bits and largest order', (_, config, expected) => {
    const { pageShift, sectionSizeBits, maxPhysmemBits, maxPageOrder } = arm64(config).model;
    expect([pageShift, sectionSizeBits, maxPhysmemBits, maxPageOrder]).toEqual(expected);
  });
});

describe('the configuration', () => {
  const resolved = (config: object): unknown => {
    const { vaBitsActual, paBits, lpa2 } = arm64(config).config;
    return [vaBitsActual, paBits, lpa2];
  };

  it.each<[object, unknown]>([
    [{}, [52, 52, true]],
    [{ lpa2: null, vaBitsActual: null, paBits: null }, [52, 52, true]],
    [{ lpa2: false }, [48, 52, false]],
    [{ vaBitsActual: 48 }, [48, 52, false]],
    [{ vaBits: 48 }, [48, 48, false]],
    [{ pageSize: '16384', lpa2: 'false' }, [47, 52, false]],
    [{ pageSize: K64 }, [52, 52, false]],
    [{ pageSize: K64, vaBitsActual: 48 }, [48, 52, false]],
    [{ pageSize: K64, vaBits: 42 }, [42, 48, false]],
    [{ pageSize: K64, vaBits: 48, paBits: 52, haft: false }, [48, 52, false]],
  ])('%o has the rest of it filled in', (config, expected) => {
    expect(resolved(config)).toEqual(expected);
  });

  it.each<[Partial<Arm64Config>, string]>([
    [{ vaBits: 47 }, 'vaBits with 4K pages must be 39 or 48 or 52, not 47'],
    [{ pageSize: K16, vaBits: 39 }, 'vaBits with 16K pages must be 36 or 47 or 48 or 52, not 39'],
    [{ pageSize: K64, vaBits: 36 }, 'vaBits with 64K pages must be 42 or 48 or 52, not 36'],
    [{ paBits: 48 }, 'paBits with 4K pages and vaBits 52 must be 52, not 48'],
    [{ pageSize: K16, vaBits: 48, paBits: 52 }, 'paBits with 16K pages and vaBits 48 must be 48, not 52'],
    [{ vaBitsActual: 47 }, 'vaBitsActual with vaBits 52 must be 48 or 52, not 47'],
    [{ pageSize: K16, vaBitsActual: 48 }, 'vaBitsActual with vaBits 52 must be 47 or 52, not 48'],
    [{ vaBits: 39, vaBitsActual: 48 }, 'vaBitsActual with vaBits 39 must be 39, not 48'],
    [{ lpa2: false, vaBitsActual: 52 }, 'vaBitsActual 52 with 4K pages needs lpa2'],
    [{ ngMappings: 'early' }, "ngMappings 'early' needs kpti"],
    [{ structPageSize: 68 }, 'structPageSize must be a multiple of 8, not 68'],
    [{ structPageSize: 136 }, 'makes the vmemmap reach into the modules'],
    [{ pageSize: 8192 }, 'pageSize must be 4096, 16384, 65536, not 8192'],
  ])('%o is refused', (config, message) => {
    expect(() => arm64(config)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('has room for struct pages of 128 bytes, the largest', () => {
    expect(hex64(layout({ structPageSize: 128 }).window.start)).toBe('0xffff83ffc0000000');
  });
});
