import type { PopulateContext } from '@vmemmap/core';
import type { Arm64Format } from './format.ts';

/** PTE_NG and the two lowest bits, low lane. */
const NG = 1 << 11;
const VALID = 1 << 0;
const TABLE = 1 << 1;

/**
 * kpti_install_ng_mappings() (arch/arm64/mm/mmu.c, mm/proc.S:idmap_kpti_install_ng_mappings): makes every mapping of the
 * kernel not global. The loop sets the bit in every valid entry it meets and then looks whether that was a table, so
 * entries that point to tables get it, too, where the CPU ignores it.
 */
export function installNgMappings(m: PopulateContext, format: Arm64Format, root: number): void {
  makeNonGlobal(m, format, 0, m.tables.find(root));
  format.nonGlobal = true;
}

function makeNonGlobal(m: PopulateContext, format: Arm64Format, level: number, slot: number): void {
  const { lanes, base } = m.tables;
  const last = format.levels.length - 1;
  const from = base[slot]!;
  const end = from + 2 * 2 ** format.levels[level]!.indexBits;
  for (let word = from; word < end; word += 2) {
    const lo = lanes[word]!;
    if ((lo & VALID) === 0 || (lo & NG) !== 0) continue;
    lanes[word] = lo | NG;
    if (level === last || (lo & TABLE) === 0) continue;
    makeNonGlobal(m, format, level + 1, m.tables.find(format.tableAddress(level, lo, lanes[word + 1]!)));
  }
}
