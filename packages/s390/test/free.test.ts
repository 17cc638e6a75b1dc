import { OK, type TraceStep, vmemAltmap } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BASE_PAGES,
  CRST,
  FOUR_LEVELS,
  GiB,
  HOT_OFFSET,
  HOT_PFN,
  MEMMAP,
  MiB,
  machine,
  PAGE,
  PAGES,
  range,
  SECTION,
} from './machine.ts';

const ALL = [{}, BASE_PAGES, FOUR_LEVELS, { ...FOUR_LEVELS, ...BASE_PAGES }];

describe('vmemmap_free', () => {
  it('returns just what populate took, and the tables that became empty, from the bottom up', () => {
    for (const config of ALL) {
      const m = machine(config);
      const before = [[...m.leaves()], m.ram.freeBytes(), m.tableMemory.count];
      m.populateSection(HOT_PFN, PAGES, 0);
      expect(m.counters.nr_memmap_pages).toBe(512);
      m.depopulateSection(HOT_PFN, PAGES);
      expect(m.counters.nr_memmap_pages).toBe(0);
      expect([[...m.leaves()], m.ram.freeBytes(), m.tableMemory.count]).toEqual(before);
      expect(m.events).toEqual([]);
    }
  });

  it('frees every table but the top one when all of the memmap goes', () => {
    for (const config of ALL) {
      const m = machine(config);
      m.ops.vmemmapFree(0, 8 * MEMMAP, undefined);
      expect([...m.leaves()]).toEqual([]);
      expect(m.tableMemory).toMatchObject({ count: 1, bytes: CRST });
      expect([...m.tables()]).toMatchObject([{ level: 0, pa: m.ops.initMm.root, entries: [] }]);
      expect(m.ram.freeBytes()).toBe(GiB - CRST);
      // The root is as good as new.
      expect(m.ops.vmemmapPopulate(0, MEMMAP, 0, undefined, undefined)).toBe(OK);
      expect(m.translatePage(0).result.mapped).toBe(true);
    }
  });

  it('keeps a table that is still in use', () => {
    const m = machine(BASE_PAGES);
    m.ops.vmemmapFree(PAGE, MEMMAP, undefined);
    expect(m.translatePage(0).result.mapped).toBe(true);
    expect(m.translatePage(64).result).toMatchObject({ mapped: false, level: 2 });
    m.ops.vmemmapFree(0, PAGE, undefined);
    expect(m.translatePage(0).result).toMatchObject({ mapped: false, level: 1 });
  });

  it('frees a table that it finds empty, though it took nothing out of it', () => {
    const m = machine(BASE_PAGES);
    m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + PAGE, 0, undefined, undefined);
    const { steps } = m.translatePage(HOT_PFN);
    // Somebody else emptied the entry.
    m.entryLanes(steps[2]!.table, steps[2]!.index).set([0x400, 0]);
    const tables = m.tableMemory.count;
    m.ops.vmemmapFree(HOT_OFFSET + 7 * PAGE, HOT_OFFSET + 8 * PAGE, undefined);
    expect(tables - m.tableMemory.count).toBe(2);
  });

  it('takes an altmap at its word: alloc falls, whatever the memory is', () => {
    for (const [config, lost] of [
      [{}, MEMMAP],
      [BASE_PAGES, MEMMAP],
    ] as const) {
      const m = machine(config);
      const free = m.ram.freeBytes();
      const altmap = vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, 0, 1000);
      m.populateSection(HOT_PFN, PAGES, 0);
      m.depopulateSection(HOT_PFN, PAGES, altmap);
      expect(altmap.alloc).toBe(-512);
      // Tables go back to RAM, the frames are lost.
      expect(free - m.ram.freeBytes()).toBe(lost);
    }
  });

  it('gives pages of the altmap back to it, and nothing of it to RAM', () => {
    for (const config of ALL) {
      const m = machine(config);
      const free = m.ram.freeBytes();
      const altmap = vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, 2, 10000);
      m.populateSection(HOT_PFN, PAGES, 0, altmap);
      expect(altmap.alloc).toBe(512);
      m.depopulateSection(HOT_PFN, PAGES, altmap);
      expect(altmap.alloc).toBe(0);
      expect(m.ram.freeBytes()).toBe(free);
      expect(m.events).toEqual([]);
    }
  });

  it('does not mind holes, nor a second time', () => {
    for (const config of ALL) {
      const m = machine(config);
      const leaves = [...m.leaves()];
      for (let n = 0; n < 2; n++) m.ops.vmemmapFree(8 * MEMMAP, 4 * GiB, undefined);
      expect([...m.leaves()]).toEqual(leaves);
      expect(m.events).toEqual([]);
    }
  });

  it('flushes the TLB once for all of the range, when the memory is free already', () => {
    for (const config of ALL) {
      const steps: TraceStep[] = [];
      const m = machine(config, undefined, { trace: (step) => steps.push(step) });
      steps.length = 0;
      m.ops.vmemmapFree(0, 16 * MEMMAP, undefined);
      expect(steps.filter(({ step }) => step === 'flush-tlb')).toEqual([
        { step: 'flush-tlb', offset: 0, end: 16 * MEMMAP },
      ]);
      expect(steps.at(-1)!.step).toBe('flush-tlb');
      expect(steps.at(-2)!.step).toBe('free-table');
    }
  });

  it('brings everything back whatever was added and removed', () => {
    const adds = fc.uniqueArray(fc.nat(20), { maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...ALL), adds, fc.boolean(), (config, sections, backwards) => {
        const m = machine(config);
        const state = (): unknown => [m.ram.freeBytes(), m.tableMemory.count, [...m.leaves()], { ...m.counters }];
        const before = state();
        for (const nr of sections) expect(m.populateSection(HOT_PFN + nr * PAGES, PAGES, 0)).toBe(true);
        for (const nr of sections) expect(m.translatePage(HOT_PFN + nr * PAGES + 5).result.mapped).toBe(true);
        for (const nr of backwards ? [...sections].reverse() : sections)
          m.depopulateSection(HOT_PFN + nr * PAGES, PAGES);
        expect(state()).toEqual(before);
        expect(m.events).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('memory taken at boot', () => {
  it('goes back to the page allocator, tables too', () => {
    for (const config of ALL) {
      const m = machine(config);
      const { pa } = m.translatePage(0).result;
      expect(m.ram.isReserved(pa)).toBe(true);
      for (let nr = 0; nr < 8; nr++) m.freeMapBootmem(nr);
      expect(m.ram.isAllocated(pa, PAGE)).toBe(false);
      expect(m.ram.freeBytes()).toBe(GiB - CRST);
      expect(m.counters.nr_memmap_boot_pages).toBe(0);
      expect(m.events).toEqual([]);
    }
  });

  it('never goes back on 6.12: the mapping goes, the memory is lost, and a warning says so', () => {
    for (const config of ALL) {
      const m = machine(config, undefined, { release: '6.12' });
      const free = m.ram.freeBytes();
      const { pa } = m.translatePage(0).result;
      const base = config === BASE_PAGES || 'edat1' in config;
      for (let nr = 0; nr < 8; nr++) m.freeMapBootmem(nr);
      expect([...m.leaves()]).toEqual([]);
      expect(m.tableMemory.count).toBe(1);
      expect(m.ram.freeBytes()).toBe(free);
      expect(m.ram.isReserved(pa)).toBe(true);
      // 16 frames or 4096 pages, one table of each upper level; 16 page tables.
      const upper = 'kernelImageBase' in config ? 2 : 1;
      const warning = (id: string, count: number): unknown =>
        expect.objectContaining({ kind: 'WARN_ON_ONCE', id, source: `arch/s390/mm/vmem.c:${id.split('-')[0]}`, count });
      expect(m.events).toEqual([
        warning('vmem_free_pages-reserved', (base ? 4096 : 16) + upper),
        ...(base ? [warning('vmem_pte_free-reserved', 16)] : []),
      ]);
    }
  });

  it('is the only memory that is kept on 6.12', () => {
    for (const config of ALL) {
      const m = machine(config, undefined, { release: '6.12' });
      const free = m.ram.freeBytes();
      m.populateSection(HOT_PFN, PAGES, 0);
      m.depopulateSection(HOT_PFN, PAGES);
      expect(m.ram.freeBytes()).toBe(free);
      expect(m.events).toEqual([]);
    }
  });
});

describe('1 MiB frames that are used in part', () => {
  it('stay when a part is freed of which other struct pages are in use', () => {
    const m = machine();
    m.ops.vmemmapFree(0, MiB / 2, undefined);
    expect(m.translatePage(0).result.mapped).toBe(true);
    m.ops.vmemmapFree(MiB / 2, MiB, undefined);
    expect(m.translatePage(0).result.mapped).toBe(false);
    expect(m.translatePage(MiB / 64).result.mapped).toBe(true);
  });

  it('go with the last subsection in use', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    const subsection = 512;
    // Two of the 32 subsections of a frame, apart from each other.
    m.populateSection(HOT_PFN + 3 * subsection, subsection, 0);
    m.populateSection(HOT_PFN + 9 * subsection, subsection, 0);
    const at = (): boolean => m.translatePage(HOT_PFN + 3 * subsection).result.mapped;
    m.depopulateSection(HOT_PFN + 9 * subsection, subsection);
    expect(at()).toBe(true);
    m.depopulateSection(HOT_PFN + 3 * subsection, subsection);
    expect(at()).toBe(false);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('are forgotten when they go: the next frame there is all in use', () => {
    const m = machine();
    m.populateSection(HOT_PFN, 512, 0);
    m.depopulateSection(HOT_PFN, 512);
    expect(m.translatePage(HOT_PFN).result.mapped).toBe(false);
    m.populateSection(HOT_PFN, PAGES, 0);
    m.depopulateSection(HOT_PFN, 512);
    expect(m.translatePage(HOT_PFN).result.mapped).toBe(true);
  });

  it('go with the last subsection in use, from the altmap back to it', () => {
    const m = machine();
    const altmap = vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, 0, 10000);
    m.populateSection(HOT_PFN, 512, 0, altmap);
    expect(altmap.alloc).toBe(256);
    m.populateSection(HOT_PFN + 512, 512, 0, altmap);
    expect(altmap.alloc).toBe(256);
    m.depopulateSection(HOT_PFN, 512, altmap);
    expect(altmap.alloc).toBe(256);
    m.depopulateSection(HOT_PFN + 512, 512, altmap);
    expect(altmap.alloc).toBe(0);
  });

  it('go when the last section that uses them goes, in whatever order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(72, 80, 56, 96),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        (structPageSize, order, reverse) => {
          const m = machine({ structPageSize }, [range(0, 0, SECTION)]);
          const before = [m.ram.freeBytes(), [...m.leaves()]];
          for (const nr of order) expect(m.populateSection(HOT_PFN + nr * PAGES, PAGES, 0)).toBe(true);
          for (const [done, nr] of reverse.entries()) {
            m.depopulateSection(HOT_PFN + nr * PAGES, PAGES);
            for (const other of reverse.slice(done + 1))
              for (const pfn of [0, PAGES / 2, PAGES - 1])
                expect(m.translatePage(HOT_PFN + other * PAGES + pfn).result.mapped).toBe(true);
          }
          expect([m.ram.freeBytes(), [...m.leaves()]]).toEqual(before);
          expect(m.events).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stay while a section was added again', () => {
    const m = machine({ structPageSize: 72 }, [range(0, 0, SECTION)]);
    // Struct pages of the first section end 1/4 into a frame that the second begins in.
    const at = (nr: number): boolean =>
      m.translatePage(HOT_PFN + nr * PAGES + (nr === 0 ? PAGES - 1 : 0)).result.mapped;
    m.populateSection(HOT_PFN, PAGES, 0);
    m.populateSection(HOT_PFN + PAGES, PAGES, 0);
    m.depopulateSection(HOT_PFN, PAGES);
    m.populateSection(HOT_PFN, PAGES, 0);
    m.depopulateSection(HOT_PFN + PAGES, PAGES);
    expect([at(0), at(1)]).toEqual([true, true]);
    m.depopulateSection(HOT_PFN, PAGES);
    expect([at(0), at(1)]).toEqual([false, false]);
  });
});
