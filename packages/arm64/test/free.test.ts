import type { Arm64Config } from '@vmemmap/arm64';
import { type Machine, type TraceStep, vmemAltmap } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB, MiB, machine, range, sizes } from './machine.ts';

const HOT = 8 * GiB;
const bySizes: readonly Partial<Arm64Config>[] = [{}, { pageSize: 16384 }, { pageSize: 65536 }];

const hotPfn = (m: Machine): number => HOT / sizes(m).page;
const isMapped = (m: Machine, pfn: number): boolean => m.translatePage(pfn).result.mapped;
const state = (m: Machine): unknown => [
  m.ram.freeBytes(),
  m.tableMemory.count,
  [...m.leaves()],
  [...m.tables()],
  m.counters.nr_memmap_pages,
];

describe('vmemmap_free', () => {
  it('returns just what populate took, and the tables that became empty', () => {
    for (const config of [...bySizes, { lpa2: false }, { vaBits: 39 }, { pageSize: 16384, vaBits: 36 }]) {
      const m = machine(config);
      const before = state(m);
      m.populateSection(hotPfn(m), sizes(m).pages, 0);
      expect(isMapped(m, hotPfn(m))).toBe(true);
      m.depopulateSection(hotPfn(m), sizes(m).pages);
      expect(state(m)).toEqual(before);
      expect(m.events).toEqual([]);
    }
  });

  it('takes a whole block away with any part of it', () => {
    const m = machine();
    const before = state(m);
    m.populateSection(hotPfn(m), 32768, 0);
    m.depopulateSection(hotPfn(m) + 512, 512);
    expect(isMapped(m, hotPfn(m))).toBe(false);
    expect(isMapped(m, hotPfn(m) + 32767)).toBe(false);
    m.depopulateSection(hotPfn(m), 512);
    m.depopulateSection(hotPfn(m) + 1024, 32768 - 1024);
    expect(m.events).toEqual([]);
    expect(state(m)).toEqual(before);
  });

  it('takes a block away that the next section has struct pages in', () => {
    // 32768 struct pages of 72 bytes are 1 1/8 blocks.
    const m = machine({ structPageSize: 72 });
    m.populateSection(hotPfn(m), 32768, 0);
    m.populateSection(hotPfn(m) + 32768, 32768, 0);
    m.depopulateSection(hotPfn(m), 32768);
    expect(isMapped(m, hotPfn(m) + 32768)).toBe(false);
    expect(isMapped(m, hotPfn(m) + 2 * 32768 - 1)).toBe(true);
  });

  it('takes a base page of 16K or 64K away with any of the subsections it serves', () => {
    for (const [config, perPage] of [
      [{ pageSize: 16384 }, 2],
      [{ pageSize: 65536 }, 32],
    ] as const) {
      const m = machine(config);
      const subsection = (2 * MiB) / sizes(m).page;
      m.populateSection(hotPfn(m), sizes(m).pages, 0);
      m.depopulateSection(hotPfn(m) + subsection, subsection);
      expect(isMapped(m, hotPfn(m))).toBe(false);
      expect(isMapped(m, hotPfn(m) + perPage * subsection)).toBe(true);
    }
  });

  it('goes on by whole pages from where it began: the last one stays when it began inside a page', () => {
    const m = machine({ pageSize: 16384 });
    const subsection = (2 * MiB) / 16384;
    m.populateSection(hotPfn(m), sizes(m).pages, 0);
    // Three subsections from the second half of one page on: that page and the next, of 24K from 8K to 32K.
    m.depopulateSection(hotPfn(m) + subsection, 3 * subsection);
    expect([0, 1, 2, 3, 4].map((n) => isMapped(m, hotPfn(m) + n * subsection))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    // Two subsections from there on reach into the next page, but end before a whole page is gone by.
    m.depopulateSection(hotPfn(m) + 5 * subsection, 2 * subsection);
    expect([4, 5, 6, 7].map((n) => isMapped(m, hotPfn(m) + n * subsection))).toEqual([false, false, true, true]);
  });

  it('gives boot memory back, and warns about each of its leaves and tables', () => {
    for (const [config, leaves] of [
      [{ vaBits: 39 }, 1],
      [{ pageSize: 16384, vaBits: 47 }, 32],
      [{ pageSize: 65536, vaBits: 42 }, 8],
    ] as const) {
      const m = machine(config);
      const { page, section, memmap } = sizes(m);
      const { pa } = m.translatePage(GiB / page).result;
      expect(m.ram.isReserved(pa)).toBe(true);
      const free = m.ram.freeBytes();
      m.freeMapBootmem(GiB / section);
      expect(isMapped(m, GiB / page)).toBe(false);
      expect(m.ram.isReserved(pa)).toBe(false);
      expect(m.ram.freeBytes() - free).toBe(memmap);
      expect(m.events).toHaveLength(leaves);
      expect(m.events[0]).toMatchObject({
        kind: 'WARN',
        id: 'reserved-page-freed',
        source: 'arch/arm64/mm/mmu.c:free_hotplug_page_range',
      });
      const tables = m.tableMemory.count;
      for (let nr = GiB / section + 1; nr < (3 * GiB) / section; nr++) m.freeMapBootmem(nr);
      const gone = tables - m.tableMemory.count;
      expect(gone).toBe(1);
      expect(m.events).toHaveLength(((2 * GiB) / section) * leaves + gone);
    }
  });

  it('gives altmap pages back to the altmap, those of base pages, too, and never frees them as RAM', () => {
    for (const config of bySizes) {
      const m = machine(config);
      const { pages } = sizes(m);
      const before = state(m);
      for (const part of [pages, pages / 2]) {
        const altmap = vmemAltmap(hotPfn(m), hotPfn(m) + pages - 1, 2, 4000);
        m.populateSection(hotPfn(m), part, 0, altmap);
        expect(altmap.alloc).toBe((part * 64) / sizes(m).page);
        m.depopulateSection(hotPfn(m), part, altmap);
        expect(altmap.alloc).toBe(0);
      }
      expect(state(m)).toEqual(before);
      expect(m.events).toEqual([]);
    }
  });

  it('does not mind holes, nor a second time', () => {
    for (const config of bySizes) {
      const m = machine(config);
      const before = state(m);
      m.ops.vmemmapFree(2 ** 30, 2 ** 31, undefined);
      m.ops.vmemmapFree(2 ** 30, 2 ** 31, undefined);
      expect(state(m)).toEqual(before);
      expect(m.events).toEqual([]);
    }
  });

  it('keeps a table that is still in use', () => {
    const m = machine({ pageSize: 16384 });
    const tables = m.tableMemory.count;
    m.ops.vmemmapFree(16384, 2 * MiB, undefined);
    expect(isMapped(m, GiB / 16384)).toBe(true);
    expect(isMapped(m, GiB / 16384 + 256)).toBe(false);
    expect(m.tableMemory.count).toBe(tables);
  });

  it('clears an entry, flushes, and then frees: leaves first, tables at the end', () => {
    const steps: TraceStep[] = [];
    const m = machine({ pageSize: 16384 }, undefined, { trace: (step) => steps.push(step) });
    const offset = m.offsetOfPage((64 * GiB) / 16384);
    m.ops.vmemmapPopulate(offset, offset + 2 * 16384, 0, undefined, undefined);
    steps.length = 0;
    m.ops.vmemmapFree(offset, offset + 2 * 16384, undefined);
    expect(steps.map(({ step }) => step)).toEqual([
      'clear',
      'flush-tlb',
      'clear',
      'flush-tlb',
      'flush-tlb',
      'free-table',
    ]);
    expect(steps.at(-2)).toEqual({ step: 'flush-tlb', offset, end: offset + 16384 });
  });

  it('flushes all of a block', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, undefined, { trace: (step) => steps.push(step) });
    steps.length = 0;
    m.ops.vmemmapFree(4096, 8192, undefined);
    expect(steps).toEqual([
      expect.objectContaining({ step: 'clear', level: 'pmd', offset: 0, size: 2 * MiB }),
      { step: 'flush-tlb', offset: 0, end: 2 * MiB },
    ]);
  });
});

