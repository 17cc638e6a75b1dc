import type { EntryField, EntryLayout } from '@vmemmap/core';

const RIGHTS: readonly EntryField[] = [
  { name: 'U', low: 4, high: 4, about: 'user may access' },
  { name: 'NX', low: 3, high: 3, about: 'no execution' },
  { name: 'W', low: 2, high: 2, about: 'writable' },
  { name: 'L', low: 1, high: 1, about: 'maps a page' },
  { name: 'V', low: 0, high: 0, about: 'valid' },
];

/** The fields of its entries, for people: highest bits first, as the table in reader.ts has them. */
export const entryLayouts: readonly EntryLayout[] = [
  {
    levels: ['pgd', 'pmd'],
    kind: 'table',
    fields: [{ name: 'table', low: 12, high: 51, about: 'page number of the table' }, ...RIGHTS],
  },
  {
    levels: ['pmd', 'pte'],
    kind: 'leaf',
    fields: [{ name: 'page', low: 12, high: 51, about: 'page number' }, ...RIGHTS],
  },
];
