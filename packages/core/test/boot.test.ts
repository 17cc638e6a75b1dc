import { describe, expect, it } from 'vitest';
import { boot, SECTION_FLAGS } from '../src/index.ts';
import { paged } from './paged.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const SECTION = 128 * MiB;

describe('boot', () => {
  it('takes one buffer for all sections of a node, holes or not, where the release has one', () => {
    const ranges = [
      { node: 0, start: 0, end: GiB },
      { node: 0, start: 4 * GiB, end: 5 * GiB },
    ];
    const m = boot({ arch: paged()(), memory: { ranges }, release: '6.12' });
    const pas = Array.from({ length: 8 }, (_, n) => [n, 32 + n]).flat();
    const at = (section: number): number => m.translatePage((section * SECTION) / 4096).result.pa;
    const sorted = pas.map(at).sort((a, b) => a - b);
    for (let n = 1; n < sorted.length; n++) expect(sorted[n]! - sorted[n - 1]!).toBe(2 * MiB);
    expect(at(32)).toBe(at(7) + 2 * MiB);
    expect(m.counters).toEqual({ nr_memmap_boot_pages: 16 * 512, nr_memmap_pages: 0 });
  });

  it('tells how far it is, up to the last section', () => {
    const told: [number, number][] = [];
    boot({
      arch: paged({ model: { sectionSizeBits: 24 } })(),
      memory: {
        ranges: [
          { node: 0, start: 0, end: 80 * GiB },
          { node: 1, start: 80 * GiB, end: 160 * GiB },
        ],
      },
      onProgress: (done, total) => told.push([done, total]),
    });
    const total = 10240;
    expect(told.length).toBeGreaterThan(1);
    expect(told.every(([, of]) => of === total)).toBe(true);
    expect(told.map(([done]) => done)).toEqual([...told.map(([done]) => done)].sort((a, b) => a - b));
    expect(told.at(-1)![0]).toBe(total);
  });
});

describe('sections one by one', () => {
  const machine = () => boot({ arch: paged()(), memory: { ranges: [{ node: 0, start: 0, end: GiB }] } });
  const pfn = (4 * GiB) / 4096;
  const pages = SECTION / 4096;

  it('are there while they are populated, part by part', () => {
    const m = machine();
    const state = () => [...m.sections()].find(({ nr }) => nr === 32);
    expect(m.populateSection(pfn, pages, 0)).toBe(true);
    expect(state()).toMatchObject({
      flags: SECTION_FLAGS.MARKED_PRESENT | SECTION_FLAGS.HAS_MEM_MAP,
      subsectionMap: 2n ** 64n - 1n,
    });
    const { nr_memmap_pages } = m.counters;
    expect(nr_memmap_pages).toBe(512);
    m.depopulateSection(pfn, pages);
    expect([state(), m.counters.nr_memmap_pages, m.translatePage(pfn).result.mapped]).toEqual([undefined, 0, false]);
  });

  it('are not there when populating failed', () => {
    const m = machine();
    m.failures.add({ times: Number.POSITIVE_INFINITY });
    expect(m.populateSection(pfn, pages, 0)).toBe(false);
    m.failures.clear();
    expect([...m.sections()].some(({ nr }) => nr === 32)).toBe(false);
    expect(m.populateSection(pfn, pages, 0)).toBe(true);
  });

  it('of boot can be given up', () => {
    const m = machine();
    m.freeMapBootmem(3);
    expect([...m.sections()].some(({ nr, count }) => nr <= 3 && 3 < nr + count)).toBe(false);
    expect([m.counters.nr_memmap_boot_pages, m.translatePage(3 * pages).result.mapped]).toEqual([7 * 512, false]);
  });
});
