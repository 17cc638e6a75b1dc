import { type PopulateContext, vmemAltmap } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { altmapCrossBoundary, isOfAltmap } from '../src/altmap.ts';

const PAGE = 65536;
const m = { model: { pageShift: 16, structPageSize: 64 } } as unknown as PopulateContext;
/** Pages 1024 to 2047: 2 reserved, 16 for struct pages. */
const altmap = vmemAltmap(1024, 2047, 2, 16);
const STRUCT = 64;

describe('an altmap', () => {
  it('has handed out its reserved and free pages at most', () => {
    const pages = [1023, 1024, 1025, 1041, 1042, 2047];
    expect(pages.map((pfn) => isOfAltmap(m, altmap, pfn * PAGE))).toEqual([false, true, true, true, false, false]);
  });

  it('serves struct pages of its own device only, to the last one', () => {
    const crosses = (first: number, pages: number) => altmapCrossBoundary(m, altmap, first * STRUCT, pages * STRUCT);
    expect(crosses(1024, 1024)).toBe(false);
    expect(crosses(1024, 1025)).toBe(true);
    expect(crosses(1023, 1)).toBe(true);
    expect(crosses(2047, 1)).toBe(false);
    expect(crosses(2048, 1)).toBe(true);
    expect(crosses(2047, 2)).toBe(true);
  });
});
