import { boot, type Machine, type MachineOptions, type MemoryRange, toU64 } from '@vmemmap/core';
import { type SparcConfig, sparc } from '@vmemmap/sparc';

export const PAGE: number = 8192;
export const MiB: number = 2 ** 20;
export const GiB: number = 2 ** 30;
/** Bytes a PMD entry maps. */
export const PMD: number = 8 * MiB;
/** Pages of a section, and bytes of its struct pages of 72 bytes. */
export const PAGES: number = GiB / PAGE;
export const MEMMAP: number = 9 * MiB;

export const range = (node: number, start: number, end: number): MemoryRange => ({ node, start, end });

/** A booted machine; 1 GiB on one node unless told otherwise. */
export function machine(
  config: Partial<SparcConfig> = {},
  ranges: readonly MemoryRange[] = [range(0, 0, GiB)],
  options: Partial<Omit<MachineOptions, 'arch' | 'memory'>> = {},
): Machine {
  return boot({ arch: sparc(config), memory: { ranges }, ...options });
}

/** All entries of the walk to a pfn, root first. */
export function entriesOf(m: Machine, pfn: number): bigint[] {
  return m.translatePage(pfn).steps.map(({ entry }) => entry);
}

/** What the writer makes of an address. */
export function written(m: Machine, level: number, kind: 'table' | 'leaf', pa: number): bigint {
  const { format } = m.ops.pageTable!;
  const entry = { lo: 0, hi: 0 };
  if (kind === 'leaf') format.makeLeaf(level, pa, entry);
  else format.makeTable(level, pa, entry);
  return toU64(entry.lo, entry.hi);
}
