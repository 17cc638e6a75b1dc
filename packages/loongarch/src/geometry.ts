import type { TableLevel } from '@vmemmap/core';
import type { LoongarchConfig } from './config.ts';

/** asm/pgtable.h: PTRLOG, log2 of the bytes of an entry. Every table is one page. */
const PTRLOG = 3;

/** Names of the levels above the last one, lowest first; folded ones are left out (pgtable-nopmd, -nopud, -nop4d). */
const NAMES: Readonly<Record<number, readonly string[]>> = { 2: ['pgd'], 3: ['pmd', 'pgd'], 4: ['pmd', 'pud', 'pgd'] };

/** PAGE_SHIFT. */
export function pageShift({ pageSize }: LoongarchConfig): number {
  return Math.log2(pageSize);
}

/** The levels the kernel uses, root first: each stands for PAGE_SHIFT - PTRLOG more bits than the one below. */
export function tableLevels(config: LoongarchConfig): readonly TableLevel[] {
  const shift = pageShift(config);
  const indexBits = shift - PTRLOG;
  const above = NAMES[config.levels]!.map((name, n) => ({ name, shift: shift + (n + 1) * indexBits, indexBits }));
  return [...above.reverse(), { name: 'pte', shift, indexBits }];
}

/** log2 of PMD_SIZE; with two levels the pmd is folded, and an entry of it is one of the pgd. */
export function pmdShift(config: LoongarchConfig): number {
  return tableLevels(config).at(-2)!.shift;
}

/** VA_BITS: the bits of an address that the tables translate. */
export function tableVaBits(config: LoongarchConfig): number {
  const { shift, indexBits } = tableLevels(config)[0]!;
  return shift + indexBits;
}
