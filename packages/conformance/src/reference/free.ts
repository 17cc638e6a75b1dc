import { altmapFree, type PageTable, removePagetable, type VmemAltmap } from '@vmemmap/core';

/**
 * vmemmap_free(): takes the leaves that lie wholly in `[start, end)` away, gives their memory back, and then the tables
 * of the last level that became empty. The tables that root entries point to stay, since every address space has them.
 */
export function vmemmapFree(table: PageTable, start: number, end: number, altmap: VmemAltmap | undefined): void {
  const { m, format, last } = table;
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
      if (level === last && table.isEmpty(level, slot)) table.freeTable(level, slot, parent, parentIndex, addr);
    },
  });
  m.flushTlb(start, end);
}
