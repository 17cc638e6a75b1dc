import type { EntryField, EntryLayout } from '@vmemmap/core';
import type { RiscvConfig } from './config.ts';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });

const PPN: EntryField = { name: 'PPN', low: 10, high: 53, about: 'physical page number' };
// RSW, "reserved for use by supervisor software": as asm/pgtable-bits.h uses its two bits.
const RSW: readonly EntryField[] = [
  bit('RSW1', 9, 'kernel: devmap up to 6.12, unused since'),
  bit('RSW0', 8, 'kernel: special, no struct page behind it'),
];
const G = bit('G', 5, 'global: in every address space');
const V = bit('V', 0, 'valid');

/** The bits above the page number: what they are is up to the CPU. */
function high({ svnapot, svpbmt, theadMae }: RiscvConfig): readonly EntryField[] {
  const reserved = { name: 'reserved', low: 54, high: theadMae ? 58 : 60, about: 'must be 0' };
  // XTheadMae, names as in asm/pgtable-64.h.
  if (theadMae) {
    return [
      bit('SO', 63, 'strong order'),
      bit('C', 62, 'cacheable'),
      bit('B', 61, 'bufferable'),
      bit('SH', 60, 'shareable'),
      bit('Sec', 59, 'trustable'),
      reserved,
    ];
  }
  return [
    ...(svnapot ? [bit('N', 63, 'Svnapot: part of 64 KiB')] : []),
    ...(svpbmt ? [{ name: 'PBMT', low: 61, high: 62, about: 'Svpbmt: memory type, 0 PMA, 1 NC, 2 IO' }] : []),
    reserved,
  ];
}

/**
 * The fields of riscv entries, named as in the privileged specification, "Sv39 page table entry"; those of Sv48 and
 * Sv57 are the same. An entry whose X, W and R are all 0 points to a table.
 */
export function entryLayouts(config: RiscvConfig): readonly EntryLayout[] {
  return [
    {
      levels: ['pgd', 'p4d', 'pud', 'pmd'],
      kind: 'table',
      fields: [
        { name: 'reserved', low: 54, high: 63, about: 'must be 0' },
        PPN,
        ...RSW,
        bit('D', 7, 'must be 0 in a pointer'),
        bit('A', 6, 'must be 0 in a pointer'),
        G,
        bit('U', 4, 'must be 0 in a pointer'),
        bit('X', 3, '0: points to a table'),
        bit('W', 2, '0: points to a table'),
        bit('R', 1, '0: points to a table'),
        V,
      ],
    },
    {
      levels: ['pmd', 'pte'],
      kind: 'leaf',
      fields: [
        ...high(config),
        PPN,
        ...RSW,
        bit('D', 7, 'dirty'),
        bit('A', 6, 'accessed'),
        G,
        bit('U', 4, 'user may access'),
        bit('X', 3, 'may be executed'),
        bit('W', 2, 'writable'),
        bit('R', 1, 'readable'),
        V,
      ],
    },
  ];
}
