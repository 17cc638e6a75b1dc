import type { PageTable, PopulateContext } from '@vmemmap/core';

/**
 * preallocate_pgd_pages_range() (arch/riscv/mm/init.c) for the vmemmap: every root entry of the window gets its table
 * before the first process does. Each root table made later copies them, so none ever has to be told of a new one.
 *
 * The kernel does the same for vmalloc, modules and the linear mapping, before and after; those are not modelled.
 */
export function preallocatePgdPages(m: PopulateContext, table: PageTable): void {
  const size = Number(m.window.end - m.window.start);
  // From the node of the CPU that boots.
  const node = m.memory.nodes[0]!;
  for (let addr = 0; addr < size; addr = table.entryStart(0, addr) + table.entrySpan(0)) {
    if (table.reach(1, addr, node) >= 0) continue;
    m.events.stop(
      'panic',
      'preallocation-failed',
      'arch/riscv/mm/init.c:preallocate_pgd_pages_range',
      `Failed to pre-allocate ${table.format.levels[1]!.name} pages for vmemmap area`,
    );
  }
}
