import { boot, Machine } from '@vmemmap/core';
import { type S390Config, s390, s390Layout } from '@vmemmap/s390';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE_PAGES, FOUR_LEVELS, GiB, machine, range, SECTION } from './machine.ts';

const TIB = 1n << 40n;

/** Base, bytes and number of levels of a machine with RAM from 0 to `end`. */
function placed(config: Partial<S390Config>, end: number): [bigint, bigint, number] {
  const m = new Machine({ arch: s390(config), memory: { ranges: [range(0, 0, end)] } });
  expect(m.window.start).toBe(m.window.base);
  return [m.window.base, m.window.end - m.window.base, m.levels.length];
}

describe('the vmemmap lies where real kernels have it', () => {
  it.each<[string, Partial<S390Config>, number, bigint, bigint, number]>([
    ['3 GiB', {}, 3 * GiB, 0x372_0000_0000n, 0x300_0000n, 3],
    ['1333 MiB: struct pages for whole sections', {}, 0x5350_0000, 0x372_0000_0000n, 0x160_0000n, 3],
    ['64 GiB', {}, 64 * GiB, 0x372_0000_0000n, 0x4000_0000n, 3],
    ['2 GiB, KASLR', { kaslr: true, kaslrSlot: 0 }, 2 * GiB, 0x372_0000_0000n, 0x200_0000n, 3],
    [
      '1 GiB of 8 TiB, KASLR',
      { kaslr: true, kaslrSlot: 0, identMapSize: 8n * TIB },
      GiB,
      0x1f_80fb_8000_0000n,
      0x20_0000_0000n,
      4,
    ],
  ])('%s', (_, config, end, base, bytes, levels) => {
    expect(placed(config, end)).toEqual([base, bytes, levels]);
    expect(placed({ ...config, ...BASE_PAGES }, end)).toEqual([base, bytes, levels]);
  });
});

describe('what lies around it', () => {
  // KERNELOFFSET, VMALLOC_START, __abs_lowcore and vmemmap of booted kernels.
  it.each<[string, Partial<S390Config>, number, bigint, bigint, bigint, bigint]>([
    ['3 GiB', {}, 3 * GiB, 0x3ff_e000_0000n, 0x37f_e000_0000n, 0x37f_dfdf_e000n, 0x372_0000_0000n],
    [
      '2 GiB, KASLR',
      { kaslr: true, kaslrSlot: 0 },
      2 * GiB,
      0x3ff_fe3a_8000n,
      0x37f_fe30_0000n,
      0x37f_fe0f_e000n,
      0x372_0000_0000n,
    ],
    [
      '1 GiB of 8 TiB, KASLR',
      { kaslr: true, kaslrSlot: 0, identMapSize: 8n * TIB },
      GiB,
      0x1f_ffff_fe3a_8000n,
      0x1f_feff_7e30_0000n,
      0x1f_feff_7e0f_e000n,
      0x1f_80fb_8000_0000n,
    ],
  ])('is where real kernels have it: %s', (_, config, end, kernelStart, vmallocStart, absLowcore, vmemmap) => {
    expect(s390Layout(config, end)).toMatchObject({ kernelStart, vmallocStart, absLowcore, vmemmap });
  });

  it('is the kernel: in its slot, a multiple of a stack of 16 KiB, or of 64 KiB with KASAN and KMSAN', () => {
    const at = (config: Partial<S390Config>): bigint =>
      s390Layout({ kaslr: true, kernelSize: 0x100_1000n, ...config }, 2 * GiB).kernelStart;
    expect(at({ kaslrSlot: 0 })).toBe(2n ** 42n - 0x100_4000n);
    expect(at({ kaslrSlot: 5 })).toBe(2n ** 42n - 0x101_8000n);
    expect(at({ kaslrSlot: 5, kmsan: true })).toBe(2n ** 42n - 0x106_0000n);
    expect(at({ kaslrSlot: 5, kasan: true })).toBe(0x1c_0000_0000_0000n - 0x106_0000n);
    expect(at({ kaslrSlot: 5, maxSecStorAddr: 3n << 42n })).toBe(2n ** 42n - 0x101_8000n);
    expect(at({ kaslr: false, kernelImageBase: 0x10_0000n })).toBe(2n ** 42n - 0x100_4000n);
    expect(at({ kaslr: false })).toBe(0x3ff_e000_0000n);
  });

  it('are modules, vmalloc and what KMSAN needs', () => {
    expect(s390Layout({ kmsan: true }, 2 * GiB)).toMatchObject({
      modulesStart: 0x3ff_6000_0000n,
      vmallocEnd: 0x3ff_6000_0000n - (4n << 30n) - 340n * (1n << 30n),
      vmallocStart: 0x3ff_6000_0000n - (4n << 30n) - 510n * (1n << 30n),
    });
    expect(s390Layout({ vmallocSize: 3n << 20n }, GiB)).toMatchObject({
      vmallocEnd: 0x3ff_6000_0000n,
      vmallocStart: 0x3ff_5fd0_0000n,
      memcpyReal: 0x3ff_5fcf_f000n,
      absLowcore: 0x3ff_5fcf_e000n - 0x20_0000n,
    });
    // An eighth of memory, where that is more than 510 GiB.
    const big = s390Layout({ kaslr: true, kaslrSlot: 0, identMapSize: 5n * TIB + 4096n }, GiB);
    expect(big.vmallocEnd - big.vmallocStart).toBe(640n * (1n << 30n) + (1n << 20n));
    expect(s390Layout({ nrCpus: 2 }, GiB).absLowcore).toBe(0x37f_dfff_a000n);
  });
});

