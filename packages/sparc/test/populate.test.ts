import { ENOMEM, type Machine, OK, type TraceStep, vmemAltmap } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { entriesOf, GiB, MEMMAP, MiB, machine, PAGE, PAGES, PMD, range } from './machine.ts';

const GENERIC = ['7.2', '7.3', 'series-04'];
const ALL = ['6.12', ...GENERIC];

/** Struct pages of the section at 8 GiB, where no boot memory is. */
const HOT = (8 * GiB) / PAGE;
const hotOffset = (m: Machine): number => HOT * m.model.structPageSize;

/** Sizes of leaves, in order of their addresses: `P` a PMD leaf, a number of base pages side by side. */
function leaves(m: Machine): (string | number)[] {
  const found: (string | number)[] = [];
  for (const { size, count } of m.leaves()) {
    if (size === PMD) found.push(...Array.from({ length: count }, () => 'P'));
    else if (typeof found.at(-1) === 'number') found[found.length - 1] = (found.at(-1) as number) + count;
    else found.push(count);
  }
  return found;
}

describe('a section', () => {
  it.each(ALL)('of 64-byte struct pages fills one PMD leaf on %s', (release) => {
    for (const gib of [1, 2, 3, 4]) {
      const m = machine({ memcg: false }, [range(0, 0, gib * GiB)], { release });
      expect(leaves(m)).toEqual(new Array(gib).fill('P'));
      expect(m.counters.nr_memmap_boot_pages).toBe(gib * 1024);
    }
  });

  it.each(ALL)('of 72-byte struct pages fills 1.125, and eight share nine on %s', (release) => {
    for (const [gib, count] of [
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [8, 9],
      [16, 18],
    ] as const) {
      const m = machine({}, [range(0, 0, gib * GiB)], { release });
      expect(leaves(m)).toEqual(new Array(count).fill('P'));
      expect(m.counters.nr_memmap_boot_pages).toBe(gib * 1152);
      expect(m.verify().problems).toEqual([]);
    }
  });

  it('that is absent leaves its PMDs empty, but for those it shares', () => {
    const m = machine({}, [range(0, 0, GiB), range(0, 3 * GiB, 4 * GiB)]);
    // Section 3 is from 27 MiB to 36 MiB: PMDs 3 and 4.
    expect([...m.leaves()].map(({ offset, count }) => [offset / PMD, count])).toEqual([
      [0, 2],
      [3, 2],
    ]);
    expect(m.translatePage(PAGES).result.mapped).toBe(true);
    expect(m.translatePage(2 * PAGES - 1).result.mapped).toBe(false);
  });

  it('that RAM fills in part is populated whole', () => {
    const m = machine({ memcg: false }, [range(0, 0, GiB + 5 * MiB)]);
    expect(leaves(m)).toEqual(['P', 'P']);
    expect([...m.sections()].map(({ count, subsectionMap }) => [count, subsectionMap])).toEqual([
      [1, (1n << 512n) - 1n],
      [1, 7n],
    ]);
  });

  it('takes its leaves downwards from the top of RAM, each 8 MiB', () => {
    const [run, ...more] = [...machine({}, [range(0, 0, 4 * GiB)]).leaves()];
    expect(more).toEqual([]);
    // Tables came first and took the topmost 8 MiB.
    expect(run).toMatchObject({ pa: 4 * GiB - 2 * PMD, paStep: -PMD, count: 5 });
  });
});

describe('struct pages', () => {
  it('of 72 bytes straddle leaves, which need not lie side by side', () => {
    const m = machine({}, [range(0, 0, GiB)]);
    // 8 MiB is no multiple of 72.
    const pfn = Math.floor(PMD / 72);
    const { va, result } = m.translatePage(pfn);
    const end = m.translate(va + 71n).result;
    expect(result.inside + 72).toBeGreaterThan(PMD);
    expect(end.inside).toBe(result.inside + 71 - PMD);
    expect([result.mapped, end.mapped]).toEqual([true, true]);
    expect(end.pa).not.toBe(result.pa + 71);
  });

  it('of 72 bytes straddle base pages', () => {
    const m = machine({}, undefined, { failures: [{ order: 10, times: Number.POSITIVE_INFINITY }] });
    const { va, result } = m.translatePage(Math.floor(PAGE / 72));
    expect(result.inside + 72).toBeGreaterThan(PAGE);
    expect(m.translate(va + 71n).result.pa).not.toBe(result.pa + 71);
    expect(m.verify().problems).toEqual([]);
  });
});

