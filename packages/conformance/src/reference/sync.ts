import type { PageTable, PopulateContext } from '@vmemmap/core';

/**
 * arch_sync_kernel_mappings(): copies init_mm's root entries for `[start, end]` to every other address space. Entries
 * that are there already stay: they point to the same table, since root entries are never cleared.
 */
export function syncKernelMappings(m: PopulateContext, table: PageTable, start: number, end: number): void {
  const { tables } = m;
  const { lanes } = tables;
  const { name } = table.format.levels[0]!;
  const init = tables.find(table.root);
  for (let offset = table.entryStart(0, start); offset <= end; offset += table.entrySpan(0)) {
    const index = table.index(0, offset);
    const from = table.word(init, index);
    const lo = lanes[from]!;
    const hi = lanes[from + 1]!;
    if (table.format.isNone(0, lo, hi)) continue;
    for (const mm of m.addressSpaces) {
      const to = table.word(tables.find(mm.root), index);
      if (!table.format.isNone(0, lanes[to]!, lanes[to + 1]!)) continue;
      lanes[to] = lo;
      lanes[to + 1] = hi;
      m.trace?.({ step: 'sync', level: name, offset, mm: mm.name });
    }
  }
}
