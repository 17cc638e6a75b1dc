import { encodeEntry, type Machine } from '@vmemmap/core';
import { type LoongarchConfig, loongarch } from '@vmemmap/loongarch';
import { describe, expect, it } from 'vitest';
import { configs } from './configs.ts';
import { entriesOf, entryAt, GiB, hotAdd, machine, range } from './machine.ts';

const RELEASES = ['6.12', '7.2', '7.3', 'series-04'];
const small = [range(0, 0, GiB)];
/** Boot without memory for a huge page, nor on 6.12 for a buffer of two: base pages everywhere. */
const basePages = [11, 12].map((order) => ({ source: 'memblock' as const, order, times: Number.POSITIVE_INFINITY }));

describe('entries', () => {
  it.each(RELEASES)('of a huge page on %s are pa | 0x11d3 below the kernel address of a table', (release) => {
    const m = machine({}, small, { release });
    const { steps, result } = m.translatePage(0x100);
    expect(steps.map(({ level }) => level)).toEqual(['pgd', 'pmd']);
    expect(steps[0]!.entry).toBe(0x9000_0000_0000_0000n + BigInt(steps[1]!.table));
    expect(steps[1]!.entry).toBe(BigInt(result.pa - result.inside) + 0x11d3n);
  });

  it.each(RELEASES)('of base pages on %s are pa | 0x1d3', (release) => {
    const { steps, result } = machine({}, small, { release, failures: basePages }).translatePage(0x100);
    expect(steps.map(({ level }) => level)).toEqual(['pgd', 'pmd', 'pte']);
    expect(steps[1]!.entry).toBe(0x9000_0000_0000_0000n + BigInt(steps[2]!.table));
    expect(steps[2]!.entry).toBe(BigInt(result.pa - result.inside) + 0x1d3n);
  });

  it.each<[string, Partial<LoongarchConfig>, string[]]>([
    ['4K pages, 4 levels', { pageSize: 4096, levels: 4 }, ['table', 'table', '11d3']],
    ['64K pages, 3 levels', { pageSize: 65536 }, ['table', '11d3']],
    ['64K pages, 2 levels', { pageSize: 65536, levels: 2 }, ['table', '1d3']],
    ['16K pages, 2 levels', { levels: 2, cpuPabits: 39 }, ['table', '1d3']],
    ['no KFENCE', { kfence: false }, ['table', '11d3']],
  ])('of %s', (_, config, expected) => {
    const m = machine(config, [range(0, 0, 4 * GiB)]);
    const { steps, result } = m.translatePage(0x100);
    const kinds = steps.map(({ entry, kind }) => {
      if (kind === 'table') return entry >> 48n === 0x9000n && entry % BigInt(m.levels[0]!.bytes) === 0n ? kind : 'odd';
      return (entry - BigInt(result.pa - result.inside)).toString(16);
    });
    expect(kinds).toEqual(expected);
  });

  it('are what their fields make them, in every configuration', () => {
    for (const config of configs) {
      const m = machine(config, [range(0, 0, 4 * GiB)]);
      const { entryLayouts } = loongarch(config);
      const { steps, result } = m.translatePage(0x1000);
      const names = new Map(m.levels.map((level) => [level.name, level]));
      for (const [n, { level, entry, kind }] of steps.entries()) {
        if (kind === 'table') {
          const table = steps[n + 1]!.table / 4096;
          expect(encodeEntry(entryLayouts, level, 'table', { VSEG: 9, table })).toBe(entry);
          continue;
        }
        const pa = result.pa - result.inside;
        const shift = names.get(level)!.shift;
        const leaf = { V: 1, D: 1, MAT: 1, G: 1, P: 1, W: 1 };
        expect(
          level === 'pte'
            ? encodeEntry(entryLayouts, level, 'leaf', { ...leaf, PA: pa / 2 ** shift })
            : encodeEntry(entryLayouts, level, 'leaf', { ...leaf, H: 1, PA: pa / 2 ** (shift - 1) }),
        ).toBe(entry);
      }
    }
  });

  it('may be executed and belong to the kernel', () => {
    // read, write and execute; no user
    expect(machine().translatePage(0).result.access).toBe(7);
    expect(machine({}, small, { failures: basePages }).translatePage(0).result.access).toBe(7);
  });
});

describe('empty entries', () => {
  const invalid = (m: Machine, key: string): bigint => m.arch.config[key] as bigint;

  it('of the root are the address of the invalid table of the next level', () => {
    for (const [config, key] of [
      [{}, 'invalidPmdTable'],
      [{ pageSize: 4096, levels: 4 }, 'invalidPudTable'],
      [{ pageSize: 65536, levels: 2 }, 'invalidPteTable'],
      [{ invalidPmdTable: 0x9000_0000_0ff0_0000n }, 'invalidPmdTable'],
    ] as const) {
      const m = machine(config, [range(0, 0, 4 * GiB)]);
      const { root } = m.ops.initMm;
      const [view] = [...m.tables()];
      const used = new Set(view!.entries.filter(({ kind }) => kind === 'table').map(({ index }) => index));
      expect(used.size).toBeGreaterThan(0);
      const unused = entriesOf(m, root).filter((_, index) => !used.has(index));
      expect(new Set(unused)).toEqual(new Set([invalid(m, key)]));
    }
    expect(entryAt(machine(), machine().ops.initMm.root, 2028)).toBe(0x9000000001b28000n);
  });

  it('of every table between are the address of the invalid table of the next level', () => {
    const m = machine({ pageSize: 4096, levels: 4 });
    const [, pud, pmd] = m.translatePage(0).steps;
    expect(entriesOf(m, pud!.table).filter((entry) => entry === invalid(m, 'invalidPmdTable'))).toHaveLength(511);
    // The window begins 4 MiB, two huge pages, before the end of this table.
    expect(entriesOf(m, pmd!.table).filter((entry) => entry === invalid(m, 'invalidPteTable'))).toHaveLength(512 - 2);
    const debian = machine();
    const [, last] = debian.translatePage(0).steps;
    expect(entryAt(debian, last!.table, 0)).toBe(0x9000000001b24000n);
  });

  it('of the last level are global', () => {
    const m = machine({}, small, { failures: basePages });
    const { table, index } = m.translatePage(0).steps[2]!;
    const entries = entriesOf(m, table);
    expect(index).toBe(0);
    expect(entries.slice(320)).toEqual(new Array(2048 - 320).fill(0x40n));
  });

  it('are listed as invalid and end a walk', () => {
    const m = machine();
    const [root, pmd] = [...m.tables()];
    expect(root!.entries.filter(({ kind }) => kind === 'invalid')).toHaveLength(20);
    expect(root!.entries.map(({ index }) => index)).toEqual(Array.from({ length: 21 }, (_, n) => 2027 + n));
    expect(pmd).toMatchObject({ leaves: 1, entries: [] });
    const { steps, result } = m.translate(0xfffffec000000000n);
    expect(result).toMatchObject({
      mapped: false,
      fault: 'page invalid: the table at 0x1b28000 holds invalid entries only',
    });
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({ kind: 'absent', entry: 0x9000000001b28000n });
    hotAdd(m, 100);
    const below = m.translate(0xfffffec000000000n);
    expect(below.result.fault).toBe('page invalid: the table at 0x1b24000 holds invalid entries only');
    expect(below.steps).toHaveLength(2);
  });
});