describe('without a block of 8 MiB', () => {
  it.each(GENERIC)('base pages are taken for that PMD on %s, and only for what is asked', (release) => {
    const failures = [{ order: 10, nth: 2 }];
    const m = machine({}, undefined, { release, failures });
    expect(leaves(m)).toEqual(['P', 128]);
    expect(m.counters.nr_memmap_boot_pages).toBe(1152);
    expect(m.verify().problems).toEqual([]);
  });

  it.each(GENERIC)('on %s the next section goes on in the same PTE table', (release) => {
    const m = machine({}, [range(0, 0, 2 * GiB)], { release, failures: [{ order: 10, nth: 2 }] });
    // Section 1 begins 1 MiB into PMD 1.
    expect(leaves(m)).toEqual(['P', 1024, 'P']);
    expect(m.verify().problems).toEqual([]);
  });

  it.each(GENERIC)('all may be base pages on %s, two tables for 9 MiB', (release) => {
    const m = machine({}, undefined, { release, failures: [{ order: 10, times: Number.POSITIVE_INFINITY }] });
    expect(leaves(m)).toEqual([1152]);
    expect([...m.tables()].filter(({ level }) => level === 3).map((table) => table.leaves)).toEqual([1024, 128]);
  });

  it.each(GENERIC)('and without base pages either it is -ENOMEM on %s', (release) => {
    const m = machine({}, undefined, { release });
    m.failures.add({ order: 10, times: Number.POSITIVE_INFINITY });
    m.failures.add({ order: 0, nth: 5, times: Number.POSITIVE_INFINITY });
    const at = hotOffset(m);
    expect(m.ops.vmemmapPopulate(at, at + MEMMAP, 0, undefined, undefined)).toBe(ENOMEM);
  });

  it('6.12 has no fallback: -ENOMEM, and the sections are absent', () => {
    const failures = [{ order: 10, nth: 3, times: Number.POSITIVE_INFINITY }];
    const m = machine({}, [range(0, 0, 4 * GiB)], { release: '6.12', failures });
    // Section 1 is the first that needs a third PMD.
    expect(leaves(m)).toEqual(['P', 'P']);
    expect([...m.sections()].map(({ nr, count }) => [nr, count])).toEqual([[0, 1]]);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_err', id: 'memmap-backing-failed' })]);
  });

  it('7.3 panics where base pages are not to be had either, and 7.2 leaves the sections absent', () => {
    const options = { failures: [{ nth: 5, times: Number.POSITIVE_INFINITY }] };
    const memory = [range(0, 0, 4 * GiB)];
    expect([...machine({}, memory, { release: '7.2', ...options }).sections()]).toMatchObject([{ nr: 0, count: 1 }]);
    expect(() => machine({}, memory, { release: '7.3', ...options })).toThrow(
      expect.objectContaining({ code: 'KERNEL_PANIC' }),
    );
  });
});

describe('a table', () => {
  it.each(ALL)('that cannot be had is -ENOMEM on %s', (release) => {
    for (const nth of [1, 2]) {
      const failures = [{ order: 0, nth, times: Number.POSITIVE_INFINITY }];
      const fails = (): Machine => machine({}, undefined, { release, failures });
      if (release === '7.3' || release === 'series-04') expect(fails).toThrow('memory map backing failed');
      else expect([...fails().sections()]).toEqual([]);
    }
  });
});

describe('a part of a section', () => {
  it.each(GENERIC)('gets whole PMD leaves on %s', (release) => {
    const m = machine({}, undefined, { release });
    const at = hotOffset(m);
    expect(at % PMD).toBe(0);
    expect(m.ops.vmemmapPopulate(at + PAGE, at + 2 * PAGE, 0, undefined, undefined)).toBe(OK);
    expect([...m.leaves()].at(-1)).toMatchObject({ offset: at, size: PMD, count: 1 });
    expect(m.events).toEqual([]);
  });

  it('is rounded to whole PMDs at both ends on 6.12', () => {
    const m = machine({}, undefined, { release: '6.12' });
    const at = hotOffset(m);
    expect(m.ops.vmemmapPopulate(at + PMD - PAGE, at + PMD + PAGE, 0, undefined, undefined)).toBe(OK);
    expect([...m.leaves()].at(-1)).toMatchObject({ offset: at, size: PMD, count: 2 });
  });

  it.each(GENERIC)('goes on with base pages below a PMD that has a table on %s', (release) => {
    const m = machine({}, undefined, { release });
    const at = hotOffset(m);
    m.failures.add({ order: 10 });
    expect(m.ops.vmemmapPopulate(at, at + 16 * PAGE, 0, undefined, undefined)).toBe(OK);
    m.failures.clear();
    expect(m.ops.vmemmapPopulate(at, at + PMD, 0, undefined, undefined)).toBe(OK);
    expect(leaves(m)).toEqual(['P', 'P', 1024]);
  });
});

