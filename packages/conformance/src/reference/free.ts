import { altmapFree, type PageTable, type VmemAltmap } from '@vmemmap/core';

/**
 * vmemmap_free(): takes the leaves that lie wholly in `[start, end)` away, gives their memory back, and then the tables
 * of the last level that became empty. The tables that root entries point to stay, since every address space has them.
 */
export function vmemmapFree(table: PageTable, start: number, end: number, altmap: VmemAltmap | undefined): void {
  const { m, format, last } = table;
  const { tables } = m;
  const level = format.pmdLevel;
  let next: number;
  for (let addr = start; addr < end; addr = next) {
    const slot = table.lookup(level, addr);
    // Holes do not matter: a hole in the root is passed over as a whole.
    next = table.entryEnd(slot < 0 ? 0 : level, addr, end);
    if (slot < 0) continue;
    const index = table.index(level, addr);
    const word = table.word(slot, index);
    const lo = tables.lanes[word]!;
    const hi = tables.lanes[word + 1]!;
    if (format.isNone(level, lo, hi)) continue;
    if (format.isLeaf(level, lo, hi)) {
      freeLeaf(table, level, slot, index, addr, next, altmap);
      continue;
    }
    const child = tables.find(format.tableAddress(level, lo, hi));
    for (let page = addr; page < next; page = table.entryEnd(last, page, next)) {
      freeLeaf(table, last, child, table.index(last, page), page, table.entryEnd(last, page, next), altmap);
    }
    if (table.isEmpty(last, child)) table.freeTable(last, child, slot, index, addr);
  }
  m.flushTlb(start, end);
}

// One entry; a leaf of which only a part is given up stays, for other struct pages use the rest.
function freeLeaf(
  table: PageTable,
  level: number,
  slot: number,
  index: number,
  addr: number,
  next: number,
  altmap: VmemAltmap | undefined,
): void {
  const { m, format } = table;
  const { lanes } = m.tables;
  const word = table.word(slot, index);
  const lo = lanes[word]!;
  const hi = lanes[word + 1]!;
  const size = table.entrySpan(level);
  if (format.isNone(level, lo, hi) || next - addr < size) return;
  const pa = format.leafAddress(level, lo, hi);
  table.clear(level, slot, index);
  if (altmap === undefined) m.freePages(pa, size);
  else altmapFree(altmap, size / 2 ** m.model.pageShift);
  m.trace?.({ step: 'clear', level: format.levels[level]!.name, offset: addr, pa, size });
}