// Checked with a second transcription of arch/s390/boot/startup.c:setup_kernel_memory_layout in another language.
describe('the vmemmap lies where the boot code puts it', () => {
  it.each<[string, Partial<S390Config>, bigint, number]>([
    ['struct pages of 72 bytes', { structPageSize: 72 }, 0x370_0000_0000n, 3],
    ['512 CPUs: the lowcore area is not seen at this scale', { nrCpus: 512 }, 0x372_0000_0000n, 3],
    ['no CONFIG_RANDOMIZE_BASE', { randomizeBase: false }, 0x372_0000_0000n, 3],
    // vmalloc ends at 0x3ff60000000, starts 2 TiB below at most half: 0x3ff60000000 - (0x3ff60000000 - 0x202000)/2.
    ['vmalloc=2T, of which there is half of the rest', { vmallocSize: 2n * TIB }, 0x1f7_8000_0000n, 3],
    // vmalloc=64G leaves 0x3ef60000000, less lowcore: 64/65 of it, in 2 GiB.
    ['vmalloc=64G', { vmallocSize: 64n << 30n }, 0x3df_8000_0000n, 3],
    // 510 GiB in three parts of 170 GiB, two above; 4 GiB more for the modules: VMALLOC_START 0x37ee0000000.
    ['KMSAN', { kmsan: true }, 0x371_0000_0000n, 3],
    // From 128 TiB less 512 MiB; 64/65 of what is below 0x7f7fe0000000, in 4 TiB.
    ['KASAN', { kasan: true }, 0x7c00_0000_0000n, 4],
    ['KASAN with the kernel below 4 TiB', { kasan: true, kernelImageBase: 0x3ff_e000_0000n }, 0x372_0000_0000n, 4],
    // The kernel at 8 TiB is less than what vmalloc and the rest need: it goes to the end of 8 PiB.
    ['a kernel beyond 4 TiB', FOUR_LEVELS, 0x1f_8000_0000_0000n, 4],
    ['a kernel too low to have anything below', { kernelImageBase: 0x10_0000n }, 0x372_0000_0000n, 3],
    ['a kernel of 100 MiB, too low', { kernelImageBase: 0x10_0000n, kernelSize: 0x640_0000n }, 0x372_0000_0000n, 3],
  ])('%s', (_, config, base, levels) => {
    const [found, bytes, depth] = placed(config, 2 * GiB);
    expect([found, depth]).toEqual([base, levels]);
    expect(bytes).toBe(16n * 32768n * BigInt(config.structPageSize ?? 64));
  });

  it('with KASLR goes down as the slot goes up, in steps of the entry it is aligned to', () => {
    const big = { kaslr: true, identMapSize: 8n * TIB };
    const at = (kaslrSlot: number): bigint => placed({ ...big, kaslrSlot }, GiB)[0];
    // 2^27 slots of 16 KiB are 2 TiB: the vmemmap is 64/65 of that lower.
    expect(at(0) - at(2 ** 27)).toBe(0x1f8_8000_0000n);
    expect(at(1)).toBe(at(0));
    expect(at(2 ** 27) % 2n ** 31n).toBe(0n);
  });

  it('with KASLR has as many slots as there is room', () => {
    // 2 GiB: vmax - vsize is 2 TiB and 1022 GiB less FIXMAP; a slot is 16 KiB, the kernel takes 0x1c56000.
    const slots =
      (0x400_0000_0000 - (0x80_8000_0000 + 0x8000_0000 + 0x20_2000 + 2 * 2 ** 31 + 510 * GiB) - 0x1c5_6000) / 16384;
    const last = Math.ceil(slots) - 1;
    expect(() => placed({ kaslr: true, kaslrSlot: last }, 2 * GiB)).not.toThrow();
    expect(() => placed({ kaslr: true, kaslrSlot: last + 1 }, 2 * GiB)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(`must be below ${last + 1}`) }),
    );
  });

  it('below the secure storage limit on a host of protected guests', () => {
    const config = { ...FOUR_LEVELS, maxSecStorAddr: 0x1b_0000_0000_0000n };
    const [base] = placed(config, 2 * GiB);
    expect(base).toBe(0x1a_9400_0000_0000n);
  });

  it('needs 4 levels with KASLR when 3 have no room, and makes do with 3 without', () => {
    const much = { identMapSize: 4n * TIB };
    expect(placed({ ...much, kaslr: true, kaslrSlot: 0 }, GiB)[2]).toBe(4);
    const [base, bytes, levels] = placed(much, GiB);
    expect(levels).toBe(3);
    // What there is no room for is no memory to the kernel: the struct pages end with the identity mapping.
    expect(bytes).toBe((base / 2n ** 27n) * 2n ** 21n);
  });

  it('never overlaps what is above it: vmemmap and its size stay below __abs_lowcore', () => {
    const config = fc.record({
      identMapSize: fc.bigInt({ min: 1n, max: 2n ** 22n }).map((n) => n << 24n),
      structPageSize: fc.constantFrom(64, 72, 80, 128),
      nrCpus: fc.integer({ min: 2, max: 512 }),
      kmsan: fc.boolean(),
      vmallocSize: fc.option(
        fc.bigInt({ min: 1n, max: 2n ** 23n }).map((n) => n << 20n),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(config, fc.option(fc.nat(1000), { nil: undefined }), (chosen, slot) => {
        const kaslr = slot === undefined ? {} : { kaslr: true, kaslrSlot: slot };
        const [base, bytes, levels] = placed({ ...chosen, ...kaslr }, 2 ** 24);
        const { absLowcore, identMapSize } = s390Layout({ ...chosen, ...kaslr }, 2 ** 24);
        expect(base + bytes).toBeLessThanOrEqual(absLowcore);
        expect(identMapSize).toBeLessThanOrEqual(base);
        expect(base % 2n ** 31n).toBe(0n);
        expect(bytes % BigInt(32768 * chosen.structPageSize)).toBe(0n);
        expect(base + bytes).toBeLessThanOrEqual(levels === 4 ? 2n ** 53n : 2n ** 42n);
        // The identity mapping lies below.
        expect((bytes / BigInt(chosen.structPageSize)) * 4096n).toBeLessThanOrEqual(base + 2n ** 27n);
      }),
    );
  });
});

