import { type Arm64Config, arm64 } from '@vmemmap/arm64';
import { findRelease } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { Arm64Format } from '../src/format.ts';
import { machine } from './machine.ts';

const format = (config: Partial<Arm64Config> = {}): Arm64Format =>
  machine(config, undefined, { release: findRelease('7.2') }).ops.pageTable!.format as Arm64Format;
const each = <T>(config: Partial<Arm64Config>, of: (read: Arm64Format, level: number) => T): T[] => {
  const read = format(config);
  return read.levels.map((_, level) => of(read, level));
};

describe('entries that nobody wrote', () => {
  it('are Arm64Format’s to read', () => {
    expect(format()).toBeInstanceOf(Arm64Format);
    expect(arm64({}).config).toMatchObject({ pageSize: 4096 });
  });

  it('map an address by blocks, whatever is below it in the entry', () => {
    const lo = 0x1234_5000;
    expect(each({ vaBits: 48 }, (read, level) => read.leafAddress(level, lo, 7)).slice(1)).toEqual([
      7 * 2 ** 32,
      7 * 2 ** 32 + 0x1220_0000,
      7 * 2 ** 32 + 0x1234_5000,
    ]);
    expect(each({ pageSize: 16384, vaBits: 36 }, (read, level) => read.leafAddress(level, 0x1234_4000, 7))).toEqual([
      7 * 2 ** 32 + 0x1200_0000,
      7 * 2 ** 32 + 0x1234_4000,
    ]);
  });

  it('are present when valid, or with nG alone; above the PUD always', () => {
    const present = (lo: number) => each({}, (read, level) => read.isPresent(level, lo));
    expect(present(0)).toEqual([true, true, false, false, false]);
    expect(present(1)).not.toContain(false);
    expect(present(0x800)).not.toContain(false);
    expect(present(0x7fe)).toEqual(present(0));
  });

  it('are tables with type 3; above the highest block always', () => {
    const table = (config: Partial<Arm64Config>, lo: number) => each(config, (read, level) => read.isTable(level, lo));
    expect(table({ vaBits: 48 }, 1)).toEqual([true, false, false, false]);
    expect(table({ vaBits: 48 }, 3)).toEqual([true, true, true, true]);
    expect(table({ pageSize: 65536, vaBits: 52 }, 1)).toEqual([true, false, false]);
    expect(table({ pageSize: 16384, vaBits: 48 }, 1)).toEqual([true, false, false, false]);
  });

  it('are contiguous by bit 52 alone', () => {
    expect(format().isContiguous(1 << 20)).toBe(true);
    expect(format().isContiguous(~(1 << 20))).toBe(false);
  });
});
