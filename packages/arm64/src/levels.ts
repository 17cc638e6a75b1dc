import type { TableLevel } from '@vmemmap/core';
import type { Arm64Config } from './config.ts';

/** The kernel's names by the number of levels (asm/pgtable-types.h and the asm-generic/pgtable-nop?d.h it includes). */
const NAMES: ReadonlyMap<number, readonly string[]> = new Map([
  [2, ['pgd', 'pte']],
  [3, ['pgd', 'pmd', 'pte']],
  [4, ['pgd', 'pud', 'pmd', 'pte']],
  [5, ['pgd', 'p4d', 'pud', 'pmd', 'pte']],
]);

/**
 * The levels that the kernel uses, root first (asm/pgtable-hwdef.h: ARM64_HW_PGTABLE_LEVELS,
 * ARM64_HW_PGTABLE_LEVEL_SHIFT, PTRS_PER_PGD).
 *
 * With 4K and 16K pages a kernel for 52 bits folds its top level on a CPU without LPA2 (asm/pgtable.h:
 * pgtable_l5_enabled, pgtable_l4_enabled). With 64K pages it keeps all entries of the root and uses the last ones.
 */
export function tableLevels({ pageSize, vaBits, vaBitsActual }: Arm64Config): readonly TableLevel[] {
  const va = pageSize === 65536 ? vaBits : vaBitsActual;
  const pageShift = Math.log2(pageSize);
  const indexBits = pageShift - 3;
  const count = Math.floor((va - 4) / indexBits);
  const rootShift = indexBits * count + 3;
  return NAMES.get(count)!.map((name, level) => ({
    name,
    shift: rootShift - level * indexBits,
    indexBits: level === 0 ? va - rootShift : indexBits,
  }));
}
