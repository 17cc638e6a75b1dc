import { altmapFree, type PageTable, removePagetable, type VmemAltmap } from '@vmemmap/core';

/** vmemmap_free(): the leaves of `[start, end)` go, then the tables below the root that became empty. */
export function vmemmapFree(table: PageTable, start: number, end: number, altmap: VmemAltmap | undefined): void {
  const { m, format } = table;
  removePagetable(table, start, end, altmap, {
    isPresent: (level, lo, hi) => !format.isNone(level, lo, hi),

    removeLeaf(level, slot, index, addr, next, pa) {
      const size = table.entrySpan(level);
      // Other struct pages use the rest of a leaf of which only a part is given up.
      if (next - addr < size) return;
      table.clearLeaf(level, slot, index, addr, pa);
      if (altmap === undefined) m.freePages(pa, size);
      else altmapFree(altmap, size / 2 ** m.model.pageShift);
    },

    afterTable(level, slot, parent, parentIndex, addr) {
      if (level > 0 && table.isEmpty(level, slot)) table.freeTable(level, slot, parent, parentIndex, addr);
    },
  });
  m.flushTlb(start, end);
}
