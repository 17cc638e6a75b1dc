import { ENOMEM, type Errno, OK } from '../errno.ts';
import type { PageTable } from '../pagetable/page-table.ts';
import type { Public } from '../public.ts';
import { vmemmapPopulateRange } from './populate-range.ts';

/**
 * vmemmap_populate_hvo() (mm/sparse-vmemmap.c): struct pages of a gigantic page of boot that are never there in full. The
 * first page of them is its own, all others are `tail`. No references are taken.
 * @param tail physical address, or undefined for the first page itself (before 7.x)
 */
export function vmemmapPopulateHvo(
  table: Public<PageTable>,
  start: number,
  end: number,
  node: number,
  tail: number | undefined,
): Errno {
  const page = table.entrySpan(table.last);
  if (vmemmapPopulateRange(table, start, start + page, node, undefined) !== OK) return ENOMEM;
  const readOnly = table.m.release.preinitReadOnly;
  const shared = tail ?? table.pageAddress(table.lookup(table.last, start), table.index(table.last, start));
  return vmemmapPopulateRange(table, start + page, end, node, undefined, shared, { readOnly });
}
