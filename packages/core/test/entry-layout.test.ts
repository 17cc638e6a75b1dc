import { decodeEntry, type EntryLayout, encodeEntry } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';

const layouts: readonly EntryLayout[] = [
  {
    levels: ['pte'],
    kind: 'leaf',
    fields: [
      { name: 'NX', low: 63, high: 63, about: 'no execute' },
      { name: 'page', low: 12, high: 51, about: 'page number' },
      { name: 'V', low: 0, high: 0, about: 'valid' },
    ],
  },
];

describe('encodeEntry()', () => {
  it('composes what decodeEntry() takes apart', () => {
    const entry = encodeEntry(layouts, 'pte', 'leaf', { V: 1, page: 0x12345n, NX: 1 });
    expect(entry).toBe(0x8000_0000_1234_5001n);
    expect(decodeEntry(layouts, 'pte', 'leaf', entry).map(({ name, value }) => [name, value])).toEqual([
      ['NX', 1n],
      ['page', 0x12345n],
      ['V', 1n],
    ]);
  });

  it.each([
    ['a field there is not', 'pte', { W: 1 }, 'has no field "W"'],
    ['a level that is not described', 'pmd', { V: 1 }, 'has no field "V"'],
    ['a value too large', 'pte', { V: 2 }, '2 does not fit the 1 bits of field "V"'],
    ['a negative value', 'pte', { page: -1 }, '-1 does not fit'],
  ])('refuses %s', (_, level, values, message) => {
    expect(() => encodeEntry(layouts, level, 'leaf', values as Record<string, number>)).toThrow(message);
  });
});
