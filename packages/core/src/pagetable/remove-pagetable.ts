import type { VmemAltmap } from '../memory/altmap.ts';
import type { PageTable } from './page-table.ts';

/** What an architecture does of its own while mappings are taken away. */
export interface RemoveHooks {
  /** p?d_present(): an entry that is not is passed over. */
  isPresent(level: number, lo: number, hi: number): boolean;

  /**
   * A leaf of which `[addr, next)` is asked for, which may be a part of it: whether it goes, and what becomes of the
   * memory behind it, at `pa`.
   */
  removeLeaf(
    level: number,
    slot: number,
    index: number,
    addr: number,
    next: number,
    pa: number,
    altmap: VmemAltmap | undefined,
  ): void;

  /**
   * A table of `level`, below entry `parentIndex`, out of which `[addr, next)` was taken: whether it goes.
   * Default: all tables stay.
   */
  afterTable?(level: number, slot: number, parent: number, parentIndex: number, addr: number, next: number): void;
}

/**
 * The walk that vmemmap_free() comes down to on most architectures (remove_pagetable() on x86 and powerpc,
 * remove_pgd_mapping() on riscv, unmap_hotplug_range() on arm64): every present leaf of `[start, end)`, in order, and
 * each table after what is below it. Holes do not matter.
 */
export function removePagetable(
  table: PageTable,
  start: number,
  end: number,
  altmap: VmemAltmap | undefined,
  hooks: RemoveHooks,
): void {
  removeLevel(table, 0, table.m.tables.find(table.root), start, end, altmap, hooks);
}

function removeLevel(
  table: PageTable,
  level: number,
  slot: number,
  start: number,
  end: number,
  altmap: VmemAltmap | undefined,
  hooks: RemoveHooks,
): void {
  const { tables } = table.m;
  const { format } = table;
  let next: number;
  for (let addr = start; addr < end; addr = next) {
    next = table.entryEnd(level, addr, end);
    const index = table.index(level, addr);
    const word = table.word(slot, index);
    const lo = tables.lanes[word]!;
    const hi = tables.lanes[word + 1]!;
    if (!hooks.isPresent(level, lo, hi)) continue;
    if (format.isLeaf(level, lo, hi)) {
      hooks.removeLeaf(level, slot, index, addr, next, format.leafAddress(level, lo, hi), altmap);
      continue;
    }
    const child = tables.find(format.tableAddress(level, lo, hi));
    removeLevel(table, level + 1, child, addr, next, altmap, hooks);
    hooks.afterTable?.(level + 1, child, slot, index, addr, next);
  }
}
