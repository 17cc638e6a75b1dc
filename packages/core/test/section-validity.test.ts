import type { MemoryModel } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { SectionValidity } from '../src/sparse/section-validity.ts';
import { Sections } from '../src/sparse/sections.ts';

/** 4K pages, sections of 128 MiB with 64 subsections of 512 pages. */
const MODEL = { pageShift: 12, sectionSizeBits: 27 } as MemoryModel;
const PAGES = 32768;

describe('pfn_valid() as the kernel would answer', () => {
  const make = (): { validity: SectionValidity; sections: Sections } => {
    const sections = new Sections();
    return { sections, validity: new SectionValidity(MODEL, sections) };
  };

  it('while boot populates: what is through, and nothing ahead', () => {
    const { validity } = make();
    expect(validity.pfnValid(0)).toBe(false);
    validity.booted(0, 2);
    expect([0, PAGES, 2 * PAGES - 1].map((pfn) => validity.pfnValid(pfn))).toEqual([true, true, true]);
    expect(validity.pfnValid(2 * PAGES)).toBe(false);
  });

  it('of an early section: all of it, whatever its subsections', () => {
    const { validity, sections } = make();
    sections.update(3, 4, () => ({ flags: 0x0f, nid: 0, subsectionMap: 1n }));
    expect(validity.pfnValid(4 * PAGES - 1)).toBe(true);
    sections.update(3, 4, () => ({ flags: 0x05, nid: 0, subsectionMap: 1n }));
    expect(validity.pfnValid(3 * PAGES)).toBe(false);
  });

  it('of an added section: its subsections, once it has a memmap', () => {
    const { validity, sections } = make();
    const set = (flags: number, subsectionMap: bigint): void =>
      sections.update(5, 6, () => ({ flags, nid: 0, subsectionMap }));
    // The bits of what is populated are set before it is (section_activate).
    set(0, 1n);
    expect(validity.pfnValid(5 * PAGES)).toBe(false);
    set(3, 1n);
    expect(validity.pfnValid(5 * PAGES)).toBe(true);
    expect(validity.pfnValid(5 * PAGES + 511)).toBe(true);
    expect(validity.pfnValid(5 * PAGES + 512)).toBe(false);
    set(3, 7n);
    expect(validity.pfnValid(5 * PAGES + 512)).toBe(true);
    set(3, 6n);
    expect(validity.pfnValid(5 * PAGES)).toBe(false);
    expect(validity.pfnValid(5 * PAGES + 512)).toBe(true);
    // The last subsection takes the section along, before its memmap is freed (section_deactivate).
    set(1, 0n);
    expect(validity.pfnValid(5 * PAGES + 512)).toBe(false);
    sections.update(5, 6, () => undefined);
    expect(validity.pfnValid(5 * PAGES)).toBe(false);
  });
});
