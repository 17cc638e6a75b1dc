import { decodeEntry, encodeEntry, releases, toU64 } from '@vmemmap/core';
import { type PagingMode, type RiscvConfig, riscv } from '@vmemmap/riscv';
import { describe, expect, it } from 'vitest';
import { HOT_PFN, MEMMAP, machine, PAGES, THEAD } from './machine.ts';

const MODES: readonly PagingMode[] = ['sv39', 'sv48', 'sv57'];
const KERNEL = { V: 1, R: 1, W: 1, G: 1, A: 1, D: 1 };

/** The entry that a machine's writer makes. */
function written(config: Partial<RiscvConfig>, kind: 'table' | 'leaf', level: number, pa: number): bigint {
  const { format } = machine(config).ops.pageTable!;
  const entry = { lo: 0, hi: 0 };
  if (kind === 'leaf') format.makeLeaf(level, pa, entry);
  else format.makeTable(level, pa, entry);
  return toU64(entry.lo, entry.hi);
}

describe('entries, as real kernels have them', () => {
  it.each(releases.map(({ name }) => name))('are the same on %s: V in tables, V R W G A D in leaves', (release) => {
    for (const mode of MODES) {
      const m = machine({ mode }, undefined, { release });
      const { steps } = m.translatePage(0x80000);
      const flags = steps.map(({ entry }) => entry & 0x3ffn);
      expect(flags).toEqual([...steps.slice(1).map(() => 0x1n), 0xe7n]);
      expect(m.translatePage(0x80000).result).toMatchObject({ mapped: true, access: 3, flagsLo: 0xe7, flagsHi: 0 });
    }
  });
});

describe('entries composed by the names of the manual', () => {
  it.each(MODES)('are those that are written with %s', (mode) => {
    const { entryLayouts } = riscv({ mode });
    const { levels } = machine({ mode }).ops.pageTable!.format;
    for (const [level, { name }] of levels.entries()) {
      for (const pa of [0x80200000, 0x1f_ffe0_0000, 2 ** 52 + 2 ** 33]) {
        const PPN = pa / 4096;
        if (name !== 'pte')
          expect(written({ mode }, 'table', level, pa)).toBe(encodeEntry(entryLayouts, name, 'table', { PPN, V: 1 }));
        if (name !== 'pte' && name !== 'pmd') continue;
        expect(written({ mode }, 'leaf', level, pa)).toBe(encodeEntry(entryLayouts, name, 'leaf', { PPN, ...KERNEL }));
      }
    }
  });

  it('have C, B and SH on a T-Head C9xx', () => {
    const { entryLayouts } = riscv(THEAD);
    const values = { PPN: 0xf5a00, C: 1, B: 1, SH: 1, ...KERNEL };
    expect(written(THEAD, 'leaf', 1, 0xf5a00000)).toBe(encodeEntry(entryLayouts, 'pmd', 'leaf', values));
  });

  it('name what the CPU has in the upper bits, and cover an entry without overlap', () => {
    const names = (config: Partial<RiscvConfig>): string[] =>
      decodeEntry(riscv(config).entryLayouts, 'pte', 'leaf', 0xffc0_0000_0000_0000n).map(({ name }) => name);
    expect(names({})).toEqual(['N', 'PBMT', 'reserved']);
    // What the CPU does not know has no name, and is shown all the same.
    expect(names({ svnapot: false })).toEqual(['bit63', 'PBMT', 'reserved']);
    expect(names({ svpbmt: false })).toEqual(['N', 'bit62', 'bit61', 'reserved']);
    expect(names(THEAD)).toEqual(['SO', 'C', 'B', 'SH', 'Sec', 'reserved']);
    for (const config of [{}, { svnapot: false, svpbmt: false }, THEAD]) {
      for (const { fields } of riscv(config).entryLayouts) {
        for (const [n, { high }] of fields.slice(1).entries()) expect(high).toBeLessThan(fields[n]!.low);
        expect(fields.at(-1)!.low).toBe(0);
      }
    }
  });
});

describe('what the writer takes for what', () => {
  const { format } = machine().ops.pageTable!;
  const last = format.levels.length - 1;

  it('an entry of 0 is none, at every level, and nothing else is', () => {
    for (const level of format.levels.keys()) {
      expect(format.isNone(level, 0, 0)).toBe(true);
      expect(format.isNone(level, 0x400, 0)).toBe(false);
      expect(format.isNone(level, 0, 1)).toBe(false);
    }
  });

  it('R, W or X make a leaf', () => {
    for (const bits of [0x3, 0x5, 0x9]) expect(format.isLeaf(2, bits, 0)).toBe(true);
    expect(format.isLeaf(2, 0x1, 0)).toBe(false);
    expect(format.isLeaf(2, 0x2, 0)).toBe(false);
    expect(format.isLeaf(last, 0x1, 0)).toBe(true);
  });
});

describe('huge pages', () => {
  it('step by 0x80000 from entry to entry', () => {
    const m = machine({}, undefined, { release: '7.2' });
    const entries = [0, 1, 2].map((nr) => m.translatePage(0x80000 + nr * PAGES).steps.at(-1)!.entry);
    expect(entries[1]! - entries[0]!).toBe(-0x80000n);
    expect(entries[2]! - entries[1]!).toBe(-0x80000n);
    const before = m.offsetOfPage(HOT_PFN);
    m.ops.vmemmapPopulate(before, before + 2 * MEMMAP, 0, undefined, undefined);
    const hot = [0, 1].map((nr) => m.translatePage(HOT_PFN + nr * PAGES).steps.at(-1)!.entry);
    expect(hot[1]! - hot[0]!).toBe(0x80000n);
  });
});
