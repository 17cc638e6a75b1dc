import { type ConfigFields, parseConfig } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';

const fields: ConfigFields = {
  flag: { type: 'boolean', default: true, about: '' },
  levels: { type: 'number', default: 3, min: 2, max: 5, oneOf: [2, 3, 5], about: '' },
  size: { type: 'number', default: 64, min: 8, max: 128, about: '' },
  mode: { type: 'choice', default: 'radix', oneOf: ['radix', 'hash'], about: '' },
  base: { type: 'address', default: undefined, align: 0x1000n, about: '' },
};

describe('parseConfig', () => {
  it('fills in defaults', () => {
    expect(parseConfig('@vmemmap/x', fields, {})).toEqual({
      flag: true,
      levels: 3,
      size: 64,
      mode: 'radix',
      base: undefined,
    });
  });

  it('takes values as they are, and as text', () => {
    expect(parseConfig('@vmemmap/x', fields, { flag: false, levels: 5, base: 0x2000n })).toMatchObject({
      flag: false,
      levels: 5,
      base: 0x2000n,
    });
    expect(
      parseConfig('@vmemmap/x', fields, { flag: 'false', levels: '2', mode: 'hash', base: '0xffff000000000000' }),
    ).toMatchObject({
      flag: false,
      levels: 2,
      mode: 'hash',
      base: 0xffff000000000000n,
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ nonsense: 1 }, '@vmemmap/x: no option "nonsense"; there are flag, levels, size, mode, base'],
    [{ toString: 1 }, 'no option "toString"'],
    [{ flag: 1 }, 'flag must be true or false, not 1'],
    [{ levels: 4 }, 'levels must be 2, 3, 5, not 4'],
    [{ size: 7.5 }, 'size must be a whole number from 8 to 128, not 7.5'],
    [{ size: '' }, 'size must be a whole number from 8 to 128, not ""'],
    [{ mode: 'x' }, 'mode must be one of radix, hash, not "x"'],
    [{ base: '0x1001' }, 'base must be a 64-bit address that is a multiple of 0x1000'],
    [{ base: 'zzz' }, 'base must be a 64-bit address'],
    [{ base: 1n << 64n }, 'base must be a 64-bit address'],
  ])('refuses %o', (input, message) => {
    expect(() => parseConfig('@vmemmap/x', fields, input)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(message) }),
    );
  });
});

describe('what is no configuration', () => {
  it.each([null, 3, 'la57', ['la57']])('is refused: %o', (input) => {
    expect(() => parseConfig('@vmemmap/x', fields, input)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining('must be an object') }),
    );
  });

  it('has no list of options to show when there are none', () => {
    expect(() => parseConfig('@vmemmap/x', {}, { a: 1 })).toThrow('no option "a"; there are no options');
  });
});
