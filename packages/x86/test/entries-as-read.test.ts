import { describe, expect, it } from 'vitest';
import type { X86Format } from '../src/format.ts';
import { machine } from './machine.ts';

const format = (la57: boolean): X86Format => machine({ la57 }).ops.pageTable!.format as X86Format;
const each = <T>({ levels }: X86Format, of: (level: number) => T): T[] => levels.map((_, level) => of(level));

describe('entries that nobody wrote', () => {
  it('are empty with accessed and dirty alone, but for the root of 5 levels', () => {
    for (const lo of [0x20, 0x40, 0x60]) {
      expect(each(format(true), (level) => format(true).isNone(level, lo, 0))).toEqual([false, true, true, true, true]);
      expect(each(format(false), (level) => format(false).isNone(level, lo, 0))).toEqual([true, true, true, true]);
    }
    for (const lo of [1, 2, 4, 8, 0x10, 0x80, 0x100, 0x1000])
      expect(each(format(true), (level) => format(true).isNone(level, lo, 0))).not.toContain(true);
    expect(each(format(true), (level) => format(true).isNone(level, 0, 1))).not.toContain(true);
    expect(each(format(true), (level) => format(true).isNone(level, 0, 0))).not.toContain(false);
  });

  it('are leaves with PSE, but for those of the root; and always at the last level', () => {
    expect(each(format(true), (level) => format(true).isLeaf(level, 0x80, 0))).toEqual([false, true, true, true, true]);
    expect(each(format(false), (level) => format(false).isLeaf(level, 0x80, 0))).toEqual([false, true, true, true]);
    expect(each(format(true), (level) => format(true).isLeaf(level, ~0x80, 0))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('map an address without the PAT bit of a huge page, which is a bit of the address in a base page', () => {
    const lo = 0x1234_5000 | 0x1000;
    expect(each(format(true), (level) => format(true).leafAddress(level, lo, 7)).slice(2)).toEqual([
      7 * 2 ** 32,
      7 * 2 ** 32 + 0x1220_0000,
      7 * 2 ** 32 + 0x1234_5000,
    ]);
  });

  it('are present with PRESENT; a PMD also with PROTNONE, which is the global bit, or with PSE', () => {
    const present = (lo: number) => each(format(true), (level) => format(true).isPresent(level, lo));
    expect(present(1)).toEqual([true, true, true, true, true]);
    expect(present(0x80)).toEqual([false, false, false, true, false]);
    expect(present(0x100)).toEqual([false, false, false, true, false]);
    expect(present(~0x181)).toEqual([false, false, false, false, false]);
  });
});
