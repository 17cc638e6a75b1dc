import { boot } from '@vmemmap/core';
import { type SparcConfig, sparc } from '@vmemmap/sparc';
import { describe, expect, it } from 'vitest';
import { GiB, machine, range } from './machine.ts';

/** Chip, VA hole's bottom, physical bits, VMEMMAP_BASE. */
const CHIPS: readonly [chip: string, hole: bigint, bits: number, base: bigint][] = [
  ['spitfire', 0x0000_0800_0000_0000n, 40, 0x0000_0600_0000_0000n],
  ['cheetah', 0x0010_0000_0000_0000n, 42, 0x000c_0000_0000_0000n],
  ['cheetah+', 0x0010_0000_0000_0000n, 42, 0x000c_0000_0000_0000n],
  ['niagara1', 0x0000_8000_0000_0000n, 39, 0x0000_6000_0000_0000n],
  ['niagara2', 0x0000_8000_0000_0000n, 39, 0x0000_6000_0000_0000n],
  ['niagara3', 0x0000_8000_0000_0000n, 43, 0x0000_6000_0000_0000n],
  ['niagara4', 0x0008_0000_0000_0000n, 47, 0x0006_0000_0000_0000n],
  ['niagara5', 0x0008_0000_0000_0000n, 47, 0x0006_0000_0000_0000n],
  ['m6', 0x0008_0000_0000_0000n, 47, 0x0006_0000_0000_0000n],
  ['sparc64x', 0x0008_0000_0000_0000n, 47, 0x0006_0000_0000_0000n],
  ['m7', 0x0008_0000_0000_0000n, 49, 0x0006_0000_0000_0000n],
  ['sn', 0x0008_0000_0000_0000n, 49, 0x0006_0000_0000_0000n],
  ['m8', 0x0010_0000_0000_0000n, 51, 0x000c_0000_0000_0000n],
  ['unknown', 0x0010_0000_0000_0000n, 51, 0x000c_0000_0000_0000n],
];

describe('the window', () => {
  it.each(CHIPS)('of %s begins at VMEMMAP_BASE and ends where the VA hole begins', (chip, hole, bits, base) => {
    const m = machine({ chip });
    expect(m.window).toEqual({ base, start: base, end: hole });
    expect(m.arch.config).toMatchObject({ chip, maxPhysBits: bits, vaHoleBottom: hole });
    // pfn_to_page(0x1000)
    expect(m.translatePage(0x1000)).toMatchObject({ va: base + 0x1000n * 72n, result: { mapped: true } });
    expect(m.verify().problems).toEqual([]);
  });

  it.each(CHIPS)('of %s has room for the struct pages of all RAM there can be', (chip, _, bits) => {
    const top = 2 ** bits;
    const m = machine({ chip }, [range(0, 0, GiB), range(0, top - GiB, top)]);
    expect(m.verify().problems).toEqual([]);
    const last = m.translatePage(top / 8192 - 1);
    expect(last.result.mapped).toBe(true);
    expect(last.va + 72n <= m.window.end).toBe(true);
  });

  it('has the struct page of pfn 0x20000 of a T4 where the arithmetic says', () => {
    const m = machine({ chip: 'niagara4' }, [range(0, 0, 2 * GiB)]);
    const { va, steps, result } = m.translatePage(0x2_0000);
    expect(va).toBe(0x0006_0000_0090_0000n);
    expect(steps.map(({ index }) => index)).toEqual([0xc0, 0, 1]);
    expect(result.inside).toBe(0x10_0000);
  });

  it('refuses RAM that the chip cannot address', () => {
    const at = (bits: number) => ({ ranges: [range(0, 0, GiB), range(0, 2 ** bits, 2 ** bits + GiB)] });
    for (const [chip, , bits] of CHIPS) {
      expect(() => boot({ arch: sparc({ chip }), memory: at(bits) })).toThrow(
        expect.objectContaining({ code: 'BAD_MEMORY_MAP', message: expect.stringContaining(`chip ${chip}`) }),
      );
    }
  });
});

