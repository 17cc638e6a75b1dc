import type { VmemmapOps } from '../contract/arch.ts';
import type { PopulateContext } from '../contract/context.ts';
import { offsetOfPage, pageSize, pagesPerSubsection } from '../contract/model.ts';
import type { DevPagemap } from '../contract/pgmap.ts';
import { OK } from '../errno.ts';
import { VmemmapError } from '../errors.ts';
import type { VmemAltmap } from '../memory/altmap.ts';

/** include/linux/mm.h: VMEMMAP_RESERVE_NR, the pages a DAX compound keeps. */
const VMEMMAP_RESERVE_NR = 2;

/** vmemmap_can_optimize() (include/linux/mm.h) on an architecture that wants it: compound pages may share their tail pages. */
function vmemmapCanOptimize(
  m: PopulateContext,
  altmap: VmemAltmap | undefined,
  pgmap: DevPagemap | undefined,
): boolean {
  const { structPageSize } = m.model;
  if (pgmap === undefined || altmap !== undefined || !Number.isInteger(Math.log2(structPageSize))) return false;
  return (2 ** pgmap.vmemmapShift * structPageSize) / pageSize(m.model) > VMEMMAP_RESERVE_NR;
}

/**
 * __populate_section_memmap() (mm/sparse-vmemmap.c): struct pages for `[pfn, pfn + pages)`.
 * @returns false where the kernel returns NULL
 */
export function populateSectionMemmap(
  m: PopulateContext,
  ops: VmemmapOps,
  pfn: number,
  pages: number,
  nid: number,
  altmap: VmemAltmap | undefined,
  pgmap: DevPagemap | undefined,
): boolean {
  const sub = pagesPerSubsection(m.model);
  if (pfn % sub !== 0 || pages % sub !== 0) {
    m.events.record(
      'WARN_ON_ONCE',
      'populate-unaligned',
      'mm/sparse-vmemmap.c:__populate_section_memmap',
      () => `!IS_ALIGNED(pfn 0x${pfn.toString(16)}, ${sub}) || !IS_ALIGNED(nr_pages ${pages}, ${sub})`,
    );
    return false;
  }
  if (vmemmapCanOptimize(m, altmap, pgmap)) {
    throw new VmemmapError(
      'NOT_MODELLED',
      'compound device memory (vmemmap_populate_compound_pages) is not modelled yet',
    );
  }
  m.trace?.({ step: 'section', pfn, pages, node: nid });
  const start = offsetOfPage(m.model, m.window, pfn);
  const end = start + pages * m.model.structPageSize;
  return ops.vmemmapPopulate(start, end, nid, altmap, m.release.passesPgmap ? pgmap : undefined) === OK;
}

/** depopulate_section_memmap() less its accounting: gives the struct pages of `[pfn, pfn + pages)` up. */
export function depopulateSectionMemmap(
  m: PopulateContext,
  ops: VmemmapOps,
  pfn: number,
  pages: number,
  altmap: VmemAltmap | undefined,
): void {
  const start = offsetOfPage(m.model, m.window, pfn);
  ops.vmemmapFree(start, start + pages * m.model.structPageSize, altmap);
}
