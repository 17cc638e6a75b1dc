import { decodeEntry, type EntryLayout, encodeEntry, entryText } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';

const layouts: readonly EntryLayout[] = [
  {
    levels: ['pte'],
    kind: 'leaf',
    fields: [
      { name: 'NX', low: 63, high: 63, about: 'no execute' },
      { name: 'page', low: 12, high: 51, about: 'page number' },
      { name: 'PA[53:52]', low: 8, high: 9, about: 'page number, high bits', address: true },
      { name: 'ATTR', low: 4, high: 6, about: 'memory type' },
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
    ['half a page', 'pte', { page: 0.5 }, '0.5 does not fit'],
    ['a negative value', 'pte', { page: -1 }, '-1 does not fit'],
  ])('refuses %s', (_, level, values, message) => {
    expect(() => encodeEntry(layouts, level, 'leaf', values as Record<string, number>)).toThrow(message);
  });
});

describe('decodeEntry()', () => {
  it('leaves no bit out: those without a field have their number', () => {
    const fields = decodeEntry(layouts, 'pte', 'leaf', 0x8200_0000_1234_5043n);
    expect(fields.map(({ name, value, flag, address }) => [name, value, flag, address])).toEqual([
      ['NX', 1n, true, false],
      ['bit57', 1n, true, false],
      ['page', 0x12345n, false, true],
      ['ATTR', 4n, false, false],
      ['bit1', 1n, true, false],
      ['V', 1n, true, false],
    ]);
  });

  it('has fields in the order of their bits, whatever order the layout has', () => {
    const upside = layouts.map((layout) => ({ ...layout, fields: [...layout.fields].reverse() }));
    const entry = 0x8200_0000_1234_5343n;
    expect(decodeEntry(upside, 'pte', 'leaf', entry)).toEqual(decodeEntry(layouts, 'pte', 'leaf', entry));
  });

  it('says nothing of an entry that is not described', () => {
    expect(decodeEntry(layouts, 'pte', 'table', 0x43n)).toEqual([]);
    expect(decodeEntry([], 'pte', 'leaf', 0x43n)).toEqual([]);
  });
});

describe('entryText()', () => {
  it.each([
    [0x8000_0000_0000_0001n, '0x8000000000000001 (NX V)'],
    [0x41n, '0x0000000000000041 (ATTR=4 V)'],
    [0x0200_0000_0000_0001n, '0x0200000000000001 (bit57 V)'],
    // An address is in the number, and what differs in it is no difference.
    [0x1234_5301n, '0x0000000012345301 (V)'],
    [0x1234_5000n, '0x0000000012345000 (no flags)'],
  ])('%s', (entry, text) => {
    expect(entryText(layouts, 'pte', 'leaf', entry)).toBe(text);
  });
});
