import { altmapAlloc, altmapFree, altmapNrFree, altmapOffset, blockRun, vmemAltmap } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const PAGE = 4096;
const PMD = 2 ** 21;

describe('vmem_altmap', () => {
  it('aligns a block to the lowest set bit of its size', () => {
    const altmap = vmemAltmap(0x100000, 0x17ffff, 2, 0x1ffe);
    const run = blockRun();
    altmapAlloc(altmap, PMD, PAGE, 1, run);
    expect(run.pa / PAGE).toBe(0x100200);
    expect(altmap).toMatchObject({ alloc: 512, align: 510 });
    altmapAlloc(altmap, PMD, PAGE, 1, run);
    expect(run.pa / PAGE).toBe(0x100400);
    expect(altmap).toMatchObject({ alloc: 1024, align: 510 });
    expect(altmapNrFree(altmap)).toBe(0x1ffe - 1024 - 510);
    expect(altmapOffset(altmap)).toBe(0x2000);
  });

  it('has no room when alignment has eaten it', () => {
    const altmap = vmemAltmap(0x100001, 0x17ffff, 0, 600);
    const run = blockRun();
    altmapAlloc(altmap, PMD, PAGE, 1, run);
    expect(run.count).toBe(0);
    expect(altmap).toMatchObject({ alloc: 0, align: 0 });
  });

  it('never gives alignment back', () => {
    const altmap = vmemAltmap(0x100000, 0x17ffff, 1, 2000);
    const run = blockRun();
    altmapAlloc(altmap, PMD, PAGE, 1, run);
    altmapFree(altmap, 512);
    expect(altmap).toMatchObject({ alloc: 0, align: 511 });
  });

  it('gives the same blocks in runs as one by one', () => {
    const shape = fc.record({ base: fc.nat(2000), reserve: fc.nat(600), free: fc.nat(6000) });
    const requests = fc.array(
      fc.record({ pages: fc.constantFrom(1, 2, 3, 16, 512, 640), count: fc.integer({ min: 1, max: 6 }) }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(shape, requests, ({ base, reserve, free }, wanted) => {
        const runs = vmemAltmap(base, base + 0xfffff, reserve, free);
        const singles = vmemAltmap(base, base + 0xfffff, reserve, free);
        const run = blockRun();
        for (const { pages, count } of wanted) {
          altmapAlloc(runs, pages * PAGE, PAGE, count, run);
          const got = Array.from({ length: run.count }, (_, n) => run.pa + n * run.paStep);
          const one: number[] = [];
          while (one.length < count) {
            altmapAlloc(singles, pages * PAGE, PAGE, 1, run);
            if (run.count === 0) break;
            one.push(run.pa);
          }
          expect(got).toEqual(one);
          expect(runs).toEqual(singles);
          expect(runs.alloc + runs.align).toBeLessThanOrEqual(free);
        }
      }),
    );
  });
});
