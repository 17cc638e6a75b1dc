import type { DevPagemap } from '../contract/pgmap.ts';
import type { Errno } from '../errno.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import type { PageTable } from '../pagetable/page-table.ts';
import { vmemmapPopulateRange } from './populate-range.ts';

/** vmemmap_populate_basepages() (mm/sparse-vmemmap.c): maps `[start, end)` with base pages, each with memory of its own. */
export function vmemmapPopulateBasepages(
  table: PageTable,
  start: number,
  end: number,
  node: number,
  altmap: VmemAltmap | undefined,
  _pgmap: DevPagemap | undefined,
): Errno {
  return vmemmapPopulateRange(table, start, end, node, altmap);
}
