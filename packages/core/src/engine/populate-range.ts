import { ENOMEM, type Errno, OK } from '../errno.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import { blockRun } from '../memory/block-run.ts';
import type { PageTable } from '../pagetable/page-table.ts';
import type { Public } from '../public.ts';
import { vmemmapVerify } from './verify-node.ts';

/** Every page gets memory of its own: the kernel's `ptpfn` of -1. */
export const OWN_PAGES = -1;

/** How {@link vmemmapPopulateRange} maps a page that others use too. */
export interface SharedMapping {
  /** VMEMMAP_POPULATE_PAGEREF: each mapping holds a reference. */
  readonly pageRef?: boolean;
  /** Mapped read-only. */
  readonly readOnly?: boolean;
}

/**
 * vmemmap_populate_range() (mm/sparse-vmemmap.c): maps `[start, end)` with base pages. What is mapped already stays as it
 * is, but its node is looked at. No rollback on error.
 *
 * `start` is not aligned first: from an unaligned start the walk goes in whole pages, as the kernel's does.
 *
 * @param shared physical address of one page for all of the range, or {@link OWN_PAGES}
 */
export function vmemmapPopulateRange(
  table: Public<PageTable>,
  start: number,
  end: number,
  node: number,
  altmap: VmemAltmap | undefined,
  shared: number = OWN_PAGES,
  { pageRef = false, readOnly = false }: SharedMapping = {},
): Errno {
  const { m, last } = table;
  const pageSize = table.entrySpan(last);
  const { name } = table.format.levels[last]!;
  const run = blockRun();
  let addr = start;
  while (addr < end) {
    const slot = table.reach(last, addr, node);
    if (slot < 0) return ENOMEM;
    const { fresh } = table;
    let index = table.index(last, addr);
    let left = Math.min(table.entries(last) - index, Math.ceil((end - addr) / pageSize));
    while (left > 0) {
      let count = fresh ? left : table.noneRun(last, slot, index, left);
      if (count === 0) {
        count = verifyPresent(table, slot, index, left, node, addr);
        m.trace?.({ step: 'present', level: name, offset: addr, count });
      } else {
        if (shared === OWN_PAGES) m.allocBlocks(pageSize, node, altmap, count, run);
        else {
          run.pa = shared;
          run.paStep = 0;
          run.count = count;
          if (pageRef) m.getPage(shared, count);
        }
        count = run.count;
        if (count === 0) {
          m.trace?.({ step: 'out-of-memory', level: name, offset: addr, size: pageSize });
          return ENOMEM;
        }
        if (readOnly) table.setReadOnlyLeaves(last, slot, index, count, run.pa);
        else table.setLeaves(last, slot, index, count, run.pa, run.paStep);
        m.trace?.({ step: 'leaves', level: name, offset: addr, count, pa: run.pa, paStep: run.paStep });
        vmemmapVerify(m, run.pa, node, addr, addr + pageSize, count);
      }
      index += count;
      left -= count;
      addr += count * pageSize;
    }
  }
  return OK;
}

// vmemmap_verify() for each page that is there already, up to the next empty entry.
function verifyPresent(
  table: Public<PageTable>,
  slot: number,
  index: number,
  max: number,
  node: number,
  addr: number,
): number {
  const { m, last, format } = table;
  const lanes = m.tables.lanes;
  const pageSize = table.entrySpan(last);
  let count = 0;
  for (let word = table.word(slot, index); count < max; word += 2, count++) {
    const lo = lanes[word]!;
    const hi = lanes[word + 1]!;
    if (format.isNone(last, lo, hi)) break;
    const at = addr + count * pageSize;
    vmemmapVerify(m, format.leafAddress(last, lo, hi), node, at, at + pageSize);
  }
  return count;
}
