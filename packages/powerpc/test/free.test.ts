import { type TraceStep, vmemAltmap } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB, leavesIn, MiB, machine, range, SECTION } from './machine.ts';

const LEAF = 2 * MiB;
const HOT = 4 * GiB;
const offsetOf = (pageSize: number, pa: number): number => (pa / pageSize) * 64;

/** Sections added to a machine one by one, by number from HOT on. */
function sections(pageSize: number) {
  const m = machine({ pageSize });
  const pages = SECTION / pageSize;
  return {
    m,
    add: (nr: number): boolean => m.populateSection(HOT / pageSize + nr * pages, pages, 0),
    remove: (nr: number): void => m.depopulateSection(HOT / pageSize + nr * pages, pages),
    leaves: () => leavesIn(m, offsetOf(pageSize, HOT) - LEAF, Infinity),
  };
}

describe('radix__vmemmap_free', () => {
  it.each([
    [4096, 8],
    [65536, 128],
  ])('with %i byte pages keeps a leaf until the last of its %i sections is gone', (pageSize, count) => {
    const { m, add, remove, leaves } = sections(pageSize);
    const free = m.ram.freeBytes();
    for (let nr = 0; nr < count; nr++) expect(add(nr)).toBe(true);
    expect(leaves().length).toBe(1);
    expect(free - m.ram.freeBytes()).toBe(LEAF);
    for (let nr = 0; nr < count - 1; nr++) remove((nr * 5 + 3) % count);
    expect(leaves().length).toBe(1);
    remove(((count - 1) * 5 + 3) % count);
    expect(leaves()).toEqual([]);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.events).toEqual([]);
  });

  it('takes a leaf that is asked for whole without looking whether it is in use', () => {
    const { m, add, leaves } = sections(4096);
    for (let nr = 0; nr < 8; nr++) add(nr);
    const start = offsetOf(4096, HOT);
    m.ops.vmemmapFree(start, start + LEAF - 4096, undefined);
    expect(leaves().length).toBe(1);
    m.ops.vmemmapFree(start, start + LEAF, undefined);
    expect(leaves()).toEqual([]);
  });

  it('keeps a leaf for a single valid subsection, and drops it with that', () => {
    const { m, leaves } = sections(4096);
    const pfn = HOT / 4096 + 3 * 4096 + 512;
    m.populateSection(pfn, 512, 0);
    m.populateSection(pfn + 512, 512, 0);
    expect(leaves().length).toBe(1);
    m.depopulateSection(pfn, 512);
    expect(leaves().length).toBe(1);
    m.depopulateSection(pfn + 512, 512);
    expect(leaves()).toEqual([]);
  });

  it('keeps a 64K base page until the last of its four sections is gone', () => {
    const { m, add, remove, leaves } = sections(65536);
    m.failures.add({ order: 5, times: Infinity });
    for (const nr of [0, 1, 2, 3]) add(nr);
    m.failures.clear();
    expect(leaves()).toMatchObject([{ size: 65536 }]);
    for (const nr of [1, 3, 0]) remove(nr);
    expect(leaves().length).toBe(1);
    remove(2);
    expect(leaves()).toEqual([]);
  });

  it('takes a base page that is asked for whole without a look', () => {
    const { m, add, leaves } = sections(4096);
    m.failures.add({ order: 9, times: Infinity });
    add(0);
    const start = offsetOf(4096, HOT);
    m.ops.vmemmapFree(start + 4096 + 64, start + 3 * 4096, undefined);
    expect(leaves().map(({ offset }) => (offset - start) / 4096)).toEqual([
      0,
      1,
      ...Array.from({ length: 61 }, (_, n) => n + 3),
    ]);
  });

  it('takes the tables that became empty along, up to the PUD table, and leaves the root', () => {
    for (const pageSize of [4096, 65536]) {
      const m = machine({ pageSize });
      m.failures.add({ order: Math.log2(LEAF / pageSize), times: Infinity });
      const free = m.ram.freeBytes();
      const tables = m.tableMemory.count;
      const start = 512 * GiB;
      m.ops.vmemmapPopulate(start, start + 3 * pageSize, 0, undefined, undefined);
      expect(m.tableMemory.count).toBe(tables + 3);
      m.ops.vmemmapFree(start, start + pageSize, undefined);
      expect(m.tableMemory.count).toBe(tables + 3);
      m.ops.vmemmapFree(start + pageSize, start + 3 * pageSize, undefined);
      expect(m.tableMemory.count).toBe(tables);
      const entries = [...m.tables()][0]!.entries;
      expect(entries.length).toBe(1);
      // With 64K pages two pages of fragments are not used up yet.
      expect(free - m.ram.freeBytes()).toBe(pageSize === 4096 ? 0 : 2 * pageSize);
    }
  });

  it('gives back to the altmap what came from it, and to RAM what did not, by address', () => {
    const m = machine();
    const altmap = vmemAltmap(HOT / 4096, (HOT + 8 * SECTION) / 4096 - 1, 0, 100);
    const start = offsetOf(4096, HOT);
    const free = m.ram.freeBytes();
    m.ops.vmemmapPopulate(start, start + LEAF, 0, altmap, undefined);
    expect(altmap.alloc).toBe(100);
    m.ops.vmemmapFree(start, start + LEAF, altmap);
    expect(altmap.alloc).toBe(0);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.events).toEqual([]);
    // The whole of what the altmap may hand out counts, and nothing after it.
    m.ops.vmemmapPopulate(start, start + LEAF, 0, { ...altmap, free: 512, basePfn: altmap.basePfn }, undefined);
    expect(leavesIn(m, start, Infinity)).toEqual([{ offset: start, pa: HOT, size: LEAF }]);
    const other = { ...altmap, basePfn: altmap.basePfn + 512 };
    m.ops.vmemmapFree(start, start + LEAF, other);
    expect(other.alloc).toBe(0);
    expect(m.events).toEqual([expect.objectContaining({ id: 'bad-free' })]);
  });

  it('frees boot pages one by one as reserved pages', () => {
    const m = machine({}, [range(0, 0, 256 * MiB)]);
    const [leaf] = [...m.leaves()];
    expect(m.ram.isReserved(leaf!.pa)).toBe(true);
    m.ops.vmemmapFree(0, LEAF, undefined);
    expect([m.ram.isReserved(leaf!.pa), m.ram.isAllocated(leaf!.pa, LEAF)]).toEqual([false, false]);
  });

  it('does not mind holes, and flushes what it was asked for', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, undefined, { trace: (step) => steps.push(step) });
    const start = offsetOf(4096, HOT);
    m.ops.vmemmapPopulate(start + 2 * LEAF, start + 3 * LEAF, 0, undefined, undefined);
    steps.length = 0;
    m.ops.vmemmapFree(start, start + 5 * LEAF, undefined);
    expect(steps).toMatchObject([
      { step: 'clear', level: 'pmd', offset: start + 2 * LEAF, size: LEAF },
      { step: 'flush-tlb', offset: start, end: start + 5 * LEAF },
    ]);
  });

  it('leaves every section of others mapped, in whatever order sections come and go', () => {
    const config = fc.record({
      pageSize: fc.constantFrom(4096, 65536),
      structPageSize: fc.constantFrom(64, 64, 72, 128),
    });
    const order = fc.array(fc.nat(11), { maxLength: 60 });
    fc.assert(
      fc.property(config, order, fc.constantFrom('6.12', '7.2'), fc.boolean(), (chosen, list, release, base) => {
        const m = machine(chosen, undefined, { release });
        if (base) m.failures.add({ order: Math.log2(LEAF / chosen.pageSize), times: Infinity });
        const pages = SECTION / chosen.pageSize;
        const present = new Set<number>();
        for (const nr of list) {
          const pfn = HOT / chosen.pageSize + nr * pages;
          if (present.delete(nr)) m.depopulateSection(pfn, pages);
          else {
            present.add(nr);
            expect(m.populateSection(pfn, pages, 0)).toBe(true);
          }
          for (const other of present) {
            const first = HOT / chosen.pageSize + other * pages;
            for (const page of [0, pages / 2, pages - 1])
              expect(m.translatePage(first + page).result.mapped).toBe(true);
          }
        }
        // Without huge pages that is said once.
        expect(m.events.filter(({ id }) => id !== 'vmemmap-alloc-failure')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
