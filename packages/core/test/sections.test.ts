import {
  boot,
  encodeSectionMemMap,
  findRelease,
  SECTION_FLAGS,
  type SectionState,
  Sections,
  sectionFlagNames,
  subsectionMask,
} from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paged } from './paged.ts';

const window = { base: 0xffffea0000000000n, start: 0xffffea0000000000n, end: 0xffffeb0000000000n };
const model = {
  pageShift: 12,
  sectionSizeBits: 27,
  maxPhysmemBits: 46,
  structPageSize: 64,
  maxPageOrder: 10,
  bootGoal: 0,
};

describe('Sections', () => {
  it('keeps each section its own state, in as few runs as can be', () => {
    const steps = fc.array(fc.record({ from: fc.nat(30), length: fc.nat(8), flags: fc.nat(3), drop: fc.boolean() }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const sections = new Sections();
        const naive = new Map<number, SectionState>();
        for (const { from, length, flags, drop } of list) {
          const change = (state: SectionState | undefined): SectionState | undefined =>
            drop ? undefined : { flags: (state?.flags ?? 0) | flags, nid: 0, subsectionMap: 0n };
          sections.update(from, from + length, change);
          for (let nr = from; nr < from + length; nr++) {
            const next = change(naive.get(nr));
            if (next === undefined) naive.delete(nr);
            else naive.set(nr, next);
          }
        }
        const runs = [...sections.runs()];
        for (let nr = 0; nr < 40; nr++) expect(sections.get(nr)).toEqual(naive.get(nr));
        expect(runs.flatMap(({ nr, count }) => Array.from({ length: count }, (_, n) => nr + n))).toEqual(
          [...naive.keys()].sort((a, b) => a - b),
        );
        for (const [i, run] of runs.entries()) {
          const next = runs[i + 1];
          if (next?.nr === run.nr + run.count) expect(next.flags).not.toBe(run.flags);
        }
        expect(sections.count).toBe(naive.size);
      }),
    );
  });

  it('cuts runs at the asked-for bounds', () => {
    const sections = new Sections();
    sections.update(0, 10, () => ({ flags: 1, nid: 0, subsectionMap: 0n }));
    expect([...sections.runs(3, 5)]).toMatchObject([{ nr: 3, count: 2 }]);
  });
});

describe('section_mem_map', () => {
  const flags = SECTION_FLAGS.MARKED_PRESENT | SECTION_FLAGS.IS_ONLINE;

  it('is vmemmap and the flags once there is a memmap', () => {
    const state = { flags: flags | SECTION_FLAGS.HAS_MEM_MAP | SECTION_FLAGS.IS_EARLY, nid: 3, subsectionMap: 1n };
    expect(encodeSectionMemMap(state, window, findRelease('7.2'))).toBe(0xffffea000000000fn);
    expect(sectionFlagNames(state.flags)).toEqual(['MARKED_PRESENT', 'HAS_MEM_MAP', 'IS_ONLINE', 'IS_EARLY']);
  });

  it('holds the node above the flags before, whose number depends on the release', () => {
    const state = { flags, nid: 3, subsectionMap: 0n };
    expect(encodeSectionMemMap(state, window, findRelease('7.2'))).toBe((3n << 6n) | 5n);
    expect(encodeSectionMemMap(state, window, findRelease('6.12'))).toBe((3n << 5n) | 5n);
  });
});

describe('subsectionMask', () => {
  it('has a bit for each 2 MiB that is touched', () => {
    expect(subsectionMask(model, 0, 32768)).toBe((1n << 64n) - 1n);
    expect(subsectionMask(model, 0, 1)).toBe(1n);
    expect(subsectionMask(model, 511, 2)).toBe(3n);
    expect(subsectionMask(model, 0, 0x3500)).toBe(0x7ffffffn);
  });
});

it('a section that RAM fills by one page has one subsection', () => {
  const m = boot({
    arch: paged()(),
    memory: { ranges: [{ node: 0, start: 0, end: 4 * 2 ** 27 + 4096 }] },
  });
  const maps = [...m.sections()].map(({ count, subsectionMap }) => [count, subsectionMap]);
  expect(maps).toEqual([
    [4, 2n ** 64n - 1n],
    [1, 1n],
  ]);
});
