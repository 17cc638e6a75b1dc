import { pageSize, pagesPerSubsection, pfnOfOffset } from '../contract/model.ts';
import { type DevPagemap, pgmapVmemmapNr } from '../contract/pgmap.ts';
import { ENOMEM, type Errno, OK } from '../errno.ts';
import type { PageTable } from '../pagetable/page-table.ts';
import type { Public } from '../public.ts';
import { OWN_PAGES, vmemmapPopulateRange } from './populate-range.ts';

/**
 * vmemmap_populate_compound_pages() (mm/sparse-vmemmap.c): struct pages of device memory in compound pages, always by base
 * pages in RAM. The first page of struct pages of a compound is its own; all others are one page. Where that is the
 * compound's second, the rest of it holds a reference for each mapping.
 */
export function vmemmapPopulateCompoundPages(
  table: Public<PageTable>,
  start: number,
  end: number,
  node: number,
  pgmap: DevPagemap,
): Errno {
  if (table.m.release.daxTail === 'zone') return populateOnSharedTail(table, start, end, node, pgmap);
  const { m } = table;
  const page = pageSize(m.model);
  if (reuseCompoundSection(table, start, pgmap)) {
    const tail = leafAddress(table, start - page);
    if (tail < 0) return ENOMEM;
    return vmemmapPopulateRange(table, start, end, node, undefined, tail, { pageRef: true });
  }
  const size = Math.min(end - start, pgmapVmemmapNr(pgmap) * m.model.structPageSize);
  for (let addr = start; addr < end; addr += size) {
    if (vmemmapPopulateRange(table, addr, addr + page, node, undefined) !== OK) return ENOMEM;
    if (vmemmapPopulateRange(table, addr + page, addr + 2 * page, node, undefined) !== OK) return ENOMEM;
    const tail = leafAddress(table, addr + page);
    const err = vmemmapPopulateRange(table, addr + 2 * page, addr + size, node, undefined, tail, { pageRef: true });
    if (err !== OK) return ENOMEM;
  }
  return OK;
}

/**
 * The series' end, [INF]: all but the first page of a compound are the page that the node's ZONE_DEVICE keeps for the
 * order, read-only. A section inside of a compound has nothing else.
 */
function populateOnSharedTail(
  table: Public<PageTable>,
  start: number,
  end: number,
  node: number,
  pgmap: DevPagemap,
): Errno {
  const { m } = table;
  const page = pageSize(m.model);
  const compound = pgmapVmemmapNr(pgmap);
  const tail = m.sharedTailPage(pgmap.vmemmapShift, node);
  if (tail < 0) return ENOMEM;
  const size = compound * m.model.structPageSize;
  // Where the compound that `start` lies in begins.
  let head = start - (pfnInRange(table, start, pgmap) % compound) * m.model.structPageSize;
  for (let addr = start; addr < end; head += size) {
    const next = Math.min(head + size, end);
    if (addr === head) {
      if (vmemmapPopulateRange(table, addr, addr + page, node, undefined, OWN_PAGES) !== OK) return ENOMEM;
      addr += page;
    }
    const shared = { pageRef: true, readOnly: true };
    if (vmemmapPopulateRange(table, addr, next, node, undefined, tail, shared) !== OK) return ENOMEM;
    addr = next;
  }
  return OK;
}

// reuse_compound_section(): the compound began in an earlier section. Ranges are onlined in order, a section at a time.
function reuseCompoundSection(table: Public<PageTable>, start: number, pgmap: DevPagemap): boolean {
  const compound = pgmapVmemmapNr(pgmap);
  return pfnInRange(table, start, pgmap) % compound !== 0 && compound > pagesPerSubsection(table.m.model);
}

// Pages from the start of the range that is onlined to the one whose struct page is at `start`.
function pfnInRange({ m }: Public<PageTable>, start: number, pgmap: DevPagemap): number {
  return pfnOfOffset(m.model, m.window, start) - Math.floor(pgmap.ranges[pgmap.nrRange]!.start / pageSize(m.model));
}

// compound_section_tail_page(), and pte_pfn() of a page just populated: what the base page at `offset` is mapped to, or -1
// without a table.
function leafAddress(table: Public<PageTable>, offset: number): number {
  const slot = table.lookup(table.last, offset);
  return slot < 0 ? -1 : table.pageAddress(slot, table.index(table.last, offset));
}
