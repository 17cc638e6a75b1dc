import { divRoundUp } from '../bits.ts';
import type { MemoryModel } from '../contract/model.ts';

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