describe('tables that reach beyond the window', () => {
  /** Levels of the tables that are left after the only section that used them is gone, and of those it had needed. */
  function leftAndMade(config: Partial<Arm64Config>, pa: number): [string[], string[]] {
    const m = machine(config);
    const names = m.levels.map(({ name }) => name);
    const { page, pages } = sizes(m);
    const tables = (): Set<string> => new Set([...m.tables()].map(({ level, va }) => `${names[level]} ${va}`));
    const before = tables();
    m.populateSection(pa / page, pages, 0);
    const made = [...tables()].filter((table) => !before.has(table));
    m.depopulateSection(pa / page, pages);
    const left = [...tables()].filter((table) => !before.has(table));
    const short = (list: string[]): string[] => list.map((text) => text.split(' ')[0]!);
    expect(m.events).toEqual([]);
    return [short(left), short(made)];
  }
  // Struct pages of 64 bytes: n bytes of the window are those of 64 n bytes of RAM.
  const ramAt = (offset: number): number => GiB + offset * 64;

  it('stay at its end: with 4K pages and 48 bits the last pud table, which the fixmap shares', () => {
    const end = 2 ** 41;
    expect(leftAndMade({ vaBits: 48 }, ramAt(end - 2 ** 30))).toEqual([['pud'], ['pud', 'pmd']]);
    // One before it is all the window's own.
    expect(leftAndMade({ vaBits: 48 }, ramAt(end - 2 ** 40))).toEqual([[], ['pud', 'pmd']]);
  });

  it('stay at its beginning: the first pud table begins before VMEMMAP_START', () => {
    const left = (config: Partial<Arm64Config>): string[] => {
      const m = machine(config);
      const names = m.levels.map(({ name }) => name);
      for (let nr = 8; nr < 24; nr++) m.freeMapBootmem(nr);
      expect([...m.leaves()]).toEqual([]);
      return [...m.tables()].map(({ level }) => names[level]!);
    };
    expect(left({ vaBits: 48 })).toEqual(['pgd', 'pud']);
    expect(left({})).toEqual(['pgd', 'p4d', 'pud']);
    // For a CPU with fewer bits VMEMMAP_START lies far below.
    expect(left({ lpa2: false })).toEqual(['pgd']);
    expect(left({ vaBits: 39 })).toEqual(['pgd']);
  });

  it('do not stay inside of it: with 5 levels a pud table of the window goes', () => {
    expect(leftAndMade({}, ramAt(2 ** 40))).toEqual([[], ['pud', 'pmd']]);
  });

  it('are few with 16K pages and 52 bits: pmd and pte tables are all the window’s own', () => {
    // One byte of the window is for 256 of RAM here.
    expect(leftAndMade({ pageSize: 16384 }, 2 ** 45)).toEqual([[], ['pmd', 'pte']]);
  });
});

