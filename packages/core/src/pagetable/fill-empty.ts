import type { PopulateContext } from '../contract/context.ts';
import type { Entry, PageTableFormat } from './format.ts';

/** Fills a new table with the entry that stands for nothing, where that is not zero (pgd_init, pmd_init, kernel_pte_init). */
export function fillEmpty(
  tables: PopulateContext['tables'],
  format: PageTableFormat,
  level: number,
  slot: number,
): void {
  if (format.emptyEntry === undefined) return;
  const entry: Entry = { lo: 0, hi: 0 };
  format.emptyEntry(level, entry);
  const { lanes } = tables;
  const from = tables.base[slot]!;
  const end = from + 2 * 2 ** format.levels[level]!.indexBits;
  for (let word = from; word < end; word += 2) {
    lanes[word] = entry.lo;
    lanes[word + 1] = entry.hi;
  }
}
