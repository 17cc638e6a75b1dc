import { type AddressSpace, hex64, type PageTable, type PopulateContext } from '@vmemmap/core';
import type { X86Format } from './format.ts';

/**
 * sync_global_pgds() (arch/x86/mm/init_64.c): copies the top-level entries of init_mm for `[start, end]` to every
 * other address space that has none. Never overwrites, never clears.
 *
 * With 5 levels these are pgd entries, with 4 levels p4d entries, which then are the root's: the root table either way.
 */
export function syncGlobalPgds(
  m: PopulateContext,
  format: X86Format,
  table: PageTable,
  start: number,
  end: number,
): void {
  const { tables } = m;
  const span = table.entrySpan(0);
  const init = tables.find(table.root);
  const name = format.levels[0]!.name;
  for (let offset = table.entryStart(0, start); offset <= end; offset += span) {
    const word = 2 * table.index(0, offset);
    const lo = tables.lanes[tables.base[init]! + word]!;
    const hi = tables.lanes[tables.base[init]! + word + 1]!;
    if (format.isNone(0, lo, hi)) continue;
    for (const mm of m.addressSpaces) {
      if (mm.root === table.root) continue;
      const slot = tables.find(mm.root);
      const lanes = tables.lanes;
      const at = tables.base[slot]! + word;
      if (format.isNone(0, lanes[at]!, lanes[at + 1]!)) {
        lanes[at] = lo;
        lanes[at + 1] = hi;
        m.trace?.({ step: 'sync', level: name, offset, mm: mm.name });
      } else checkSame(m, format, mm, offset, [lanes[at]!, lanes[at + 1]!], [lo, hi]);
    }
  }
}

// BUG_ON(pgd_page_vaddr(*pgd) != pgd_page_vaddr(*pgd_ref)), and the same for the p4d with 4 levels.
function checkSame(
  m: PopulateContext,
  format: X86Format,
  mm: AddressSpace,
  offset: number,
  own: readonly [number, number],
  reference: readonly [number, number],
): void {
  const table = format.tableAddress(0, ...own);
  const wanted = format.tableAddress(0, ...reference);
  if (table === wanted) return;
  m.events.stop(
    'BUG_ON',
    'top-level-entries-differ',
    'arch/x86/mm/init_64.c:sync_global_pgds',
    `the top-level entry for ${hex64(m.window.start + BigInt(offset))} points to 0x${table.toString(16)} in ${mm.name} and to 0x${wanted.toString(16)} in init_mm`,
  );
}