describe('the memory map', () => {
  it('may not reach beyond what the kernel uses', () => {
    const refuse = (config: Partial<S390Config>, end: number, message: string): void =>
      expect(() => placed(config, end)).toThrow(
        expect.objectContaining({ code: 'BAD_MEMORY_MAP', message: expect.stringContaining(message) }),
      );
    refuse({ identMapSize: 1n << 30n }, 2 * GiB, 'give a larger identMapSize');
    refuse({}, 0x372_0000_0000 + SECTION, 'give less RAM, or 4 levels by kaslr');
    // All of the identity mapping may be RAM.
    expect(placed({}, 0x372_0000_0000)).toEqual([0x372_0000_0000n, 0xd_c800_0000n, 3]);
  });

  it('decides about the number of levels, and both have all struct pages', () => {
    const config = { kaslr: true, kaslrSlot: 3 };
    for (const [end, levels] of [
      [2 * GiB, 3],
      [4 * 2 ** 40, 4],
    ] as const) {
      const ranges = [range(0, 0, GiB), range(0, end - SECTION, end)];
      const m = boot({ arch: s390(config), memory: { ranges } });
      expect(m.levels.map(({ name }) => name)).toEqual(['p4d', 'pud', 'pmd', 'pte'].slice(4 - levels));
      expect(m.verify()).toMatchObject({ problems: [], sections: 9 });
    }
  });
});

