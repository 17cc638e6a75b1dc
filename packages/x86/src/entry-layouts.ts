import type { EntryField, EntryLayout } from '@vmemmap/core';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });

/** Fields that every entry has. */
const COMMON: readonly EntryField[] = [
  bit('XD', 63, 'execute disable (NX)'),
  bit('SOFTW5', 58, 'kernel: saved dirty'),
  bit('SOFTW4', 57, 'kernel: devmap'),
  bit('SOFTW3', 11, 'kernel: software bit 3'),
  bit('SOFTW2', 10, 'kernel: software bit 2'),
  bit('SOFTW1', 9, 'kernel: software bit 1'),
];
const LOW: readonly EntryField[] = [
  bit('D', 6, 'dirty'),
  bit('A', 5, 'accessed'),
  bit('PCD', 4, 'page-level cache disable'),
  bit('PWT', 3, 'page-level write-through'),
  bit('US', 2, 'user may access'),
  bit('RW', 1, 'writable'),
  bit('P', 0, 'present'),
];
const PKEY: EntryField = { name: 'PKEY', low: 59, high: 62, about: 'protection key' };
const G = bit('G', 8, 'global: survives a change of CR3');

/**
 * The fields of x86-64 entries, named as in Intel SDM vol. 3A tables 5-14 to 5-20. Bit 6 of a table entry is ignored
 * by the CPU; the kernel sets it all the same.
 */
export const entryLayouts: readonly EntryLayout[] = [
  {
    levels: ['pgd', 'p4d', 'pud', 'pmd'],
    kind: 'table',
    fields: [
      ...COMMON,
      { name: 'table', low: 12, high: 51, about: 'page number of the table' },
      G,
      bit('PS', 7, 'page size'),
      ...LOW,
    ],
  },
  {
    levels: ['pud'],
    kind: 'leaf',
    fields: [
      ...COMMON,
      PKEY,
      { name: '1G page', low: 30, high: 51, about: 'number of the 1 GiB page' },
      bit('PAT', 12, 'page attribute table'),
      G,
      bit('PS', 7, 'page size: maps 1 GiB'),
      ...LOW,
    ],
  },
  {
    levels: ['pmd'],
    kind: 'leaf',
    fields: [
      ...COMMON,
      PKEY,
      { name: '2M page', low: 21, high: 51, about: 'number of the 2 MiB page' },
      bit('PAT', 12, 'page attribute table'),
      G,
      bit('PS', 7, 'page size: maps 2 MiB'),
      ...LOW,
    ],
  },
  {
    levels: ['pte'],
    kind: 'leaf',
    fields: [
      ...COMMON,
      PKEY,
      { name: 'page', low: 12, high: 51, about: 'page number' },
      G,
      bit('PAT', 7, 'page attribute table'),
      ...LOW,
    ],
  },
];
