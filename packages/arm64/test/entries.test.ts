import { type Arm64Config, arm64 } from '@vmemmap/arm64';
import { encodeEntry, hex64, type Machine, type PageTableFormat, toU64 } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, GiB, machine, sizes } from './machine.ts';

/** RAM of these machines lies below 4 GiB: these are the address bits in use. */
const ADDRESS = 0xffff_f000n;
const HOT = 64 * GiB;
const K64 = 65536;

const flags = (m: Machine, pfn: number): string[] => entriesOf(m, pfn).map((entry) => hex64(entry & ~ADDRESS));

describe('entries', () => {
  const table = '0x1000000000000403';

  it('of base pages with 4K are as others', () => {
    const page = (config: Partial<Arm64Config>): string => {
      const m = machine(config);
      m.populateSection(HOT / 4096, 512, 0);
      return flags(m, HOT / 4096).at(-1)!;
    };
    expect(page({})).toBe('0x00e8000000000403');
    expect(page({ lpa2: false })).toBe('0x00e8000000000703');
    expect(page({ vaBits: 48, kpti: true })).toBe('0x00e8000000000f03');
  });

  it('made after KPTI has rewritten the others: leaves are not global, pointers to tables are left alone', () => {
    const m = machine({ kpti: true });
    // So far away that it needs a pud and a pmd table of its own.
    m.populateSection((2 * HOT) / 4096, 32768, 0);
    expect(flags(m, (2 * HOT) / 4096)).toEqual(['0x1000000000000c03', table, table, '0x00e8000000000c01']);
  });

  it('are what the names of their fields say', () => {
    const configs = fc.constantFrom(...arm64.variants.map(({ config }) => config), { pageSize: K64, paBits: 48 });
    const release = fc.constantFrom('6.12', '7.2', '7.3', 'series-04');
    fc.assert(
      fc.property(configs, release, fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }), (config, chosen, any) => {
        const m = machine(config, undefined, { release: chosen });
        const { format, last } = m.ops.pageTable!;
        const { kpti, lpa2 } = m.arch.config;
        const pa = any & ((1n << BigInt(m.model.maxPhysmemBits)) - 1n);
        for (const [level, { name, shift }] of format.levels.entries()) {
          const lowest = level === last || level < last - 1 ? m.model.pageShift : shift;
          if (level < last) {
            const at = (pa >> BigInt(m.model.pageShift)) << BigInt(m.model.pageShift);
            const table = { UXNTable: 1, AF: chosen === '6.12' ? 0 : 1, Table: 1, Valid: 1 };
            const fields = { ...table, ...addressFields(m, 'NLTA', at, m.model.pageShift) };
            expect(hex64(made(format, 'makeTable', level, Number(at)))).toBe(
              hex64(encodeEntry(m.arch.entryLayouts, name, 'table', fields)),
            );
          }
          if (level !== last && !(level === format.pmdLevel && m.model.pageShift === 12)) continue;
          const at = (pa >> BigInt(lowest)) << BigInt(lowest);
          const fields = {
            DIRTY: level === last || chosen !== '6.12' ? 1 : 0,
            ...{ UXN: 1, PXN: 1, DBM: 1, AF: 1, Valid: 1 },
            nG: kpti === true ? 1 : 0,
            ...(lpa2 === true ? {} : { SH: 3 }),
            ...(level === last ? { Page: 1 } : {}),
            ...addressFields(m, 'OA', at, lowest),
          };
          expect(hex64(made(format, 'makeLeaf', level, Number(at)))).toBe(
            hex64(encodeEntry(m.arch.entryLayouts, name, 'leaf', fields)),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are described once for each level and kind, from the highest bit down, no bit twice', () => {
    for (const { config } of arm64.variants) {
      const { entryLayouts } = arm64(config);
      const levels = entryLayouts.flatMap(({ kind, levels: names }) => names.map((name) => `${kind} ${name}`));
      expect(new Set(levels).size).toBe(levels.length);
      for (const { fields } of entryLayouts) {
        for (const [n, field] of fields.entries()) {
          expect(field.low).toBeLessThanOrEqual(field.high);
          if (n > 0) expect(field.high).toBeLessThan(fields[n - 1]!.low);
        }
      }
    }
  });

  it('can neither be executed nor reached by EL0', () => {
    for (const { config } of arm64.variants) {
      const m = machine(config);
      expect(m.translatePage((2 * GiB) / sizes(m).page).result.access).toBe(3);
    }
  });
});

function made(format: PageTableFormat, make: 'makeTable' | 'makeLeaf', level: number, pa: number): bigint {
  const entry = { lo: 0, hi: 0 };
  format[make](level, pa, entry);
  return toU64(entry.lo, entry.hi);
}

/** The address by the names of its fields: one in all, or what lies elsewhere by itself. */
function addressFields(m: Machine, name: string, pa: bigint, lowest: number): Record<string, bigint> {
  const part = (high: number, low: number): bigint => (pa >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
  const { pageSize, paBits, lpa2 } = m.arch.config;
  if (lpa2 === true) return { [`${name}[51:50]`]: part(51, 50), [`${name}[49:${lowest}]`]: part(49, lowest) };
  const inPlace = { [`${name}[47:${lowest}]`]: part(47, lowest) };
  if (pageSize !== K64 || paBits === 48) return inPlace;
  return { [`${name}[51:48]`]: part(51, 48), RES0: part(49, 48), ...inPlace };
}

it('every field that holds a piece of an address says so, however narrow', () => {
  for (const config of [
    { lpa2: true, pageSize: 4096, vaBits: 52 },
    { pageSize: 65536, paBits: 52, vaBits: 52 },
  ] as const) {
    const fields = arm64(config).entryLayouts.flatMap((layout) => layout.fields);
    const pieces = fields.filter(({ name }) => /^(OA|NLTA)\[5/.test(name));
    expect(pieces.length).toBeGreaterThan(0);
    for (const { address } of pieces) expect(address).toBe(true);
  }
});
