import { ENOMEM, type Errno, OK, type PageTable } from '@vmemmap/core';
import type { SparcFormat } from './format.ts';

/**
 * The loop over PMDs that vmemmap_populate() was before it became generic (policy `ownPmdLoop`). It rounds to whole
 * PMDs, takes each block by vmemmap_alloc_block(), past the sparse buffer, and looks at the valid bit alone: a PMD that
 * points to a table would be written over, and the table lost. Nothing is verified, and without a block it is -ENOMEM.
 */
export function populateOwnPmds(
  table: PageTable,
  format: SparcFormat,
  start: number,
  end: number,
  node: number,
): Errno {
  const { m } = table;
  const level = format.pmdLevel;
  const size = table.entrySpan(level);
  const { name } = format.levels[level]!;
  // From a whole PMD on, ALIGN(vend, PMD_SIZE) lets in what `end` itself does.
  for (let addr = table.entryStart(level, start); addr < end; addr += size) {
    const slot = table.reach(level, addr, node);
    if (slot < 0) return ENOMEM;
    const index = table.index(level, addr);
    if (format.isValid(m.tables.lanes[table.word(slot, index) + 1]!)) {
      m.trace?.({ step: 'present', level: name, offset: addr, count: 1 });
      continue;
    }
    const pa = m.allocBlock(size, node);
    if (pa < 0) {
      m.trace?.({ step: 'out-of-memory', level: name, offset: addr, size });
      return ENOMEM;
    }
    table.setLeaves(level, slot, index, 1, pa, 0);
    m.trace?.({ step: 'leaves', level: name, offset: addr, count: 1, pa, paStep: 0 });
  }
  return OK;
}
