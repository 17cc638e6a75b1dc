import { decodeEntry, encodeEntry, findRelease, isSince, releases, toU64 } from '@vmemmap/core';
import { type S390Config, s390 } from '@vmemmap/s390';
import { describe, expect, it } from 'vitest';
import { BASE_PAGES, FOUR_LEVELS, HOT_PFN, machine, PAGES } from './machine.ts';

const NO_NX: Partial<S390Config> = { nx: false };

/** The entry that a machine's writer makes. */
function written(
  config: Partial<S390Config>,
  release: string,
  kind: 'table' | 'leaf',
  name: string,
  pa: number,
): bigint {
  const { format } = machine(config, undefined, { release }).ops.pageTable!;
  const level = format.levels.findIndex((candidate) => candidate.name === name);
  const entry = { lo: 0, hi: 0 };
  if (kind === 'leaf') format.makeLeaf(level, pa, entry);
  else format.makeTable(level, pa, entry);
  return toU64(entry.lo, entry.hi);
}

describe('entries', () => {
  it.each(releases.map(({ name }) => name))('of a whole walk on %s', (release) => {
    const old = !isSince(findRelease(release), 7, 2);
    const flags = (config: Partial<S390Config>): bigint[] =>
      machine(config, undefined, { release })
        .translatePage(0x100)
        .steps.map(({ entry, kind }, n, { length }) =>
          kind === 'leaf' && n === length - 1 && length === machine(config).levels.length - 1
            ? entry & 0xf_ffffn
            : entry & 0xfffn,
        );
    const segment = old ? 0x3503n : 0xf501n;
    const pointer = old ? 0n : 1n;
    expect(flags({})).toEqual([7n, segment]);
    expect(flags(FOUR_LEVELS)).toEqual([0xbn, 7n, segment]);
    expect(flags(BASE_PAGES)).toEqual([7n, pointer, 0x13dn]);
    expect(flags({ ...FOUR_LEVELS, ...BASE_PAGES, ...NO_NX })).toEqual([0xbn, 7n, pointer, 0x3dn]);
  });

  it('that are empty say so by their invalid bit: 0x28, 0x24, 0x20, 0x400', () => {
    const m = machine({ ...FOUR_LEVELS, ...BASE_PAGES });
    const { steps } = m.translatePage(0x100);
    const empty = steps.map(({ table, index }) => [...m.entryLanes(table, index + 1)]);
    m.ops.vmemmapFree(0x100 * 64, 0x100 * 64 + 4096, undefined);
    const cleared = [...m.entryLanes(steps[3]!.table, steps[3]!.index)];
    // The next segment and the next page are in use; the table ends are not.
    const last = steps.map(({ table }, level) => [...m.entryLanes(table, level === 3 ? 255 : 2047)]);
    expect([empty[0], empty[1], last[0], last[1], last[2], cleared]).toEqual([
      [0x28, 0],
      [0x24, 0],
      [0x28, 0],
      [0x24, 0],
      [0x20, 0],
      [0x400, 0],
    ]);
  });

  it('of the root are empty where there is nothing, from the first to the last', () => {
    for (const [config, value] of [
      [{}, 0x24],
      [FOUR_LEVELS, 0x28],
    ] as const) {
      const m = machine(config);
      const { root } = m.ops.initMm;
      const used = m.translatePage(0).steps[0]!.index;
      for (let index = 0; index < 2048; index++)
        if (index !== used) expect([...m.entryLanes(root, index)]).toEqual([value, 0]);
    }
  });

  it('of tables made for a part are empty in the rest', () => {
    const m = machine(BASE_PAGES);
    m.ops.vmemmapPopulate(HOT_PFN * 64, HOT_PFN * 64 + 4096, 0, undefined, undefined);
    const { steps } = m.translatePage(HOT_PFN);
    for (let index = 1; index < 256; index++) expect([...m.entryLanes(steps[2]!.table, index)]).toEqual([0x400, 0]);
    const segment = steps[1]!;
    for (let index = 0; index < 2048; index++)
      if (index !== segment.index) expect([...m.entryLanes(segment.table, index)]).toEqual([0x20, 0]);
    expect(m.translatePage(HOT_PFN + PAGES).result.mapped).toBe(false);
  });
});