describe('sections', () => {
  it('are of 128 MiB, and of 256 MiB on Linux 6.12', () => {
    expect([...machine().sections()][0]!.count).toBe(8);
    expect([...machine({}, undefined, { release: '6.12' }).sections()][0]!.count).toBe(4);
    expect([...machine({ sectionSizeBits: 27 }, undefined, { release: '6.12' }).sections()][0]!.count).toBe(8);
    // By assumption: see policies.ts.
    expect([...machine({}, undefined, { release: '6.16' }).sections()][0]!.count).toBe(4);
    expect([...machine({ sectionSizeBits: 28 }).sections()][0]!.count).toBe(4);
  });
});

describe('the configuration', () => {
  it.each<[Partial<S390Config>, string]>([
    [{ edat1: false }, 'edat2 needs edat1'],
    [{ kasan: true, kmsan: true }, 'exclude each other'],
    [{ kaslr: true }, 'kaslr needs kaslrSlot'],
    [{ kaslrSlot: 4 }, 'kaslrSlot 4 needs kaslr'],
    [{ kaslr: true, kaslrSlot: 4, randomizeBase: false }, 'kaslr needs randomizeBase'],
    [{ structPageSize: 68 }, 'multiple of 8'],
    [{ kernelImageBase: 0x4000n }, 'kernelImageBase 0x4000 must be 0x100000 to 0x1fffffe0000000'],
    [{ kernelImageBase: 0x1f_ffff_f000_0000n }, 'must be 0x100000 to 0x1fffffe0000000'],
    [{ kernelImageBase: 0x1c_0000_0000_0000n, kasan: true }, 'must be 0x100000 to 0x1bffffe0000000'],
    [{ kernelImageBase: 0x3ff_e000_4000n, kmsan: true }, 'multiple of 0x10000, the size of a stack'],
    [{ kernelImageBase: 0x3ff_e000_2000n }, 'multiple of 0x4000'],
    [{ kernelSize: 0x2000_1000n }, 'at most 0x20000000, the kernelImageSize'],
    [{ kernelSize: 0x10_0000n }, 'kernelSize 0x100000 must be more than 0x100000'],
    [{ maxSecStorAddr: 1n << 42n }, 'must be more than 0x40000000000'],
    [{ identMapSize: 0n }, 'identMapSize must not be 0'],
    [{ vmallocSize: 4096n }, 'vmallocSize must be a 64-bit address that is a multiple of 0x100000'],
    [{ nrCpus: 513 }, 'nrCpus must be a whole number from 2 to 512'],
    [{ maxPhysmemBits: 41 }, 'maxPhysmemBits must be a whole number from 42 to 53'],
    [{ sectionSizeBits: 26 }, 'sectionSizeBits must be 0, 27, 28'],
  ])('%o is refused', (config, message) => {
    expect(() => s390(config)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(`^@vmemmap/s390: .*${message}`) }),
    );
  });

  it('takes a kernel that just fits', () => {
    for (const config of [
      { kernelImageBase: 0x10_0000n },
      { kernelImageBase: 0x1f_ffff_e000_0000n },
      { kernelImageBase: 0x1b_ffff_e000_0000n, kasan: true },
      { kernelSize: 0x2000_0000n },
      { kernelSize: 0x10_1000n },
      { maxSecStorAddr: (1n << 42n) + (1n << 20n) },
    ])
      expect(() => s390(config)).not.toThrow();
  });
});