describe('a damaged entry', () => {
  const damaged = (config: Partial<Arm64Config>, level: number, change: (lanes: Int32Array) => void): Machine => {
    const m = machine(config);
    const step = m.translatePage(GiB / sizes(m).page).steps[level]!;
    change(m.entryLanes(step.table, step.index));
    m.ops.vmemmapFree(0, sizes(m).page, undefined);
    return m;
  };
  const events = (m: Machine): unknown => m.events.map(({ id, source }) => [id, source.replace(/.*:/, '')]);
  const freed = ['reserved-page-freed', 'free_hotplug_page_range'];

  it('is warned about when it is contiguous, and goes', () => {
    const contiguous = (lanes: Int32Array): void => {
      lanes[1] = lanes[1]! | (1 << 20);
    };
    expect(events(damaged({ vaBits: 48 }, 2, contiguous))).toEqual([
      ['entry-contiguous', 'unmap_hotplug_pmd_range'],
      freed,
    ]);
    expect(events(damaged({ pageSize: 16384 }, 3, contiguous))).toEqual([
      ['entry-contiguous', 'unmap_hotplug_pte_range'],
      freed,
    ]);
  });

  it('is warned about when it is not present, and a page goes all the same', () => {
    const notValid = (lanes: Int32Array): void => {
      lanes[0] = lanes[0]! & ~3;
    };
    expect(events(damaged({ pageSize: 65536 }, 2, notValid))).toEqual([
      ['entry-not-present', 'unmap_hotplug_pte_range'],
      freed,
    ]);
    // Neither block nor table: followed as a table, met again, and there is nothing behind it.
    const m = damaged({ vaBits: 48 }, 2, notValid);
    expect(events(m)).toEqual([
      ['entry-not-present', 'unmap_hotplug_pmd_range'],
      ['entry-no-table', 'unmap_hotplug_pmd_range'],
      ['entry-left', 'free_empty_pmd_table'],
    ]);
    expect(m.events[2]!.message).toMatch(/^!pmd_present\(pmd\) \|\| !pmd_table\(pmd\), 0x00e8[0-9a-f]{9}700$/);
  });

  it('of a PUD is a block of 1 GiB where it says so, but with 64K pages it is a table whatever it says', () => {
    const noTable = (lanes: Int32Array): void => {
      lanes[0] = lanes[0]! & ~2;
    };
    const m = damaged({ vaBits: 48 }, 1, noTable);
    expect(isMapped(m, GiB / 4096)).toBe(false);
    // What lies there is not one GiB in use.
    expect(m.events.map(({ id }) => id)).toContain('bad-free');
    expect(events(damaged({ pageSize: 65536, vaBits: 48 }, 0, noTable))).toEqual([freed]);
  });

  it('is present when it is not valid for the CPU alone', () => {
    const presentInvalid = (lanes: Int32Array): void => {
      lanes[0] = (lanes[0]! & ~3) | 0x800;
    };
    expect(events(damaged({ pageSize: 16384 }, 3, presentInvalid))).toEqual([freed]);
    expect(events(damaged({ vaBits: 48 }, 2, presentInvalid))).toEqual([freed]);
  });
});

describe('whatever is added and removed', () => {
  it('comes back', () => {
    const config = fc.constantFrom<Partial<Arm64Config>>(
      ...bySizes,
      { lpa2: false },
      { pageSize: 16384, lpa2: false },
      { pageSize: 65536, vaBitsActual: 48 },
    );
    const adds = fc.uniqueArray(fc.nat(20), { maxLength: 8 });
    fc.assert(
      fc.property(config, adds, fc.boolean(), fc.boolean(), (chosen, sections, backwards, node1) => {
        const m = machine(chosen, [range(0, GiB, 2 * GiB), range(1, 2 * GiB, 3 * GiB)]);
        const { pages } = sizes(m);
        const pfn = (nr: number): number => hotPfn(m) + nr * pages;
        const before = state(m);
        for (const nr of sections) expect(m.populateSection(pfn(nr), pages, node1 ? 1 : 0)).toBe(true);
        for (const nr of sections) expect(isMapped(m, pfn(nr) + 5)).toBe(true);
        for (const nr of backwards ? [...sections].reverse() : sections) m.depopulateSection(pfn(nr), pages);
        expect(state(m)).toEqual(before);
        expect(m.events).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