describe('entries composed by the names of the manual', () => {
  const { entryLayouts } = s390();
  const compose = (level: string, kind: 'table' | 'leaf', values: Record<string, number>): bigint =>
    encodeEntry(entryLayouts, level, kind, values);

  it.each([0x7000_0000, 0x1f_ffe0_0000, 2 ** 52 + 2 ** 33])('are those that are written for %d', (pa) => {
    const page = pa / 4096;
    expect(written(FOUR_LEVELS, '7.2', 'table', 'p4d', pa)).toBe(compose('p4d', 'table', { RTTO: page, TT: 2, TL: 3 }));
    expect(written({}, '7.2', 'table', 'pud', pa)).toBe(compose('pud', 'table', { STO: page, TT: 1, TL: 3 }));
    expect(written({}, '7.2', 'table', 'pmd', pa)).toBe(compose('pmd', 'table', { PTO: pa / 2048, PRESENT: 1 }));
    expect(written({}, '6.12', 'table', 'pmd', pa)).toBe(compose('pmd', 'table', { PTO: pa / 2048 }));
    const frame = { SFAA: pa / 2 ** 20, FC: 1, DIRTY: 1, YOUNG: 1, 'PRESENT/READ': 1 };
    const current = { ...frame, 'READ/SOFT_DIRTY': 1, WRITE: 1 };
    expect(written({}, '7.2', 'leaf', 'pmd', pa)).toBe(compose('pmd', 'leaf', { ...current, IEP: 1 }));
    expect(written(NO_NX, '7.2', 'leaf', 'pmd', pa)).toBe(compose('pmd', 'leaf', current));
    // 6.12: bit 0 means readable, bit 1 writable.
    expect(written({}, '6.12', 'leaf', 'pmd', pa)).toBe(
      compose('pmd', 'leaf', { ...frame, 'SOFT_DIRTY/WRITE': 1, IEP: 1 }),
    );
    const kernel = { PFRA: page, PRESENT: 1, YOUNG: 1, DIRTY: 1, READ: 1, WRITE: 1 };
    expect(written({}, '7.2', 'leaf', 'pte', pa)).toBe(compose('pte', 'leaf', { ...kernel, IEP: 1 }));
    expect(written(NO_NX, '7.2', 'leaf', 'pte', pa)).toBe(compose('pte', 'leaf', kernel));
  });

  it('come apart into them', () => {
    const names = (level: string, kind: 'table' | 'leaf', entry: bigint): string[] =>
      decodeEntry(entryLayouts, level, kind, entry).map(({ name, value }) => `${name}=${value}`);
    expect(names('pmd', 'leaf', 0x77d0f501n)).toEqual([
      'SFAA=1917',
      'WRITE=1',
      'READ/SOFT_DIRTY=1',
      'DIRTY=1',
      'YOUNG=1',
      'FC=1',
      'IEP=1',
      'PRESENT/READ=1',
    ]);
    // As 6.12 writes it: readable and writable, not "present" and "soft dirty".
    expect(names('pmd', 'leaf', 0x77d03503n)).toEqual([
      'SFAA=1917',
      'DIRTY=1',
      'YOUNG=1',
      'FC=1',
      'IEP=1',
      'SOFT_DIRTY/WRITE=1',
      'PRESENT/READ=1',
    ]);
    expect(names('pte', 'leaf', 0x400n)).toEqual(['I=1']);
    expect(names('p4d', 'table', 0x28n)).toEqual(['I=1', 'TT=2']);
    expect(names('pud', 'table', 0xbf2a4007n)).toEqual(['STO=783012', 'TT=1', 'TL=3']);
  });
});

describe('what the kernel makes of entries', () => {
  const read = (release: string) => machine(FOUR_LEVELS, undefined, { release }).ops.pageTable!.format;

  it('is that only one value of each level is empty', () => {
    const format = read('7.2');
    for (const [level, empty] of [0x28, 0x24, 0x20, 0x400].entries()) {
      expect(format.isNone(level, empty, 0)).toBe(true);
      expect(format.isNone(level, empty, 1)).toBe(false);
      expect(format.isNone(level, empty | 1, 0)).toBe(false);
      expect(format.isNone(level, 0, 0)).toBe(false);
    }
  });

  it('is that a page table may begin in the middle of a page, other tables not', () => {
    const format = read('7.2');
    expect(format.tableAddress(2, 0xbf2c_0801 | 0, 3)).toBe(0x3_bf2c_0800);
    expect(format.tableAddress(1, 0xbf2c_0807 | 0, 3)).toBe(0x3_bf2c_0000);
    expect(format.tableAddress(0, 0xbf2c_080b | 0, 3)).toBe(0x3_bf2c_0000);
  });

  it('is that a leaf has to be present since there is a bit for it', () => {
    for (const [release, bare] of [
      ['6.12', true],
      ['7.2', false],
    ] as const) {
      const format = read(release);
      expect(format.isLeaf(2, 0x10_0400, 0)).toBe(bare);
      expect(format.isLeaf(2, 0x10_0401, 0)).toBe(true);
      expect(format.isLeaf(1, -0x8000_0000 | 0x404, 0)).toBe(bare);
      expect(format.isLeaf(1, -0x8000_0000 | 0x405, 0)).toBe(true);
      expect(format.isLeaf(0, 0x40b, 0)).toBe(false);
      expect(format.isLeaf(3, 0x13d, 0)).toBe(true);
    }
  });
});
