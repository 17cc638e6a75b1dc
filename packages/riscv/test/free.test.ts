import { type Machine, type TraceStep, vmemAltmap } from '@vmemmap/core';
import type { PagingMode } from '@vmemmap/riscv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DRAM, GiB, HOT_PFN, MEMMAP, machine, PAGE, PAGES, range, SECTION, SUBMAP } from './machine.ts';

const MODES: readonly PagingMode[] = ['sv39', 'sv48', 'sv57'];
const free = (m: Machine, from: number, to: number, altmap?: ReturnType<typeof vmemAltmap>): void =>
  m.ops.vmemmapFree(m.offsetOfPage(HOT_PFN) + from, m.offsetOfPage(HOT_PFN) + to, altmap);
/** What must be as before when everything added is removed. */
const state = (m: Machine): unknown => [m.ram.freeBytes(), m.tableMemory.count, [...m.leaves()], m.counters];
/** A section with base pages only. */
function basePages(config: Parameters<typeof machine>[0] = {}): Machine {
  const m = machine(config);
  m.failures.add({ order: 9 });
  m.populateSection(HOT_PFN, PAGES, 0);
  expect(m.translatePage(HOT_PFN).result.span).toBe(PAGE);
  return m;
}

describe('vmemmap_free', () => {
  it('returns just what populate took, in every mode', () => {
    for (const mode of MODES) {
      const m = machine({ mode });
      const before = structuredClone(state(m));
      m.populateSection(HOT_PFN, PAGES, 0);
      m.depopulateSection(HOT_PFN, PAGES);
      expect(state(m)).toEqual(before);
      expect(m.events).toEqual([]);
    }
  });

  it('takes the whole 2 MiB away when any part of it is freed: all of the section is unmapped', () => {
    for (const release of ['6.12', '7.2', '7.3']) {
      const m = machine({}, undefined, { release });
      const before = m.ram.freeBytes();
      m.populateSection(HOT_PFN, 512, 0);
      m.populateSection(HOT_PFN + 512, 512, 0);
      m.depopulateSection(HOT_PFN + 512, 512);
      expect(m.translatePage(HOT_PFN).result.mapped).toBe(false);
      expect(m.translatePage(HOT_PFN + PAGES - 1).result.mapped).toBe(false);
      expect(m.ram.freeBytes()).toBe(before);
    }
  });

  it('passes over what is gone when the other part of the section is freed', () => {
    const m = machine();
    m.populateSection(HOT_PFN, PAGES, 0);
    m.depopulateSection(HOT_PFN, 512);
    const before = m.ram.freeBytes();
    m.depopulateSection(HOT_PFN + 512, PAGES - 512);
    expect(m.ram.freeBytes()).toBe(before);
    expect(m.events).toEqual([]);
  });

  it('takes a 2 MiB page away that the next section uses, too', () => {
    // 32768 struct pages of 72 bytes are 1 1/8 pages of 2 MiB.
    const m = machine({ structPageSize: 72 });
    m.populateSection(HOT_PFN, PAGES, 0);
    m.populateSection(HOT_PFN + PAGES, PAGES, 0);
    m.depopulateSection(HOT_PFN, PAGES);
    expect(m.translatePage(HOT_PFN + PAGES).result.mapped).toBe(false);
    expect(m.translatePage(HOT_PFN + 2 * PAGES - 1).result.mapped).toBe(true);
    m.depopulateSection(HOT_PFN + PAGES, PAGES);
    expect(m.events).toEqual([]);
  });

  it('takes base pages away one by one, just those that are asked for', () => {
    const m = basePages();
    free(m, SUBMAP, 2 * SUBMAP);
    expect([511, 512, 1023, 1024].map((n) => m.translatePage(HOT_PFN + n).result.mapped)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('clears an entry before its memory is free, and flushes the TLB once, when all is free', () => {
    const steps: string[] = [];
    let m: Machine | undefined;
    const trace = (step: TraceStep): void => {
      if (m === undefined) return;
      const pa = step.step === 'clear' || step.step === 'free-table' ? step.pa : leaf;
      steps.push(`${step.step} ${m.ram.isAllocated(pa, PAGE) ? 'in use' : 'free'}`);
    };
    let leaf = 0;
    const watched = machine({ mode: 'sv48' }, undefined, { trace });
    watched.populateSection(HOT_PFN, PAGES, 0);
    watched.populateSection(HOT_PFN + PAGES, PAGES, 0);
    leaf = watched.translatePage(HOT_PFN + PAGES).result.pa;
    m = watched;
    free(m, 0, 2 * MEMMAP);
    expect(steps).toEqual(['clear in use', 'clear in use', 'flush-tlb free']);
  });

  it('flushes for the whole range, also when nothing was there', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, undefined, { trace: (step) => steps.push(step) });
    steps.length = 0;
    const offset = m.offsetOfPage(HOT_PFN);
    free(m, 0, MEMMAP);
    expect(steps).toEqual([{ step: 'flush-tlb', offset, end: offset + MEMMAP }]);
  });

  it('does not mind holes, in any mode', () => {
    for (const mode of MODES) {
      const m = machine({ mode });
      const before = structuredClone(state(m));
      m.ops.vmemmapFree(m.offsetOfPage(HOT_PFN), Number(m.window.end - m.window.start), undefined);
      expect(state(m)).toEqual(before);
      expect(m.events).toEqual([]);
    }
  });

  it('gives boot memory back page by page, and what is not boot memory to the page allocator', () => {
    const m = machine();
    const { pa } = m.translatePage(DRAM / PAGE).result;
    expect(m.ram.isReserved(pa)).toBe(true);
    m.freeMapBootmem(DRAM / SECTION);
    expect(m.ram.isReserved(pa)).toBe(false);
    expect(m.ram.isAllocated(pa, MEMMAP)).toBe(false);
    expect(m.counters.nr_memmap_boot_pages).toBe(7 * 512);
  });

  it('passes over a leaf in the root', () => {
    const m = machine();
    const [root] = m.tables();
    const lanes = m.entryLanes(root!.pa, 286);
    lanes.set([0xe7, 0x4000]);
    m.ops.vmemmapFree(2 * 2 ** 48, 3 * 2 ** 48, undefined);
    expect([...lanes]).toEqual([0xe7, 0x4000]);
    expect(m.events).toEqual([]);
  });

  it('passes over an entry that is not present, and takes one that is only PROT_NONE', () => {
    const m = basePages();
    const { table, index } = m.translatePage(HOT_PFN).steps.at(-1)!;
    const lanes = m.entryLanes(table, index);
    lanes[0] = lanes[0]! & ~0x21;
    const kept = lanes[0];
    free(m, 0, PAGE);
    expect(lanes[0]).toBe(kept);
    lanes[0] = kept! | 0x20;
    free(m, 0, PAGE);
    expect(lanes[0]).toBe(0);
  });
});

describe('an altmap', () => {
  it('gets 512 pages back for 2 MiB, and RAM gets none', () => {
    const m = machine();
    const altmap = vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, 2, 10000);
    const before = m.ram.freeBytes();
    m.populateSection(HOT_PFN, PAGES, 0, altmap);
    expect(altmap.alloc).toBe(512);
    m.depopulateSection(HOT_PFN, PAGES, altmap);
    expect(altmap).toMatchObject({ alloc: 0, align: 510 });
    expect(m.ram.freeBytes()).toBe(before);
  });

  it('gets base pages back as well, and is believed in: RAM that it never gave stays in use', () => {
    const m = basePages();
    const altmap = vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, 2, 10000);
    const before = m.ram.freeBytes();
    free(m, 0, SUBMAP, altmap);
    expect(altmap.alloc).toBe(-8);
    expect(m.ram.freeBytes()).toBe(before);
    expect(m.translatePage(HOT_PFN).result.mapped).toBe(false);
  });

  it('gets 2 MiB back once only when parts of a section are freed one by one', () => {
    const m = machine();
    const altmap = vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, 2, 10000);
    m.populateSection(HOT_PFN, PAGES, 0, altmap);
    for (let part = 0; part < 4; part++) m.depopulateSection(HOT_PFN + part * 512, 512, altmap);
    expect(altmap.alloc).toBe(0);
  });
});

