import { type PopulateContext, pagesPerSubsection } from '@vmemmap/core';

/**
 * vmemmap_populated() (arch/powerpc/mm/init_64.c): whether any subsection with struct pages in `[start, start + size)`
 * is valid. It asks sections, never what is mapped: the hash MMU keeps no page table to ask.
 */
export function vmemmapPopulated(m: PopulateContext, start: number, size: number): boolean {
  const { structPageSize } = m.model;
  const step = pagesPerSubsection(m.model);
  const end = start + size;
  const first = Math.floor(start / structPageSize);
  for (let pfn = first - (first % step); pfn * structPageSize < end; pfn += step) {
    if (m.pfnValid(pfn)) return true;
  }
  return false;
}
