import { ENOMEM, type Machine, OK, type TraceStep, type VmemAltmap, vmemAltmap } from '@vmemmap/core';
import type { PagingMode } from '@vmemmap/riscv';
import { describe, expect, it } from 'vitest';
import { DRAM, GiB, HOT_PFN, MEMMAP, machine, PAGE, PAGES, range, SECTION, SUBMAP } from './machine.ts';

const MODES: readonly PagingMode[] = ['sv39', 'sv48', 'sv57'];
const altmapOf = (free = 10000): VmemAltmap => vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, 2, free);
const populate = (m: Machine, from: number, to: number, altmap?: VmemAltmap, node = 0): number =>
  m.ops.vmemmapPopulate(m.offsetOfPage(HOT_PFN) + from, m.offsetOfPage(HOT_PFN) + to, node, altmap, undefined);
/** Leaves of added memory. */
const added = (m: Machine) => [...m.leaves()].filter(({ offset }) => offset >= m.offsetOfPage(HOT_PFN));

describe('vmemmap_populate', () => {
  it('maps a whole 2 MiB page for 32 KiB of struct pages', () => {
    for (const mode of MODES) {
      const m = machine({ mode });
      const free = m.ram.freeBytes();
      const tables = m.tableMemory.count;
      expect(populate(m, 3 * SUBMAP, 4 * SUBMAP)).toBe(OK);
      expect(added(m)).toMatchObject([{ offset: m.offsetOfPage(HOT_PFN), size: MEMMAP, count: 1, flagsLo: 0xe7 }]);
      expect(free - m.ram.freeBytes()).toBe(MEMMAP + (m.tableMemory.count - tables) * PAGE);
    }
  });

  it('finds that 2 MiB page for the next part of the section, and takes nothing', () => {
    const m = machine();
    populate(m, 0, SUBMAP);
    const before = [m.ram.freeBytes(), [...m.leaves()]];
    expect(populate(m, SUBMAP, 2 * SUBMAP)).toBe(OK);
    expect(populate(m, 0, MEMMAP)).toBe(OK);
    expect([m.ram.freeBytes(), [...m.leaves()]]).toEqual(before);
    expect(m.events).toEqual([]);
  });

  it('takes 2 MiB pages from the altmap, also for a part of a section; tables from RAM', () => {
    const m = machine();
    // Far away: 64 GiB of RAM share a PMD table.
    const pfn = (1024 * GiB) / PAGE;
    const altmap = vmemAltmap(pfn, pfn + PAGES - 1, 2, 10000);
    const free = m.ram.freeBytes();
    expect(m.populateSection(pfn, 512, 0, altmap)).toBe(true);
    expect(altmap).toMatchObject({ alloc: 512, align: 510 });
    expect(m.translatePage(pfn).result).toMatchObject({ pa: pfn * PAGE + MEMMAP, span: MEMMAP });
    expect(free - m.ram.freeBytes()).toBe(PAGE);
  });

  it('fails when the altmap has no room, rather than use RAM or base pages', () => {
    const m = machine();
    const altmap = altmapOf(100);
    expect(populate(m, 0, MEMMAP, altmap)).toBe(ENOMEM);
    expect(altmap).toMatchObject({ alloc: 0, align: 0 });
    expect(added(m)).toEqual([]);
  });

  it('falls back to base pages without memory for 2 MiB, one PMD at a time', () => {
    const m = machine({}, undefined, { failures: [{ source: 'memblock', order: 9, nth: 3 }] });
    const sizes = [...m.leaves()].flatMap(({ size, count }) => Array.from({ length: count }, () => size));
    const pages = (count: number, size: number) => new Array<number>(count).fill(size);
    expect(sizes).toEqual([...pages(2, MEMMAP), ...pages(512, PAGE), ...pages(5, MEMMAP)]);
    expect(m.verify().problems).toEqual([]);
    expect(m.counters.nr_memmap_boot_pages).toBe(4096);
  });

  it('in the fallback maps only what was asked for, unlike with a 2 MiB page', () => {
    const m = machine();
    m.failures.add({ order: 9 });
    expect(populate(m, SUBMAP, 2 * SUBMAP)).toBe(OK);
    expect(added(m).reduce((sum, { size, count }) => sum + size * count, 0)).toBe(SUBMAP);
  });

  it('takes base pages from the altmap as well, below a PMD that holds a table', () => {
    const m = machine();
    m.failures.add({ order: 9 });
    populate(m, 0, SUBMAP);
    const altmap = altmapOf();
    expect(populate(m, SUBMAP, 2 * SUBMAP, altmap)).toBe(OK);
    expect(altmap).toMatchObject({ alloc: 8, align: 0 });
    expect(m.translatePage(HOT_PFN + 512).result).toMatchObject({ pa: (HOT_PFN + 2) * PAGE, span: PAGE });
  });

  it('goes on below a PMD that holds base pages since 7.2', () => {
    for (const release of ['7.2', '7.3', 'series-04']) {
      const m = machine({}, undefined, { release });
      m.failures.add({ order: 9 });
      populate(m, 0, SUBMAP);
      expect(populate(m, SUBMAP, MEMMAP)).toBe(OK);
      expect(added(m).reduce((sum, { count }) => sum + count, 0)).toBe(512);
    }
  });

  it('takes a PMD that holds base pages for a 2 MiB page on 6.12, and leaves the rest unmapped', () => {
    const m = machine({}, undefined, { release: '6.12' });
    m.failures.add({ order: 9 });
    populate(m, 0, SUBMAP);
    const free = m.ram.freeBytes();
    expect(populate(m, SUBMAP, MEMMAP)).toBe(OK);
    expect(m.ram.freeBytes()).toBe(free);
    expect(added(m).reduce((sum, { count }) => sum + count, 0)).toBe(8);
    expect(m.translatePage(HOT_PFN + 512).result.mapped).toBe(false);
  });

  it('looks at the node of the table there on 6.12, as if it were that of struct pages', () => {
    const ranges = [range(0, DRAM, DRAM + GiB), range(1, DRAM + GiB, DRAM + 2 * GiB)];
    for (const [release, events] of [
      ['6.12', 1],
      ['7.2', 0],
    ] as const) {
      const m = machine({}, ranges, { release });
      m.failures.add({ order: 9, times: Number.POSITIVE_INFINITY });
      expect(populate(m, 0, SUBMAP)).toBe(OK);
      const offNode = () => m.events.filter(({ id }) => id === 'offnode-page-structs');
      // Everything so far is on node 0, as asked for.
      expect(offNode()).toEqual([]);
      expect(populate(m, SUBMAP, 2 * SUBMAP, undefined, 1)).toBe(OK);
      expect(offNode()).toHaveLength(events);
    }
  });

  it('warns once about a 2 MiB page on another node when it is met again, not when it is made', () => {
    const m = machine({}, [range(0, DRAM, DRAM + GiB), range(1, DRAM + GiB, DRAM + 2 * GiB)]);
    expect(populate(m, 0, MEMMAP, undefined, 0)).toBe(OK);
    expect(m.events).toEqual([]);
    populate(m, 0, MEMMAP, undefined, 1);
    populate(m, 0, MEMMAP, undefined, 1);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_warn_once', id: 'offnode-page-structs', count: 2 })]);
  });

  it('warns about a range outside of the window each time since 7.2, and populates it all the same', () => {
    for (const release of ['7.2', '7.3', 'series-04']) {
      const m = machine({ mode: 'sv39' }, [range(0, 20 * GiB, 21 * GiB)], { release });
      const pfn = (16 * GiB - SECTION) / PAGE;
      expect(m.offsetOfPage(pfn)).toBe(-MEMMAP);
      for (let n = 0; n < 2; n++) expect(m.populateSection(pfn, PAGES, 0)).toBe(true);
      expect(m.translatePage(pfn).result).toMatchObject({ mapped: true, span: MEMMAP });
      const size = Number(m.window.end - m.window.start);
      m.ops.vmemmapPopulate(size - MEMMAP, size, 0, undefined, undefined);
      expect(m.events).toHaveLength(2);
      m.ops.vmemmapPopulate(size - MEMMAP, size + PAGE, 0, undefined, undefined);
      expect(m.events.map(({ kind, id }) => [kind, id])).toEqual(new Array(3).fill(['WARN', 'outside-window']));
      expect(m.events[0]!.message).toBe(
        '(start 0xffffffc4ffe00000 < VMEMMAP_START) || (end 0xffffffc500000000 > VMEMMAP_END)',
      );
    }
  });

  it('says nothing about a range outside of the window on 6.12', () => {
    const m = machine({ mode: 'sv39' }, [range(0, 20 * GiB, 21 * GiB)], { release: '6.12' });
    expect(m.populateSection((20 * GiB - SECTION) / PAGE, PAGES, 0)).toBe(true);
    expect(m.events).toEqual([]);
  });

  it('maps leaves that sections share when struct pages do not fill 2 MiB', () => {
    // 32768 struct pages of 72 bytes are 1 1/8 pages of 2 MiB.
    for (const release of ['6.12', '7.2']) {
      const m = machine({ structPageSize: 72 }, undefined, { release });
      expect([...m.leaves()]).toMatchObject([{ count: 9, size: MEMMAP }]);
      expect(m.verify()).toMatchObject({ problems: [], structPages: 8 * PAGES });
    }
  });

  it('leaves a hole on 6.12 where a shared PMD holds base pages of the section before', () => {
    const holes = ['6.12', '7.2'].map((release) => {
      const m = machine({ structPageSize: 72 }, [range(0, DRAM, DRAM + 2 * SECTION)], { release });
      m.failures.add({ order: 9, nth: 2 });
      m.populateSection(HOT_PFN, PAGES, 0);
      m.populateSection(HOT_PFN + PAGES, PAGES, 0);
      return [0, 1].map((nr) => m.translatePage(HOT_PFN + nr * PAGES + 5000 * nr).result.mapped);
    });
    expect(holes).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  it('tells what it does, a run at a time', () => {
    const steps: TraceStep[] = [];
    machine({ mode: 'sv48' }, undefined, { release: '7.2', trace: (step) => steps.push(step) });
    const names = steps.filter(({ step }) => step !== 'section').map((step) => step.step);
    expect(names).toEqual(['table', 'table', ...new Array(8).fill('leaves'), 'table', 'table', 'table']);
    expect(steps.at(-1)).toMatchObject({ level: 'pud', offset: 3 * 2 ** 39 });
  });
});

describe('root entries', () => {
  it.each<[PagingMode, string, number]>([
    ['sv39', 'pmd', 276],
    ['sv48', 'pud', 283],
    ['sv57', 'p4d', 284],
  ])('with %s all have a %s table when boot is over, the first of boot and the others empty', (mode, level, first) => {
    const m = machine({ mode });
    const [root, ...below] = m.tables();
    expect(root!.entries.map(({ index, kind }) => [index, kind])).toEqual(
      [0, 1, 2, 3].map((n) => [first + n, 'table']),
    );
    const children = below.filter((table) => table.level === 1);
    expect(m.levels[1]!.name).toBe(level);
    expect(children.map(({ entries, leaves }) => entries.length + leaves > 0)).toEqual([true, false, false, false]);
    // Boot's own is PageReserved; the others are the page allocator's, upwards one after the other.
    expect(children.map(({ pa }) => m.ram.isReserved(pa))).toEqual([true, false, false, false]);
    const made = children.slice(1).map(({ pa }) => pa);
    expect(made).toEqual([0, 1, 2].map((n) => made[0]! + n * PAGE));
    expect(m.ram.isAllocated(made[0]!, 3 * PAGE)).toBe(true);
  });

  it('have their tables on the node of the CPU that boots', () => {
    const m = machine({}, [range(0, DRAM, DRAM + GiB), range(1, 16 * GiB, 17 * GiB)]);
    const made = [...m.tables()].filter(({ level }) => level === 1).slice(1);
    expect(made.map(({ pa }) => m.memory.nodeOf(pa))).toEqual([0, 0, 0]);
  });

  it('that a small window has are all made, however it begins', () => {
    // 512 MiB of window lie in half a root entry.
    const m = machine({ mode: 'sv39', structPageSize: 8 });
    const [root] = m.tables();
    expect(root!.entries.map(({ index }) => index)).toEqual([279]);
    expect(m.translate(m.window.end - 1n).result.level).toBe(1);
  });

  it('of a larger window are made, too', () => {
    const [root] = machine({ mode: 'sv48', structPageSize: 72 }).tables();
    expect(root!.entries.map(({ index }) => index)).toEqual([279, 280, 281, 282, 283, 284, 285, 286]);
  });

  it('are never made later: memory that is added anywhere finds them', () => {
    for (const mode of MODES) {
      const m = machine({ mode });
      const root = (): unknown => [...m.tables()][0]!.entries;
      const before = root();
      const size = Number(m.window.end - m.window.start);
      for (let quarter = 0; quarter < 4; quarter++) {
        const start = (size / 4) * quarter + size / 8;
        expect(m.ops.vmemmapPopulate(start, start + MEMMAP, 0, undefined, undefined)).toBe(OK);
      }
      expect(root()).toEqual(before);
    }
  });

  it.each<[PagingMode, string]>([
    ['sv39', 'pmd'],
    ['sv48', 'pud'],
    ['sv57', 'p4d'],
  ])('with %s stop the kernel when there is no memory for a %s table', (mode, level) => {
    for (const nth of [1, 3]) {
      expect(() => machine({ mode }, undefined, { failures: [{ source: 'page-allocator', nth }] })).toThrow(
        expect.objectContaining({
          code: 'KERNEL_PANIC',
          message: expect.stringContaining(`Failed to pre-allocate ${level} pages for vmemmap area`),
        }),
      );
    }
    expect(machine({ mode }, undefined, { failures: [{ source: 'page-allocator', nth: 4 }] }).events).toEqual([]);
  });
});

describe('boot', () => {
  it('has its first leaf in entry 16 where RAM begins at 2 GiB', () => {
    const m = machine();
    expect(m.translatePage(DRAM / PAGE).steps.map(({ index }) => index)).toEqual([284, 0, 0, 16]);
    const before = machine({}, undefined, { release: '6.12' });
    expect(before.translatePage(DRAM / PAGE).steps.map(({ index }) => index)).toEqual([284, 0, 0, 0]);
  });

  it('populates a section of which only a part is RAM whole', () => {
    const m = machine({}, [range(0, DRAM, DRAM + SECTION + 5 * 2 ** 20)]);
    expect([...m.leaves()]).toMatchObject([{ count: 2, size: MEMMAP }]);
    expect([...m.sections()].map(({ subsectionMap }) => subsectionMap)).toEqual([2n ** 64n - 1n, 7n]);
  });

  it('works upwards through one buffer on 6.12, and downwards block by block since', () => {
    const step = (release: string): number => [...machine({}, undefined, { release }).leaves()][0]!.paStep;
    expect(['6.12', '7.2', '7.3'].map(step)).toEqual([MEMMAP, -MEMMAP, -MEMMAP]);
  });

  it('takes the rest out when memory runs out on 7.2, and panics on 7.3', () => {
    const failures = [{ source: 'memblock', nth: 7, times: Number.POSITIVE_INFINITY } as const];
    const m = machine({}, undefined, { release: '7.2', failures });
    expect([...m.sections()].map(({ nr, count }) => [nr, count])).toEqual([[16, 3]]);
    expect(() => machine({}, undefined, { release: '7.3', failures })).toThrow(
      expect.objectContaining({ code: 'KERNEL_PANIC' }),
    );
  });

  it('is the same with and without the pgmap that series-04 plumbs through', () => {
    const [before, after] = ['7.3', 'series-04'].map((release) => {
      const m = machine({}, undefined, { release });
      const pgmap = { ranges: [{ start: HOT_PFN * PAGE, end: HOT_PFN * PAGE + SECTION }], nrRange: 0, vmemmapShift: 0 };
      m.populateSection(HOT_PFN, PAGES, 0, undefined, pgmap);
      return [[...m.leaves()], [...m.tables()], m.counters];
    });
    expect(after).toEqual(before);
  });

  it('needs no other address space told: there is nothing to copy', () => {
    expect(() => machine().createAddressSpace('init')).toThrow(expect.objectContaining({ code: 'NOT_MODELLED' }));
  });
});
