import { decodeEntry, encodeEntry } from '@vmemmap/core';
import { type SparcConfig, sparc } from '@vmemmap/sparc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, GiB, machine, PMD, range, written } from './machine.ts';

const RELEASES = ['6.12', '7.2', '7.3', 'series-04'];
const PMD_LEVEL = 2;
const PTE_LEVEL = 3;

/** Base pages all the way: no block of 8 MiB is to be had. */
const noBlocks = { failures: [{ order: 10, times: Number.POSITIVE_INFINITY }] };

/** Machine, flags of a PMD leaf, flags of a PTE leaf. */
const LEAVES: readonly [about: string, config: Partial<SparcConfig>, pmd: bigint, pte: bigint][] = [
  ['spitfire', {}, 0xe100_0000_0000_0036n, 0x8000_0000_0000_1fb6n],
  ['cheetah', { chip: 'cheetah' }, 0xe100_0000_0000_0036n, 0x8000_0000_0000_1fb6n],
  ['cheetah+', { chip: 'cheetah+' }, 0xe100_0000_0000_0036n, 0x8000_0000_0000_1fb6n],
  ['T1', { chip: 'niagara1' }, 0x8100_0000_0000_0743n, 0xbc00_0000_0000_07d0n],
  ['T3', { chip: 'niagara3' }, 0x8100_0000_0000_0743n, 0xbc00_0000_0000_07d0n],
  ['T4', { chip: 'niagara4' }, 0x8100_0000_0000_0743n, 0xbc00_0000_0000_07d0n],
  ['M6', { chip: 'm6' }, 0x8100_0000_0000_0743n, 0xbc00_0000_0000_07d0n],
  ['SPARC64 X', { chip: 'sparc64x' }, 0x8100_0000_0000_0743n, 0xbc00_0000_0000_07d0n],
  ['an unknown sun4v CPU', { chip: 'unknown' }, 0x8100_0000_0000_0743n, 0xbc00_0000_0000_07d0n],
  ['M7, without cv', { chip: 'm7' }, 0x8100_0000_0000_0543n, 0xbc00_0000_0000_05d0n],
  ['S7 (SN), without cv', { chip: 'sn' }, 0x8100_0000_0000_0543n, 0xbc00_0000_0000_05d0n],
  ['M8, without cv', { chip: 'm8' }, 0x8100_0000_0000_0543n, 0xbc00_0000_0000_05d0n],
];

describe('PMD leaves', () => {
  it.each(LEAVES)('of %s are the kernel’s, on every release', (_, config, pmd) => {
    for (const release of RELEASES) {
      const m = machine(config, undefined, { release });
      const { steps, result } = m.translatePage(0);
      expect(steps).toHaveLength(3);
      expect(steps[2]!.entry).toBe(pmd | BigInt(result.pa));
      expect(result.span).toBe(PMD);
    }
  });

  it('have neither PRESENT nor ACCESSED, MODIFIED, READ, WRITE or EXEC of software', () => {
    for (const [, config] of LEAVES) {
      const m = machine(config);
      const names = decodeEntry(m.arch.entryLayouts, 'pmd', 'leaf', entriesOf(m, 0)[2]!).map(({ name }) => name);
      for (const name of ['PRESENT', 'ACCESSED', 'MODIFIED', 'READ', 'WRITE', 'EXEC', 'ep', 'SPECIAL'])
        expect(names).not.toContain(name);
    }
  });

  it('say 4 MiB although they cover 8: two TTEs', () => {
    for (const [, config] of LEAVES) {
      const m = machine(config);
      const fields = decodeEntry(m.arch.entryLayouts, 'pmd', 'leaf', entriesOf(m, 0)[2]!);
      expect(fields.find(({ name }) => name === 'Size' || name === 'sz')?.value).toBe(3n);
    }
  });
});

describe('PTE leaves', () => {
  it.each(LEAVES)('of %s are the kernel’s, on every release that has them', (_, config, __, pte) => {
    for (const release of RELEASES.slice(1)) {
      const m = machine(config, undefined, { release, ...noBlocks });
      const { steps, result } = m.translatePage(0);
      expect(steps).toHaveLength(4);
      expect(steps[3]!.entry).toBe(pte | BigInt(result.pa));
      expect(result.span).toBe(8192);
    }
  });
});

describe('table entries', () => {
  it('are the bare address of the table, in every level', () => {
    for (const [, config] of LEAVES) {
      const m = machine(config, undefined, noBlocks);
      const { steps } = m.translatePage(0);
      for (const [n, { entry }] of steps.slice(0, 3).entries()) expect(entry).toBe(BigInt(steps[n + 1]!.table));
    }
  });
});

describe('rights', () => {
  const access = (config: Partial<SparcConfig>, options = {}): number =>
    machine(config, undefined, options).translatePage(0).result.access;

  // 1 read, 2 write, 4 execute, 8 user.
  it('let the kernel execute all of sun4u, for which a TTE has no bit', () => {
    expect(access({})).toBe(7);
    expect(access({}, noBlocks)).toBe(7);
  });

  it('let the kernel execute base pages on sun4v and no PMD leaf', () => {
    for (const chip of ['niagara1', 'niagara4', 'm7', 'm8']) {
      expect(access({ chip })).toBe(3);
      expect(access({ chip }, noBlocks)).toBe(7);
    }
  });
});

