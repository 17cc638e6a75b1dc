import type { TableLevel } from '@vmemmap/core';

/**
 * Levels, root first: a table is one page of 8-byte entries, but that the root with 4K pages has two (asm/pgtable-64.h:
 * PGD_TABLE_ORDER).
 */
export function tableLevels(pageSize: number): readonly TableLevel[] {
  if (pageSize === 4096) {
    return [
      { name: 'pgd', shift: 30, indexBits: 10 },
      { name: 'pmd', shift: 21, indexBits: 9 },
      { name: 'pte', shift: 12, indexBits: 9 },
    ];
  }
  return [
    { name: 'pgd', shift: 36, indexBits: 11 },
    { name: 'pmd', shift: 25, indexBits: 11 },
    { name: 'pte', shift: 14, indexBits: 11 },
  ];
}