describe('what is there already', () => {
  it.each(ALL)('stays, and costs no memory on %s', (release) => {
    const m = machine({}, [range(0, 0, 2 * GiB)], { release });
    const before = [...m.leaves()];
    const free = m.ram.freeBytes();
    expect(m.ops.vmemmapPopulate(0, 2 * MEMMAP, 0, undefined, undefined)).toBe(OK);
    expect([...m.leaves()]).toEqual(before);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it.each(GENERIC)('counts for a leaf by bit 56 on %s: one that is not valid is left so', (release) => {
    const m = machine({}, undefined, { release });
    const { steps } = m.translatePage(0);
    const lanes = m.entryLanes(steps[2]!.table, steps[2]!.index);
    lanes[1] = lanes[1]! & 0x7fff_ffff;
    const before = [...lanes];
    expect(m.ops.vmemmapPopulate(0, PMD, 0, undefined, undefined)).toBe(OK);
    expect([...lanes]).toEqual(before);
    expect(m.translatePage(0).result.fault).toBe('bit 56 set and V = 0: the handler takes it for a fault');
  });

  it('counts by the valid bit on 6.12: a leaf without it is written over', () => {
    const m = machine({}, undefined, { release: '6.12' });
    const { steps, result } = m.translatePage(0);
    const lanes = m.entryLanes(steps[2]!.table, steps[2]!.index);
    lanes[1] = lanes[1]! & 0x7fff_ffff;
    expect(m.ops.vmemmapPopulate(0, PMD, 0, undefined, undefined)).toBe(OK);
    expect(m.translatePage(0).result).toMatchObject({ mapped: true, span: PMD });
    expect(m.translatePage(0).result.pa).not.toBe(result.pa);
  });

  it('counts by the valid bit on 6.12: a PMD that points to a table is written over, and the table lost', () => {
    const m = machine({}, undefined, { release: '6.12' });
    const { steps } = m.translatePage(0);
    const { table, index } = steps[2]!;
    // Any table will do.
    m.entryLanes(table, index).set([steps[1]!.table, 0]);
    expect(m.ops.vmemmapPopulate(0, PMD, 0, undefined, undefined)).toBe(OK);
    expect(entriesOf(m, 0)[2]! & 0xff00_0000_0000_1fffn).toBe(0xe100_0000_0000_0036n);
  });
});

describe('the node', () => {
  const nodes = [range(0, 0, GiB), range(1, GiB, 2 * GiB)];

  it('of a leaf is that of the first section in it, and the second section warns', () => {
    for (const release of GENERIC) {
      const m = machine({}, nodes, { release });
      expect([...m.leaves()].map(({ node, count }) => [node, count])).toEqual([
        [0, 2],
        [1, 1],
      ]);
      expect(m.events).toEqual([
        expect.objectContaining({ kind: 'pr_warn_once', id: 'offnode-page-structs', count: 1 }),
      ]);
      // 7 MiB of section 1 lie in the leaf that section 0 took.
      expect(m.verify()).toMatchObject({ problems: [], offNode: 7 * MiB });
    }
  });

  it('is never looked at on 6.12', () => {
    const m = machine({}, nodes, { release: '6.12' });
    expect(m.verify()).toMatchObject({ problems: [], offNode: 7 * MiB });
    expect(m.events).toEqual([]);
  });

  it('of a fresh PMD leaf is not looked at, that of base pages is', () => {
    const full = { memblock: { reserved: [[GiB, 2 * GiB]] as const } };
    const huge = machine({ memcg: false }, nodes, full);
    expect([...huge.leaves()].map(({ node }) => node)).toEqual([0]);
    expect(huge.events).toEqual([]);
    const failures = [{ order: 10, times: Number.POSITIVE_INFINITY }];
    const base = machine({ memcg: false }, nodes, { ...full, failures });
    expect(base.events).toEqual([expect.objectContaining({ id: 'offnode-page-structs', count: 1024 })]);
  });
});

describe('6.12', () => {
  it('takes its blocks past the sparse buffer: downwards, while the buffer goes back unused', () => {
    const old = machine({}, [range(0, 0, 8 * GiB)], { release: '6.12' });
    const now = machine({}, [range(0, 0, 8 * GiB)], { release: '7.2' });
    expect([...old.leaves()].every(({ paStep, count }) => count === 1 || paStep === -PMD)).toBe(true);
    expect(old.ram.freeBytes()).toBe(now.ram.freeBytes());
    // The buffer was at the top when the blocks were taken.
    expect(old.translatePage(0).result.pa).toBeLessThan(now.translatePage(0).result.pa);
  });
});

describe('an altmap', () => {
  it.each(ALL)('is ignored on %s', (release) => {
    const m = machine({}, undefined, { release });
    const altmap = vmemAltmap(HOT, HOT + PAGES - 1, 2, 100_000);
    expect(m.populateSection(HOT, PAGES, 0, altmap)).toBe(true);
    expect(altmap).toMatchObject({ alloc: 0, align: 0 });
    expect(m.memory.nodeOf(m.translatePage(HOT).result.pa)).toBe(0);
    // Without room it makes no difference, either.
    const none = vmemAltmap(HOT, HOT + PAGES - 1, 0, 0);
    expect(m.populateSection(HOT + 8 * PAGES, PAGES, 0, none)).toBe(true);
  });
});

describe('vmemmap_free', () => {
  it.each(ALL)('does not exist: nothing is ever given back on %s', (release) => {
    const m = machine({}, undefined, { release });
    const before = [...m.leaves()];
    const state = [m.ram.freeBytes(), m.tableMemory.count];
    m.ops.vmemmapFree(0, 2 * PMD, undefined);
    m.freeMapBootmem(0);
    expect([...m.leaves()]).toEqual(before);
    expect([m.ram.freeBytes(), m.tableMemory.count]).toEqual(state);
    expect(m.events).toEqual([]);
  });
});

describe('the page allocator', () => {
  it('could supply 8 MiB after boot with MAX_PAGE_ORDER 12, and not with 9', () => {
    for (const [maxPageOrder, found] of [
      [12, ['P', 'P', 'P', 'P']],
      [9, ['P', 'P', 1152]],
    ] as const) {
      const m = machine({ maxPageOrder });
      expect(m.populateSection(HOT, PAGES, 0)).toBe(true);
      expect(leaves(m)).toEqual(found);
    }
  });
});

describe('a trace', () => {
  const steps = (release: string): TraceStep[] => {
    const seen: TraceStep[] = [];
    machine({}, [range(0, 0, 2 * GiB)], { release, trace: (step) => seen.push(step) });
    return seen;
  };

  it('tells of runs, of the leaf that two sections share, and of no flush', () => {
    expect(steps('7.2').map(({ step }) => step)).toEqual([
      ...['section', 'table', 'table', 'leaves'],
      ...['section', 'present', 'leaves'],
    ]);
  });

  it('tells of single PMDs on 6.12', () => {
    expect(steps('6.12').map(({ step }) => step)).toEqual([
      ...['section', 'table', 'table', 'leaves', 'leaves'],
      ...['section', 'present', 'leaves'],
    ]);
    expect(steps('6.12').at(-1)).toMatchObject({ step: 'leaves', level: 'pmd', offset: 2 * PMD, count: 1 });
  });
});

describe('series-04', () => {
  it('hands the pgmap on, without effect', () => {
    const [before, after] = ['7.3', 'series-04'].map((release) => {
      const m = machine({}, undefined, { release });
      const pgmap = { ranges: [{ start: 8 * GiB, end: 9 * GiB }], nrRange: 0, vmemmapShift: 0 };
      m.populateSection(HOT, PAGES, 0, undefined, pgmap);
      return [[...m.leaves()], [...m.tables()], m.counters];
    });
    expect(after).toEqual(before);
  });
});
