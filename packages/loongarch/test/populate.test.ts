import { OK, type TraceStep, vmemAltmap } from '@vmemmap/core';
import type { LoongarchConfig } from '@vmemmap/loongarch';
import { describe, expect, it } from 'vitest';
import { entriesOf, entryAt, GiB, hotAdd, MEMMAP, MiB, machine, PAGE, PAGES, PMD, range, SECTION } from './machine.ts';

const FOREVER = Number.POSITIVE_INFINITY;
/** A section far from all of boot: no huge page of boot has its struct pages. */
const HOT = 64;
const HOT_OFFSET = HOT * MEMMAP;

/** Leaves with their sizes, first offset first. */
const sizes = (leaves: Iterable<{ size: number; count: number }>): [number, number][] =>
  [...leaves].map(({ size, count }) => [size, count]);

describe('vmemmap_populate', () => {
  it('maps with one huge page the struct pages of 12.8 sections, and takes memory for the first one only', () => {
    const m = machine({}, [range(0, 0, 8 * GiB)]);
    // 16 sections of 2.5 MiB: the second leaf begins inside of the 13th.
    expect(sizes(m.leaves())).toEqual([[PMD, 2]]);
    expect(m.counters.nr_memmap_boot_pages).toBe(16 * 160);
    const free = m.ram.freeBytes();
    hotAdd(m, 16, 17);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.verify()).toMatchObject({ problems: [] });
  });

  it('maps a section that straddles two huge pages with the end of one and the start of the next', () => {
    const m = machine({}, [range(0, 12 * SECTION, 13 * SECTION)]);
    expect([...m.leaves()]).toMatchObject([{ offset: 0, size: PMD, count: 2 }]);
    expect(m.translatePage(12 * PAGES).result.span - m.translatePage(12 * PAGES).result.inside).toBe(2 * MiB);
  });

  it('takes whole sections of 64-byte struct pages as 16 to a huge page', () => {
    expect(sizes(machine({ kfence: false }, [range(0, 0, 8 * GiB)]).leaves())).toEqual([[PMD, 1]]);
    expect(sizes(machine({ kfence: false }, [range(0, 0, 8 * GiB + SECTION)]).leaves())).toEqual([[PMD, 2]]);
  });

  it.each<[string, Partial<LoongarchConfig>]>([
    ['4K', { pageSize: 4096, levels: 2, cpuPabits: 33 }],
    ['16K', { levels: 2, cpuPabits: 39 }],
    ['64K', { pageSize: 65536, levels: 2 }],
  ])('maps base pages only with 2 levels, %s', (_, config) => {
    const m = machine(config);
    const page = 2 ** m.model.pageShift;
    expect([...m.leaves()].every(({ size }) => size === page)).toBe(true);
    expect(m.verify()).toMatchObject({ problems: [], leaves: (4 * (SECTION / page) * 80) / page });
    expect(m.arch.capabilities).toEqual(['page-tables', 'memory-hotplug', 'optimize-hugetlb-vmemmap']);
  });

  it('drops the altmap: RAM holds the struct pages of a device, and the altmap stays as it is', () => {
    for (const config of [{}, { levels: 2, cpuPabits: 39 }]) {
      const m = machine(config);
      const pfn = HOT * PAGES;
      const altmap = vmemAltmap(pfn, pfn + PAGES - 1, 2, 10000);
      expect(m.populateSection(pfn, PAGES, 0, altmap)).toBe(true);
      expect(altmap).toMatchObject({ alloc: 0, align: 0 });
      const { pa } = m.translatePage(pfn).result;
      expect(m.memory.nodeOf(pa)).toBe(0);
      // Also with one that has no room at all.
      const none = vmemAltmap(pfn + 100 * PAGES, pfn + 101 * PAGES - 1, 0, 0);
      expect(m.populateSection(pfn + 100 * PAGES, PAGES, 0, none)).toBe(true);
    }
  });

  it('checks neither alignment nor range', () => {
    const m = machine();
    expect(m.ops.vmemmapPopulate(HOT_OFFSET + 80, HOT_OFFSET + 160, 0, undefined, undefined)).toBe(OK);
    expect([...m.leaves()].at(-1)).toMatchObject({ offset: HOT_OFFSET - (HOT_OFFSET % PMD), size: PMD });
    expect(m.events).toEqual([]);
  });

  it('maps a huge page for less than a section, too', () => {
    const m = machine();
    expect(m.populateSection(HOT * PAGES, 128, 0)).toBe(true);
    expect([...m.leaves()].at(-1)).toMatchObject({ size: PMD, count: 1 });
  });

  it('falls back to base pages where boot has no block of a huge page, one section at a time', () => {
    // The first two sections get base pages; the third finds their table and goes on in it.
    const m = machine({}, [range(0, 0, 2 * GiB)], { failures: [{ source: 'memblock', order: 11, nth: 1 }] });
    expect(sizes(m.leaves())).toEqual([[PAGE, 640]]);
    expect(m.verify()).toMatchObject({ problems: [], leaves: 640 });
    expect(m.counters.nr_memmap_boot_pages).toBe(640);
  });

  it('has no 512 MiB for the first huge page of 64K pages on a small machine', () => {
    const m = machine({ pageSize: 65536 }, [range(0, 0, 768 * MiB)]);
    expect(sizes(m.leaves())).toEqual([[65536, 20]]);
    expect(sizes(machine({ pageSize: 65536 }, [range(0, 0, 4 * GiB)]).leaves())).toEqual([[512 * MiB, 1]]);
  });

  it('goes on with base pages below a PMD that has a table', () => {
    const m = machine();
    m.failures.add({ order: 11, times: 1 });
    hotAdd(m, HOT, HOT + 1);
    expect(sizes(m.leaves()).at(-1)).toEqual([PAGE, 320]);
    // The next PMD is another matter.
    hotAdd(m, HOT + 13);
    expect(sizes(m.leaves()).at(-1)).toEqual([PMD, 1]);
  });

  it('leaves what is mapped alone, and takes no memory for it', () => {
    for (const config of [{}, { levels: 2, cpuPabits: 39 }]) {
      const m = machine(config);
      const before = [...m.leaves()];
      const free = m.ram.freeBytes();
      expect(m.ops.vmemmapPopulate(0, 4 * MEMMAP, 0, undefined, undefined)).toBe(OK);
      expect([...m.leaves()]).toEqual(before);
      expect(m.ram.freeBytes()).toBe(free);
    }
  });

  it('flushes the TLB after every huge page, and not for base pages', () => {
    const steps: TraceStep[] = [];
    const trace = (step: TraceStep): void => void steps.push(step);
    machine({}, [range(0, 0, SECTION)], { trace });
    expect(steps.map(({ step }) => step)).toEqual(['section', 'table', 'flush-tlb', 'leaves']);
    expect(steps[2]).toEqual({ step: 'flush-tlb', offset: 0, end: MEMMAP });
    steps.length = 0;
    machine({}, [range(0, 0, SECTION)], { trace, failures: [{ order: 11 }] });
    const kinds = new Set(steps.map(({ step }) => step));
    expect([...kinds]).toEqual(['section', 'table', 'out-of-memory', 'leaves']);
  });

  it('warns once when a section finds its struct pages in a huge page of another node', () => {
    const m = machine({}, [range(0, 0, 2 * GiB), range(1, 2 * GiB, 4 * GiB)]);
    // All 8 sections lie in one leaf, which is on the node of the first.
    expect([...m.leaves()]).toMatchObject([{ size: PMD, count: 1, node: 0 }]);
    expect(m.events).toMatchObject([{ kind: 'pr_warn_once', id: 'offnode-page-structs', count: 4 }]);
  });

  it('never makes a table of the memory that the invalid tables lie in', () => {
    const invalid = { invalidPteTable: 0x9000_0000_0001_0000n, invalidPmdTable: 0x9000_0000_0001_4000n };
    const m = machine(invalid);
    // After boot the lowest free pages come first: up to 0xc000, and then these two. Each section needs a table here.
    const sections = [1, 2, 3, 4, 5].map((n) => n * 100_000);
    hotAdd(m, ...sections);
    const tables = [...m.tables()].map(({ pa }) => pa);
    expect(tables).toEqual(expect.arrayContaining([0x8000, 0xc000, 0x18000]));
    for (const pa of [0x10000, 0x14000]) {
      expect(tables).not.toContain(pa);
      expect(m.ram.isAllocated(pa, PAGE)).toBe(true);
    }
    for (const nr of sections) expect(m.translatePage(nr * PAGES).result.mapped).toBe(true);
    expect(m.verify().problems).toEqual([]);
  });

  it('has the same tables in every address space, so there is nothing to copy', () => {
    expect(() => machine().createAddressSpace('init')).toThrow(expect.objectContaining({ code: 'NOT_MODELLED' }));
  });
});

