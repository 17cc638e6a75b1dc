import { boot, type Machine, type MachineOptions, type MemoryRange, toU64 } from '@vmemmap/core';
import { type LoongarchConfig, loongarch } from '@vmemmap/loongarch';

const KiB: number = 2 ** 10;
export const MiB: number = 2 ** 20;
export const GiB: number = 2 ** 30;
/** Bytes of RAM in a section. */
export const SECTION: number = 512 * MiB;
/** A base page and a huge page of Debian's kernel, and the struct pages of a section in it. */
export const PAGE: number = 16 * KiB;
export const PMD: number = 32 * MiB;
export const MEMMAP: number = 2.5 * MiB;
/** Struct pages of a section. */
export const PAGES: number = SECTION / PAGE;

export const range = (node: number, start: number, end: number): MemoryRange => ({ node, start, end });

/** A booted machine; 2 GiB on one node unless told otherwise. */
export function machine(
  config: Partial<LoongarchConfig> = {},
  ranges: readonly MemoryRange[] = [range(0, 0, 2 * GiB)],
  options: Partial<Omit<MachineOptions, 'arch' | 'memory'>> = {},
): Machine {
  return boot({ arch: loongarch(config), memory: { ranges }, ...options });
}

/** Adds whole sections after boot, one after the other, as __add_pages() does. */
export function hotAdd(m: Machine, ...sections: readonly number[]): void {
  const pages = SECTION / 2 ** m.model.pageShift;
  for (const nr of sections)
    if (!m.populateSection(nr * pages, pages, 0)) throw new Error(`section ${nr} was not added`);
}

/** An entry as it stands in memory. */
export function entryAt(m: Machine, table: number, index: number): bigint {
  const lanes = m.entryLanes(table, index);
  return toU64(lanes[0]!, lanes[1]!);
}

/** All entries of a table. */
export function entriesOf(m: Machine, table: number): bigint[] {
  return Array.from({ length: 2 ** m.levels[0]!.indexBits }, (_, index) => entryAt(m, table, index));
}
