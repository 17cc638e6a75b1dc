import { expect, test } from 'vitest';
import { readSize, sizeText } from '../src/size.ts';

test.each([
  ['0', 0],
  ['4096', 4096],
  ['0x80000000', 2 ** 31],
  ['64K', 2 ** 16],
  ['64k', 2 ** 16],
  ['512MiB', 2 ** 29],
  ['64G', 2 ** 36],
  ['64GB', 2 ** 36],
  ['2T', 2 ** 41],
  ['1P', 2 ** 50],
  ['7PiB', 7 * 2 ** 50],
])('%s', (text, bytes) => {
  expect(readSize(text)).toBe(bytes);
});

test.each(['', '1.5G', '-1', 'G', '64 G', '8P', '1E', '0x', '0xffffffffffffff', '1e3'])('%j is no size', (text) => {
  expect(readSize(text)).toBeUndefined();
});

test.each([
  [0, '0 B'],
  [4096, '4 KiB'],
  [-(2 ** 21), '-2 MiB'],
  [1.5 * 2 ** 30, '1.50 GiB'],
  [205_685_522_432, '191.6 GiB'],
  [2 ** 52, '4 PiB'],
])('%d for people', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