describe('after boot', () => {
  it('maps hot-added memory as the captured kernel did', () => {
    const m = machine({}, [range(0, 0, 256 * MiB), range(0, 2 * GiB, 2 * GiB + 768 * MiB)]);
    const free = m.ram.freeBytes();
    // 1 GiB at 4 GiB finds its struct pages in the leaf of boot, 512 MiB at 32 GiB needs a leaf and a table.
    hotAdd(m, 8, 9, 64);
    expect(free - m.ram.freeBytes()).toBe(PMD + PAGE);
    const vas = [...m.leaves()].map(({ offset }) => m.window.start + BigInt(offset));
    expect(vas).toEqual([0xfffffebffe000000n, 0xfffffec008000000n]);
    const [root, first, second] = [...m.tables()];
    expect(root!.entries.filter(({ kind }) => kind === 'table').map(({ index }) => index)).toEqual([2027, 2028]);
    expect(first).toMatchObject({ va: 0xfffffeb000000000n, firstIndex: 2047, entries: [] });
    expect(second).toMatchObject({ va: 0xfffffec000000000n, firstIndex: 0, lastIndex: 2047, leaves: 1 });
    expect(second!.entries.map(({ index }) => index).slice(0, 5)).toEqual([0, 1, 2, 3, 5]);
    expect(m.counters).toEqual({ nr_memmap_pages: 480, nr_memmap_boot_pages: 480 });
  });

  it('maps base pages when no block of 32 MiB is left, as a booted kernel did', () => {
    const m = machine({}, [range(0, 0, 256 * MiB), range(0, 2 * GiB, 2 * GiB + 768 * MiB)]);
    m.failures.add({ source: 'page-allocator', order: 11, times: FOREVER });
    // Memory at 12, 20, 28, 36 and 44 GiB.
    hotAdd(m, 24, 40, 56, 72, 88);
    const [, , pmd, ...tables] = [...m.tables()];
    expect(pmd!.va).toBe(0xfffffec000000000n);
    expect(pmd!.entries.filter(({ kind }) => kind === 'table').map(({ index }) => index)).toEqual([0, 2, 3, 4, 5]);
    const firsts = tables.map(({ pa, leaves }) => {
      const entries = entriesOf(m, pa);
      expect(leaves).toBe(160);
      const first = entries.findIndex((entry) => entry !== 0x40n);
      expect(entries.slice(first, first + 160).every((entry) => (entry & 0x3fffn) === 0x1d3n)).toBe(true);
      expect(entries.filter((entry) => entry === 0x40n)).toHaveLength(1888);
      return first;
    });
    expect(firsts).toEqual([1792, 256, 768, 1280, 1792]);
    expect(m.events.map(({ id }) => id)).toEqual(['vmemmap-alloc-failure']);
  });

  it('maps base pages when a huge page is more than the largest block of the page allocator', () => {
    const m = machine({ maxPageOrder: 10 });
    // Boot knows no such limit.
    expect(sizes(m.leaves())).toEqual([[PMD, 1]]);
    hotAdd(m, HOT);
    expect(sizes(m.leaves())).toEqual([
      [PMD, 1],
      [PAGE, 160],
    ]);
    const large = machine({ pageSize: 65536, maxPageOrder: 11 }, [range(0, 0, 4 * GiB)]);
    hotAdd(large, 1000);
    expect(sizes(large.leaves()).at(-1)).toEqual([65536, 10]);
    const enough = machine({ pageSize: 65536 }, [range(0, 0, 4 * GiB)]);
    hotAdd(enough, 1000);
    expect(sizes(enough.leaves()).at(-1)).toEqual([512 * MiB, 2]);
  });

  it('keeps what was populated before memory ran out', () => {
    const m = machine();
    const failures = [
      { order: 11, times: FOREVER },
      { order: 0, nth: 13, times: FOREVER },
    ];
    for (const rule of failures) m.failures.add(rule);
    expect(m.populateSection(HOT * PAGES, PAGES, 0)).toBe(false);
    // A table of each of two levels and ten base pages were to be had.
    expect(sizes(m.leaves()).at(-1)).toEqual([PAGE, 10]);
    m.failures.clear();
    hotAdd(m, HOT);
    expect(sizes(m.leaves()).reduce((sum, [size, count]) => sum + (size === PAGE ? count : 0), 0)).toBe(160);
    expect(m.verify().problems).toEqual([]);
  });
});