describe('the memory model', () => {
  it('is that of asm/page_64.h and asm/sparsemem.h', () => {
    expect(sparc().model).toEqual({
      pageShift: 13,
      sectionSizeBits: 30,
      maxPhysmemBits: 53,
      structPageSize: 72,
      maxPageOrder: 12,
      bootGoal: 2 ** 43 - 1,
    });
    expect(sparc({ chip: 'm8', maxPageOrder: 10 }).model).toMatchObject({ maxPageOrder: 10, bootGoal: 2 ** 52 - 1 });
  });

  it('has struct pages of 72 bytes with MEMCG and of 64 without', () => {
    expect(sparc({ memcg: true }).model.structPageSize).toBe(72);
    expect(sparc({ memcg: false }).model.structPageSize).toBe(64);
    expect(sparc({ memcg: false, structPageSize: 80 }).model.structPageSize).toBe(80);
  });

  it('has four levels of 1024 entries', () => {
    expect(machine().levels).toEqual(
      [43, 33, 23, 13].map((shift, n) => ({
        name: ['pgd', 'pud', 'pmd', 'pte'][n],
        shift,
        indexBits: 10,
        bytes: 8192,
      })),
    );
  });
});

describe('the chip', () => {
  it.each<[Partial<SparcConfig>, string]>([
    [{}, 'spitfire'],
    [{ machine: 'sun4u' }, 'spitfire'],
    [{ machine: 'sun4v' }, 'niagara4'],
    [{ tlb: 'sun4v' }, 'niagara4'],
    [{ tlbType: 'cheetah' }, 'cheetah'],
    [{ tlbType: 'cheetah+' }, 'cheetah+'],
    [{ tlbType: 'hypervisor', maxPhysBits: 39 }, 'niagara1'],
    [{ maxPhysBits: 43 }, 'niagara3'],
    [{ maxPhysBits: 49 }, 'm7'],
    [{ maxPhysBits: 51, vaHoleBottom: 0x0010_0000_0000_0000n }, 'm8'],
    [{ machine: 'sun4v', vaHoleBottom: 0x0000_8000_0000_0000n }, 'niagara1'],
    [{ machine: 'sun4u', tlb: 'sun4u', tlbType: 'spitfire', maxPhysBits: 40, vaHoleBottom: 1n << 43n }, 'spitfire'],
  ])('of %o is %s', (config, chip) => {
    expect(sparc(config).config).toMatchObject({ chip });
  });

  it('makes a configuration that gives the same again', () => {
    for (const [chip] of CHIPS) {
      const { config } = sparc({ chip });
      expect(sparc(config as Partial<SparcConfig>).config).toEqual(config);
    }
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { chip: 'spitfire', maxPhysBits: 47 },
      'maxPhysBits 47 contradicts chip spitfire, which has 40; leave maxPhysBits out',
    ],
    [{ chip: 'm7', machine: 'sun4u' }, 'machine sun4u contradicts chip m7, which has sun4v'],
    [{ chip: 'm7', tlb: 'sun4u' }, 'tlb sun4u contradicts chip m7'],
    [
      { chip: 'niagara1', vaHoleBottom: 1n << 43n },
      'vaHoleBottom 0x80000000000 contradicts chip niagara1, which has 0x8000',
    ],
    [{ machine: 'sun4v', tlbType: 'spitfire' }, 'no chip has machine sun4v and tlbType spitfire; name the chip'],
    [{ maxPhysBits: 41 }, 'no chip has maxPhysBits 41'],
    [{ chip: 'pentium' }, 'chip must be one of auto, spitfire'],
    [{ tlbType: 'sun4v' }, 'tlbType must be one of'],
    [{ vaHoleBottom: 0x1000 }, 'vaHoleBottom must be a 64-bit address that is a multiple of 0x80000000000'],
    [{ maxPageOrder: 18 }, 'maxPageOrder must be'],
    [{ structPageSize: 68 }, 'structPageSize must be a multiple of 8, not 68'],
    [{ memcg: 'maybe' }, 'memcg must be true or false'],
  ])('is not to be had from %o', (config, message) => {
    expect(() => sparc(config)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(`@vmemmap/sparc: ${message}`) }),
    );
  });

  it('takes values as captures have them: text, and null for the default', () => {
    const config = { maxPhysBits: '47', vaHoleBottom: '0x0008000000000000', tlb: null, memcg: 'false' };
    const { config: parsed } = sparc(config as unknown as Partial<SparcConfig>);
    expect(parsed).toMatchObject({ chip: 'niagara4', tlb: 'sun4v', structPageSize: 64 });
  });
});

describe('what is declared', () => {
  it('is huge pages and tables, and nothing of what sparc64 lacks', () => {
    for (const { config } of sparc.variants) expect(sparc(config).capabilities).toEqual(['huge-pages', 'page-tables']);
  });

  it('has variants that are all different', () => {
    const texts = sparc.variants.map(({ config }) =>
      JSON.stringify(sparc(config).config, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    );
    expect(new Set(texts).size).toBe(texts.length);
    expect(sparc.variants[0]!.config).toEqual({});
  });
});
