import { divRoundUp, isAligned } from '../bits.ts';
import type { PopulateContext } from '../contract/context.ts';
import { type MemoryModel, pagesPerSection } from '../contract/model.ts';
import { type DevPagemap, pgmapVmemmapNr } from '../contract/pgmap.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import { vmemmapCanOptimize, vmemmapReserveNr } from './can-optimize.ts';

/** The memmap counters of /proc/vmstat, in pages. */
export interface MemmapCounters {
  /** nr_memmap_pages: memmaps of hot-added memory. */
  nr_memmap_pages: number;
  /** nr_memmap_boot_pages: memmaps made at boot. */
  nr_memmap_boot_pages: number;
}

/** section_nr_vmemmap_pages() without optimisation: pages that the struct pages of `pages` pages fill. */
export function sectionNrVmemmapPages(model: MemoryModel, pages: number): number {
  return divRoundUp(pages * model.structPageSize, 2 ** model.pageShift);
}

/**
 * section_nr_vmemmap_pages() (mm/sparse-vmemmap.c): pages that the struct pages of `[pfn, pfn + pages)` of one section take,
 * as the counters see it. Of compounds larger than a section the first section counts for all.
 */
export function sectionNrVmemmapPagesOf(
  m: PopulateContext,
  pfn: number,
  pages: number,
  altmap: VmemAltmap | undefined,
  pgmap: DevPagemap | undefined,
): number {
  const whole = sectionNrVmemmapPages(m.model, pages);
  if (m.release.memmapAccounting === 'on-success') return whole;
  if (!vmemmapCanOptimize(m, altmap, pgmap)) return whole;
  const compound = pgmapVmemmapNr(pgmap);
  const reserve = vmemmapReserveNr(m.release);
  // Whole numbers as in C: a range smaller than a compound counts what its part comes to.
  if (compound < pagesPerSection(m.model)) return Math.floor((reserve * pages) / compound);
  return isAligned(pfn, compound) ? reserve : 0;
}
