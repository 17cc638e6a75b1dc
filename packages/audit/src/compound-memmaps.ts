// Compound pages whose tails share memory: what HVO and compound device memory leave in the tables.
import { pageSize, SECTION_FLAGS } from '@vmemmap/core';
import type { AuditContext } from './audit-context.ts';
import type { SharedRun } from './shared-runs.ts';

/** One compound page whose struct pages do not all have memory of their own. */
export interface CompoundMemmap {
  /** Its first page frame. */
  readonly pfn: number;
  /** log2 of its pages. */
  readonly order: number;
  /** Number of the leaf that maps its head. */
  readonly headLeaf: number;
  /** The leaves that share a page. */
  readonly run: SharedRun;
  /** True for device memory, false for a HugeTLB page. */
  readonly device: boolean;
  /** Bytes of memory that its struct pages do without, as the shared page counts for none. */
  readonly saved: number;
}

/** Orders that no compound page has: 2^20 pages of 64 KiB are 64 GiB. */
const MOST_ORDER = 20;

/**
 * The shared runs that are the tails of a compound page: the head's page comes just before (with more pages of its own in
 * between on some releases), the head says PG_head, and its order fits the length.
 */
export function compoundMemmaps(
  audit: Pick<AuditContext, 'shared' | 'map' | 'model' | 'pfn' | 'pages' | 'kernel'>,
): readonly CompoundMemmap[] {
  const { leaves, sizes } = audit.map;
  const page = pageSize(audit.model);
  const bySection = new Map(audit.kernel.sections.map((section) => [section.nr, section]));
  const perSection = 2 ** (audit.model.sectionSizeBits - audit.model.pageShift);
  return audit.shared.flatMap((run) => {
    if (sizes[leaves.level[run.first]!] !== page) return [];
    // None but the one that is shared (mm/hugetlb_vmemmap.c before 7.x: tails are mapped to the head's page); one page of its
    // own, or two: the head's, and that of the first tails (mm/sparse-vmemmap.c:vmemmap_populate_compound_pages).
    for (const own of [0, 1, 2]) {
      const headLeaf = run.first - own;
      if (headLeaf < 0 || leaves.offset[headLeaf]! + own * page !== leaves.offset[run.first]) continue;
      const pfn = audit.pfn(leaves.offset[headLeaf]!);
      if (audit.pages.read(pfn)?.head !== true) continue;
      const order = audit.pages.order(pfn);
      const memmap = (2 ** order * audit.model.structPageSize) / page;
      if (order > MOST_ORDER || pfn % 2 ** order !== 0 || memmap > own + run.count) continue;
      // HugeTLB takes its pages from zones, whose sections are online.
      const flags = bySection.get(Math.floor(pfn / perSection))?.flags ?? 0;
      const device = (flags & SECTION_FLAGS.IS_ONLINE) === 0;
      const kept = Math.max(1, own);
      const tails = { first: headLeaf + kept, count: memmap - kept, pa: run.pa };
      return [{ pfn, order, headLeaf, run: tails, device, saved: tails.count * page }];
    }
    return [];
  });
}