describe('releases', () => {
  it('carve huge pages upwards out of one buffer on 6.12, and take them one by one downwards since', () => {
    const all = [range(0, 0, 16 * GiB)];
    expect([...machine({}, all, { release: '6.12' }).leaves()]).toMatchObject([{ count: 3, paStep: PMD }]);
    for (const release of ['7.2', '7.3', 'series-04'])
      expect([...machine({}, all, { release }).leaves()]).toMatchObject([{ count: 3, paStep: -PMD }]);
  });

  it('set a PMD aside for every section in the buffer of 6.12, and give back what the huge pages leave', () => {
    // mm/sparse.c:section_map_size rounds 2.5 MiB up to a PMD; with 2 levels a PMD is an entry of the root.
    for (const config of [{}, { levels: 2, cpuPabits: 39 }]) {
      const [old, now] = ['6.12', '7.2'].map((release) =>
        machine({ ...config, structPageSize: 80 }, undefined, { release }),
      );
      expect(old!.ram.freeBytes()).toBe(now!.ram.freeBytes());
      expect(old!.verify().problems).toEqual([]);
    }
    // 4 sections take 128 MiB in one piece. Where that is not to be had there is no buffer.
    const order = Math.log2((4 * PMD) / PAGE);
    const without = machine({}, undefined, { release: '6.12', failures: [{ source: 'memblock', order }] });
    expect([...without.leaves()][0]!.pa).toBe([...machine().leaves()][0]!.pa);
  });

  it('take what is left out when memory runs out, and panic since 7.3', () => {
    const failures = [{ source: 'memblock', nth: 1, times: FOREVER } as const];
    const m = machine({}, undefined, { failures });
    expect([...m.sections()]).toEqual([]);
    expect(m.events).toMatchObject([{ kind: 'pr_err', id: 'memmap-backing-failed' }]);
    expect(() => machine({}, undefined, { release: '7.3', failures })).toThrow(
      expect.objectContaining({ code: 'KERNEL_PANIC' }),
    );
  });

  it('are the same with and without the pgmap that series-04 plumbs through', () => {
    for (const config of [{}, { levels: 2, cpuPabits: 39 }]) {
      const [before, after] = ['7.3', 'series-04'].map((release) => {
        const m = machine(config, undefined, { release });
        const ranges = [{ start: HOT * SECTION, end: (HOT + 1) * SECTION }];
        m.populateSection(HOT * PAGES, PAGES, 0, undefined, { ranges, nrRange: 0, vmemmapShift: 0 });
        return [[...m.leaves()], [...m.tables()], m.counters];
      });
      expect(after).toEqual(before);
    }
  });

  it('fill new tables alike', () => {
    const tables = ['6.12', '7.2'].map((release) => {
      const m = machine({ pageSize: 4096, levels: 4, structPageSize: 80 }, undefined, {
        release,
        failures: [{ order: 9, times: FOREVER }, { order: 14 }],
      });
      return [...m.tables()].map(({ level, pa }) => [level, entryAt(m, pa, 5)]);
    });
    expect(tables[0]!.length).toBeGreaterThan(4);
    expect(tables[1]!.map(([level]) => level)).toEqual(tables[0]!.map(([level]) => level));
    expect(tables[0]![0]).toEqual([0, 0x9000000001b23000n]);
  });
});
