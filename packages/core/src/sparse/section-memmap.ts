import type { VmemmapOps } from '../contract/arch.ts';
import type { PopulateContext } from '../contract/context.ts';
import { offsetOfPage, pagesPerSubsection } from '../contract/model.ts';
import type { DevPagemap } from '../contract/pgmap.ts';
import { vmemmapPopulateCompoundPages } from '../engine/compound.ts';
import { type Errno, OK } from '../errno.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import { vmemmapCanOptimize } from './can-optimize.ts';

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
  m.trace?.({ step: 'section', pfn, pages, node: nid });
  const start = offsetOfPage(m.model, m.window, pfn);
  const end = start + pages * m.model.structPageSize;
  if (m.release.compoundPages === 'generic' && vmemmapCanOptimize(m, altmap, pgmap)) {
    return populateCompoundPages(ops, start, end, nid, pgmap) === OK;
  }
  const passed = m.release.passesPgmap || m.release.compoundPages === 'arch' ? pgmap : undefined;
  return ops.vmemmapPopulate(start, end, nid, altmap, passed) === OK;
}

/** vmemmap_populate_compound_pages(): the architecture's own, or the generic one. */
function populateCompoundPages(ops: VmemmapOps, start: number, end: number, nid: number, pgmap: DevPagemap): Errno {
  if (ops.vmemmapPopulateCompoundPages !== undefined) return ops.vmemmapPopulateCompoundPages(start, end, nid, pgmap);
  // The capability needs a page table, and core has checked that there is one.
  return vmemmapPopulateCompoundPages(ops.pageTable!, start, end, nid, pgmap);
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
