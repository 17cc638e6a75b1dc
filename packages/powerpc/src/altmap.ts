import type { PopulateContext, VmemAltmap } from '@vmemmap/core';

/**
 * altmap_cross_boundary() (arch/powerpc/mm/init_64.c): whether struct pages in `[start, start + size)` describe pages
 * that are not the device's. Their memory must not come from the device then.
 */
export function altmapCrossBoundary(m: PopulateContext, altmap: VmemAltmap, start: number, size: number): boolean {
  const pages = Math.floor(size / m.model.structPageSize);
  const pfn = Math.floor(start / m.model.structPageSize);
  return pfn + pages - 1 > altmap.endPfn || pfn < altmap.basePfn;
}

/** Whether the page at `pa` is one that the altmap may have handed out (free_vmemmap_pages(), __vmemmap_free()). */
export function isOfAltmap(m: PopulateContext, altmap: VmemAltmap, pa: number): boolean {
  const pfn = pa / 2 ** m.model.pageShift;
  return pfn >= altmap.basePfn && pfn < altmap.basePfn + altmap.reserve + altmap.free;
}
