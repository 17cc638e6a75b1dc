import type { EntryField, EntryLayout } from '@vmemmap/core';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });

/** A field of a region- or segment-table entry. */
const PROTECTION = bit('P', 9, 'DAT protection: read only');
const TABLE_OFFSET: EntryField = { name: 'TF', low: 6, high: 7, about: 'first 4 KiB of the next table that exist' };
const INVALID = bit('I', 5, 'invalid');
const TABLE_TYPE: EntryField = {
  name: 'TT',
  low: 2,
  high: 3,
  about: 'table type: 2 region-second, 1 region-third, 0 segment',
};
const TABLE_LENGTH: EntryField = { name: 'TL', low: 0, high: 1, about: 'last 4 KiB of the next table that exist' };
const FORMAT = bit('FC', 10, 'format control: maps a frame');
const COMMON_SEGMENT = bit('CS', 4, 'common segment');
const NO_EXECUTE = bit('IEP', 8, 'instruction-execution protection');

/**
 * The fields of s390 entries, named as in z/Architecture Principles of Operation, chapter 3. Bits count from the right
 * here: bit 0 is the manual's bit 63. What the CPU ignores and the kernel uses has the kernel's name; the access-control
 * bits and the fetch-protection bit of a 1 MiB frame are ignored as long as AV is zero. Software's bits of such a frame
 * moved with 7.2 (asm/pgtable.h: _SEGMENT_ENTRY_*), but a layout is that of all releases: where they do not agree, the
 * name before the slash is the one since 7.2, that behind it the one of 6.12.
 */
export const entryLayouts: readonly EntryLayout[] = [
  {
    levels: ['p4d'],
    kind: 'table',
    fields: [
      { name: 'RTTO', low: 12, high: 63, about: 'region-third-table origin' },
      PROTECTION,
      TABLE_OFFSET,
      INVALID,
      TABLE_TYPE,
      TABLE_LENGTH,
    ],
  },
  {
    levels: ['pud'],
    kind: 'table',
    fields: [
      { name: 'STO', low: 12, high: 63, about: 'segment-table origin' },
      FORMAT,
      PROTECTION,
      TABLE_OFFSET,
      INVALID,
      bit('CR', 4, 'common region'),
      TABLE_TYPE,
      TABLE_LENGTH,
    ],
  },
  {
    levels: ['pmd'],
    kind: 'table',
    fields: [
      { name: 'PTO', low: 11, high: 63, about: 'page-table origin' },
      FORMAT,
      PROTECTION,
      INVALID,
      COMMON_SEGMENT,
      TABLE_TYPE,
      bit('PRESENT', 0, 'kernel: present (none on 6.12)'),
    ],
  },
  {
    levels: ['pmd'],
    kind: 'leaf',
    fields: [
      { name: 'SFAA', low: 20, high: 63, about: 'number of the 1 MiB frame (segment-frame absolute address)' },
      bit('AV', 16, 'access-control bits and fetch protection are valid'),
      bit('WRITE', 15, 'kernel: writable, unused on 6.12; access-control bit'),
      bit('READ/SOFT_DIRTY', 14, 'kernel: readable since 7.2, soft dirty on 6.12; access-control bit'),
      bit('DIRTY', 13, 'kernel: dirty; access-control bit'),
      bit('YOUNG', 12, 'kernel: young; access-control bit'),
      bit('F', 11, 'fetch protection'),
      FORMAT,
      PROTECTION,
      NO_EXECUTE,
      INVALID,
      COMMON_SEGMENT,
      TABLE_TYPE,
      bit('SOFT_DIRTY/WRITE', 1, 'kernel: soft dirty since 7.2, writable on 6.12'),
      bit('PRESENT/READ', 0, 'kernel: present since 7.2, readable on 6.12'),
    ],
  },
  {
    levels: ['pte'],
    kind: 'leaf',
    fields: [
      { name: 'PFRA', low: 12, high: 63, about: 'number of the page (page-frame real address)' },
      bit('0', 11, 'must be zero'),
      bit('I', 10, 'invalid'),
      bit('P', 9, 'DAT protection: read only'),
      NO_EXECUTE,
      bit('UNUSED', 7, 'kernel: unused'),
      bit('SPECIAL', 6, 'kernel: special'),
      bit('WRITE', 5, 'kernel: writable'),
      bit('READ', 4, 'kernel: readable'),
      bit('DIRTY', 3, 'kernel: dirty'),
      bit('YOUNG', 2, 'kernel: young'),
      bit('SOFT_DIRTY', 1, 'kernel: soft dirty'),
      bit('PRESENT', 0, 'kernel: present'),
    ],
  },
];
