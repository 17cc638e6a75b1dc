import type { EntryField, EntryLayout } from '@vmemmap/core';
import type { Mips64Config } from './mips64.ts';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });

/** The fields of the entries of every level by name, for people. Highest bits first. */
export function entryLayouts({ executeInhibit }: Mips64Config): readonly EntryLayout[] {
  return [
    {
      levels: ['pgd', 'pmd'],
      kind: 'table',
      fields: [
        { name: 'xkphys', low: 59, high: 63, about: 'unmapped, cached' },
        { name: 'table', low: 12, high: 58, about: 'page number of the table, in 4 KiB' },
      ],
    },
    {
      levels: ['pmd', 'pte'],
      kind: 'leaf',
      fields: [
        bit('RI', 63, 'read inhibit'),
        ...(executeInhibit ? [bit('XI', 62, 'execute inhibit')] : []),
        { name: 'PFN', low: 6, high: 57, about: 'page frame number, in 4 KiB' },
        { name: 'C', low: 3, high: 5, about: 'coherency: 3 is cacheable' },
        bit('D', 2, 'dirty: writable'),
        bit('V', 1, 'valid'),
        bit('G', 0, 'global'),
      ],
    },
  ];
}