describe('tables', () => {
  it('of base pages go with their last entry, in every mode', () => {
    for (const mode of MODES) {
      const m = basePages({ mode });
      const count = m.tableMemory.count;
      const { table } = m.translatePage(HOT_PFN).steps.at(-1)!;
      free(m, 0, MEMMAP - PAGE);
      expect(m.ram.isAllocated(table, PAGE)).toBe(true);
      free(m, MEMMAP - PAGE, MEMMAP);
      expect(m.ram.isAllocated(table, PAGE)).toBe(false);
      expect(m.tableMemory.count).toBe(count - 1);
    }
  });

  it.each<[PagingMode, string[], string[]]>([
    ['sv39', ['pmd'], []],
    ['sv48', ['pud', 'pmd'], ['pmd']],
    ['sv57', ['p4d', 'pud', 'pmd'], ['pud', 'pmd']],
  ])('with %s, empty ones go but for those that root entries point to', (mode, walked, freed) => {
    const gone: string[] = [];
    const trace = (step: TraceStep): void => {
      if (step.step === 'free-table') gone.unshift(step.level);
    };
    const m = machine({ mode }, undefined, { trace });
    // In the third root entry of the window, where nothing else is.
    const start = (Number(m.window.end - m.window.start) / 4) * 2 + 4 * MEMMAP;
    const before = m.tableMemory.count;
    const roots = [...m.tables()][0]!.entries;
    m.ops.vmemmapPopulate(start, start + MEMMAP, 0, undefined, undefined);
    expect(m.translate(m.window.start + BigInt(start)).steps.slice(0, -1)).toHaveLength(walked.length);
    expect(m.tableMemory.count - before).toBe(freed.length);
    m.ops.vmemmapFree(start, start + MEMMAP, undefined);
    expect(gone).toEqual(freed);
    expect(m.tableMemory.count).toBe(before);
    expect([...m.tables()][0]!.entries).toEqual(roots);
  });

  it('of boot go as well when they are empty, and the entry of the root stays', () => {
    const m = machine({ mode: 'sv48' }, [range(0, DRAM, DRAM + SECTION), range(0, 8 * GiB, 9 * GiB)]);
    const { table } = m.translatePage(DRAM / PAGE).steps.at(-1)!;
    const roots = [...m.tables()][0]!.entries;
    for (const nr of [16, 64, 65, 66, 67, 68, 69, 70]) m.freeMapBootmem(nr);
    expect(m.ram.isReserved(table)).toBe(true);
    m.freeMapBootmem(71);
    expect(m.ram.isAllocated(table, PAGE)).toBe(false);
    expect(m.ram.isReserved(table)).toBe(false);
    expect([...m.tables()][0]!.entries).toEqual(roots);
    expect([...m.leaves()]).toEqual([]);
  });

  it('that are still in use stay', () => {
    const m = machine();
    m.populateSection(HOT_PFN, PAGES, 0);
    m.populateSection(HOT_PFN + PAGES, PAGES, 0);
    m.depopulateSection(HOT_PFN, PAGES);
    expect(m.translatePage(HOT_PFN + PAGES).result.mapped).toBe(true);
    expect(m.translatePage(DRAM / PAGE).result.mapped).toBe(true);
  });
});

describe('adding and removing', () => {
  it('in whatever order brings everything back', () => {
    const config = fc.record({
      mode: fc.constantFrom(...MODES),
      structPageSize: fc.constantFrom(64, 72, 80),
    });
    fc.assert(
      fc.property(config, fc.uniqueArray(fc.nat(20), { maxLength: 8 }), fc.boolean(), (chosen, sections, backwards) => {
        const m = machine(chosen);
        const before = structuredClone(state(m));
        for (const nr of sections) expect(m.populateSection(HOT_PFN + nr * PAGES, PAGES, 0)).toBe(true);
        for (const nr of sections) expect(m.translatePage(HOT_PFN + nr * PAGES + 5).result.mapped).toBe(true);
        for (const nr of backwards ? [...sections].reverse() : sections)
          m.depopulateSection(HOT_PFN + nr * PAGES, PAGES);
        expect(state(m)).toEqual(before);
        expect(m.events).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