describe('entries composed by the names of their fields', () => {
  const SUN4U = { V: 1, CP: 1, CV: 1, P: 1, W: 1 };
  const SUN4V = { V: 1, cp: 1, p: 1, w: 1 };
  const SOFTWARE = { MODIFIED: 1, ACCESSED: 1, READ: 1, WRITE: 1, PRESENT: 1 };

  it.each<[string, Partial<SparcConfig>, Record<string, number>, Record<string, number>]>([
    ['spitfire', {}, { ...SUN4U, Size: 3, HUGE: 1 }, { ...SUN4U, ...SOFTWARE, EXEC: 1 }],
    ['cheetah', { chip: 'cheetah' }, { ...SUN4U, Size: 3, HUGE: 1 }, { ...SUN4U, ...SOFTWARE, EXEC: 1 }],
    ['T4', { chip: 'niagara4' }, { ...SUN4V, cv: 1, sz: 3, HUGE: 1 }, { ...SUN4V, ...SOFTWARE, cv: 1, ep: 1 }],
    ['M7', { chip: 'm7' }, { ...SUN4V, mcde: 0, sz: 3, HUGE: 1 }, { ...SUN4V, ...SOFTWARE, mcde: 0, ep: 1 }],
  ])('are what the writer writes: %s', (_, config, pmd, pte) => {
    const m = machine(config);
    const { entryLayouts } = m.arch;
    const { maxPhysBits } = m.arch.config;
    const top = 2 ** Number(maxPhysBits);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: BigInt(top) - 1n }), (any) => {
        const page = any >> 13n;
        const huge = any >> 23n;
        expect(written(m, PTE_LEVEL, 'leaf', Number(page << 13n))).toBe(
          encodeEntry(entryLayouts, 'pte', 'leaf', { ...pte, page }),
        );
        expect(written(m, PMD_LEVEL, 'leaf', Number(huge << 23n))).toBe(
          encodeEntry(entryLayouts, 'pmd', 'leaf', { ...pmd, '8M page': huge }),
        );
        for (const [level, name] of ['pgd', 'pud', 'pmd'].entries()) {
          expect(written(m, level, 'table', Number(page << 13n))).toBe(
            encodeEntry(entryLayouts, name, 'table', { table: page }),
          );
        }
      }),
    );
  });
});

describe('layouts of entries', () => {
  it('have every bit of a TTE once, but for the reserved ones', () => {
    const reserved: Readonly<Record<string, bigint>> = {
      spitfire: 0n,
      // JPS1: 49 and 46:43.
      cheetah: (1n << 49n) | (0xfn << 43n),
      niagara4: 0n,
      m7: 0n,
    };
    for (const [chip, without] of Object.entries(reserved)) {
      for (const { kind, fields } of sparc({ chip }).entryLayouts) {
        if (kind !== 'leaf') continue;
        let all = 0n;
        for (const { low, high } of fields) {
          const mask = ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
          expect(all & mask).toBe(0n);
          all |= mask;
        }
        expect(all).toBe(0xffff_ffff_ffff_ffffn & ~without);
      }
    }
  });
});

describe('the writer', () => {
  const { format } = machine().ops.pageTable!;

  it('takes an entry for a leaf by bit 56 alone, and never one of the pgd', () => {
    expect([0, 1, 2, 3].map((level) => format.isLeaf(level, 0, 1 << 24))).toEqual([false, true, true, true]);
    expect([0, 1, 2, 3].map((level) => format.isLeaf(level, -1, ~(1 << 24)))).toEqual([false, false, false, true]);
  });

  it('takes only 0 for none, in every level', () => {
    for (const level of [0, 1, 2, 3]) {
      expect(format.isNone(level, 0, 0)).toBe(true);
      expect(format.isNone(level, 1, 0)).toBe(false);
      expect(format.isNone(level, 0, -(2 ** 31))).toBe(false);
    }
  });

  it('reads addresses back as wide as they are: pte_pfn() of 43 bits on sun4u, of 56 on sun4v', () => {
    const all = [-1, -1] as const;
    expect(format.leafAddress(PTE_LEVEL, ...all)).toBe(2 ** 43 - 8192);
    expect(format.tableAddress(PMD_LEVEL, ...all)).toBe(2 ** 43 - 8192);
    const other = machine({ chip: 'm8' }).ops.pageTable!.format;
    expect(other.leafAddress(PTE_LEVEL, ...all)).toBe(2 ** 56 - 8192);
    // p4d_pgtable() takes the whole entry.
    expect(other.tableAddress(0, 0x2000, 1)).toBe(2 ** 32 + 0x2000);
  });

  it('goes on above 4 GiB of RAM', () => {
    const high = machine({ chip: 'm8' }, [range(0, 0, 256 * 1024 * 1024), range(0, 2 ** 50, 2 ** 50 + 2 * GiB)]);
    expect(high.verify().problems).toEqual([]);
    const { pa } = high.translatePage(2 ** 50 / 8192).result;
    expect(pa).toBeGreaterThan(2 ** 50);
    expect(entriesOf(high, 2 ** 50 / 8192)[2]).toBe(0x8100_0000_0000_0543n | BigInt(pa));
  });
});

it('every field that holds a piece of an address says so, however narrow', () => {
  const pieces = sparc().entryLayouts.flatMap(({ fields }) => fields.filter(({ name }) => /page$|^PA</.test(name)));
  expect(pieces.map(({ name }) => name)).toContain('PA<22>');
  for (const { address } of pieces) expect(address).toBe(true);
});
