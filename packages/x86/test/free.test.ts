import { type TraceStep, vmemAltmap } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB, MEMMAP, MiB, machine, range, SECTION } from './machine.ts';

const PAGE = 4096;
const PAGES = SECTION / PAGE;
const HOT_PFN = (4 * GiB) / PAGE;

describe('vmemmap_free', () => {
  it('returns just what populate took, and the tables that became empty', () => {
    for (const config of [{}, { la57: false }, { pse: false }, { la57: false, pse: false }]) {
      const m = machine(config);
      const leaves = [...m.leaves()];
      const free = m.ram.freeBytes();
      const tables = m.tableMemory.count;
      m.populateSection(HOT_PFN, PAGES, 0);
      expect(m.counters.nr_memmap_pages).toBe(512);
      m.depopulateSection(HOT_PFN, PAGES);
      expect(m.counters.nr_memmap_pages).toBe(0);
      expect([...m.leaves()]).toEqual(leaves);
      expect(m.ram.freeBytes()).toBe(free);
      expect(m.tableMemory.count).toBe(tables);
      expect(m.events).toEqual([]);
    }
  });

  it.each<[string, { la57: boolean }, number]>([
    // A p4d table stays with 5 levels, a pud table with 4: top-level entries are never cleared.
    ['5', { la57: true }, 0],
    ['4', { la57: false }, 1],
  ])('with %s levels keeps the table that a top-level entry points to', (_, config, kept) => {
    const base = config.la57 ? 0xffd4_0000_0000_0000n + 2n ** 39n - 2n ** 30n : 0xffff_ea80_0000_0000n - 2n ** 30n;
    const m = machine({ ...config, kaslr: true, vmemmapBase: base });
    const before = m.tableMemory.count;
    const pfn = 2 ** 30 / 64;
    m.populateSection(pfn, PAGES, 0);
    const made = m.tableMemory.count - before;
    expect(made).toBe(2);
    m.depopulateSection(pfn, PAGES);
    expect(m.tableMemory.count - before).toBe(kept);
    expect(m.translatePage(pfn).result.mapped).toBe(false);
  });

  it('keeps the one p4d table of a new top-level entry with 5 levels', () => {
    const m = machine({ kaslr: true, vmemmapBase: 0xffd6_0000_0000_0000n - 2n ** 30n });
    const before = m.tableMemory.count;
    m.populateSection(2 ** 30 / 64, PAGES, 0);
    expect(m.tableMemory.count - before).toBe(3);
    m.depopulateSection(2 ** 30 / 64, PAGES);
    expect(m.tableMemory.count - before).toBe(1);
  });

  it('gives boot memory back to the page allocator', () => {
    const m = machine();
    const { pa } = m.translatePage(0).result;
    expect(m.ram.isReserved(pa)).toBe(true);
    m.freeMapBootmem(0);
    expect(m.ram.isReserved(pa)).toBe(false);
    expect(m.ram.isAllocated(pa, MEMMAP)).toBe(false);
    expect(m.counters.nr_memmap_boot_pages).toBe(7 * 512);
    expect(m.translatePage(0).result.mapped).toBe(false);
    expect(m.translatePage(PAGES).result.mapped).toBe(true);
  });

  it('takes altmap pages back into the altmap, and never frees them as RAM', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    const altmap = vmemAltmap(HOT_PFN, HOT_PFN + 32767, 2, 10000);
    m.populateSection(HOT_PFN, PAGES, 0, altmap);
    expect(altmap.alloc).toBe(512);
    m.depopulateSection(HOT_PFN, PAGES, altmap);
    expect(altmap.alloc).toBe(0);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.events).toEqual([]);
  });

  it('frees base pages without the altmap, as they were taken without', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    const altmap = vmemAltmap(HOT_PFN, HOT_PFN + 32767, 2, 10000);
    m.populateSection(HOT_PFN, 512, 0, altmap);
    m.depopulateSection(HOT_PFN, 512, altmap);
    expect(altmap.alloc).toBe(0);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('does not mind holes, nor a second time', () => {
    const m = machine();
    const leaves = [...m.leaves()];
    m.ops.vmemmapFree(8 * MEMMAP, 2 ** 40, undefined);
    expect([...m.leaves()]).toEqual(leaves);
    expect(m.events).toEqual([]);
  });

  it('keeps a table that is still in use', () => {
    const m = machine({ pse: false });
    m.ops.vmemmapFree(PAGE, MEMMAP, undefined);
    expect(m.translatePage(0).result.mapped).toBe(true);
    expect(m.translatePage(64).result.mapped).toBe(false);
    m.ops.vmemmapFree(0, PAGE, undefined);
    expect(m.translatePage(0).result).toMatchObject({ mapped: false, level: 3 });
  });

  it('leaves part of a 2 MiB page of 64-byte struct pages alone', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    m.ops.vmemmapFree(0, MEMMAP / 2, undefined);
    expect(m.translatePage(0).result.mapped).toBe(true);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('flushes the TLB, for base pages once for each table', () => {
    const steps: TraceStep[] = [];
    const m = machine({ pse: false }, undefined, { trace: (step) => steps.push(step) });
    steps.length = 0;
    m.ops.vmemmapFree(0, 2 * MEMMAP, undefined);
    expect(steps.filter(({ step }) => step === 'flush-tlb')).toHaveLength(3);
    expect(steps.at(-1)).toEqual({ step: 'flush-tlb', offset: 0, end: 2 * MEMMAP });
  });

  it('brings everything back whatever was added and removed', () => {
    const config = fc.record({ la57: fc.boolean(), pse: fc.boolean() });
    const adds = fc.uniqueArray(fc.nat(20), { maxLength: 8 });
    fc.assert(
      fc.property(config, adds, fc.boolean(), (chosen, sections, backwards) => {
        const m = machine(chosen);
        const state = (): unknown => [
          m.ram.freeBytes(),
          m.tableMemory.count,
          [...m.leaves()],
          m.counters.nr_memmap_pages,
        ];
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

describe('2 MiB pages that several sections share', () => {
  // 32768 struct pages of 72 bytes are 1 1/8 pages of 2 MiB.
  const shared = { structPageSize: 72 };

  it('cover all sections, and are all used', () => {
    const m = machine(shared, [range(0, 0, GiB)]);
    expect([...m.leaves()]).toMatchObject([{ count: 9, size: MEMMAP }]);
    expect(m.verify()).toMatchObject({ problems: [], structPages: 8 * 32768 });
  });

  it('go when the last section that uses them goes, in whatever order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(72, 80, 56, 96),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        (structPageSize, order, reverse) => {
          const m = machine({ structPageSize }, [range(0, 0, 64 * MiB)]);
          const before = [m.ram.freeBytes(), [...m.leaves()]];
          for (const nr of order) expect(m.populateSection(HOT_PFN + nr * PAGES, PAGES, 0)).toBe(true);
          for (const [done, nr] of reverse.entries()) {
            m.depopulateSection(HOT_PFN + nr * PAGES, PAGES);
            // Whatever section is still there keeps every one of its struct pages.
            for (const other of reverse.slice(done + 1)) {
              for (const pfn of [0, PAGES / 2, PAGES - 1]) {
                expect(m.translatePage(HOT_PFN + other * PAGES + pfn).result.mapped).toBe(true);
              }
            }
          }
          expect([m.ram.freeBytes(), [...m.leaves()]]).toEqual(before);
          expect(m.events).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stay while a section was added again', () => {
    const m = machine(shared, [range(0, 0, 64 * MiB)]);
    const at = (nr: number): boolean => m.translatePage(HOT_PFN + nr * PAGES).result.mapped;
    m.populateSection(HOT_PFN, PAGES, 0);
    m.populateSection(HOT_PFN + PAGES, PAGES, 0);
    m.depopulateSection(HOT_PFN, PAGES);
    m.populateSection(HOT_PFN, PAGES, 0);
    m.depopulateSection(HOT_PFN + PAGES, PAGES);
    expect([at(0), at(1)]).toEqual([true, true]);
    m.depopulateSection(HOT_PFN, PAGES);
    expect(at(0)).toBe(false);
  });
});
