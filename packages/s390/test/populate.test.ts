import {
  EINVAL,
  ENOMEM,
  type Errno,
  type Machine,
  OK,
  type TraceStep,
  type VmemAltmap,
  vmemAltmap,
} from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import {
  BASE_PAGES,
  CRST,
  FOUR_LEVELS,
  GiB,
  HOT,
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

const FOREVER = Number.POSITIVE_INFINITY;

function populate(m: Machine, start: number, end: number, altmap?: VmemAltmap, node = 0): Errno {
  return m.ops.vmemmapPopulate(start, end, node, altmap, undefined);
}

/** An altmap at the hot memory: `reserve` pages and then `free`. */
function altmapOf(reserve: number, free: number): VmemAltmap {
  return vmemAltmap(HOT_PFN, HOT_PFN + PAGES - 1, reserve, free);
}

/** Leaves of the hot memory, as runs. */
function hotLeaves(m: Machine): { offset: number; size: number; count: number; pa: number }[] {
  return [...m.leaves()]
    .filter(({ offset }) => offset >= HOT_OFFSET)
    .map(({ offset, size, count, pa }) => ({ offset: offset - HOT_OFFSET, size, count, pa }));
}

describe('vmemmap_populate', () => {
  it('maps a section with two 1 MiB frames, or with 512 pages', () => {
    for (const [config, size, count] of [
      [{}, MiB, 2],
      [FOUR_LEVELS, MiB, 2],
      [BASE_PAGES, PAGE, 512],
    ] as const) {
      const m = machine(config);
      expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP)).toBe(OK);
      expect(hotLeaves(m).map((run) => run.size)).toEqual(hotLeaves(m).map(() => size));
      expect(hotLeaves(m).reduce((sum, run) => sum + run.count, 0)).toBe(count);
      expect(m.events).toEqual([]);
    }
  });

  it('makes tables of 16 KiB and page tables of a page, those that are missing', () => {
    for (const [config, made] of [
      [{}, CRST],
      [BASE_PAGES, CRST + 2 * PAGE],
    ] as const) {
      const m = machine(config);
      const before = m.ram.freeBytes();
      populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP);
      expect(before - m.ram.freeBytes()).toBe(MEMMAP + made);
      populate(m, HOT_OFFSET + MEMMAP, HOT_OFFSET + 2 * MEMMAP);
      expect(before - m.ram.freeBytes()).toBe(2 * MEMMAP + made + (made - CRST));
    }
  });

  it('takes a whole 1 MiB frame for the smallest part of one', () => {
    const m = machine();
    expect(populate(m, HOT_OFFSET + 5 * PAGE, HOT_OFFSET + 6 * PAGE)).toBe(OK);
    expect(hotLeaves(m)).toMatchObject([{ offset: 0, size: MiB, count: 1 }]);
  });

  it('takes just the pages of a part where there are no frames', () => {
    const m = machine(BASE_PAGES);
    expect(populate(m, HOT_OFFSET + 5 * PAGE, HOT_OFFSET + 260 * PAGE)).toBe(OK);
    expect(hotLeaves(m)[0]).toMatchObject({ offset: 5 * PAGE, size: PAGE });
    expect(hotLeaves(m).reduce((sum, { count }) => sum + count, 0)).toBe(255);
    expect(m.translate(m.window.start + BigInt(HOT_OFFSET + 260 * PAGE)).result.mapped).toBe(false);
  });

  it('leaves what is mapped alone, and takes no memory for it', () => {
    for (const config of [{}, BASE_PAGES, FOUR_LEVELS]) {
      const m = machine(config);
      const before = [[...m.leaves()], m.ram.freeBytes()];
      expect(populate(m, 0, 8 * MEMMAP)).toBe(OK);
      expect([[...m.leaves()], m.ram.freeBytes()]).toEqual(before);
    }
  });

  it('fills the holes between pages that are there', () => {
    const m = machine(BASE_PAGES);
    populate(m, HOT_OFFSET + 3 * PAGE, HOT_OFFSET + 5 * PAGE);
    const { pa } = hotLeaves(m)[0]!;
    expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP)).toBe(OK);
    expect(hotLeaves(m).reduce((sum, { count }) => sum + count, 0)).toBe(512);
    expect(m.translatePage(HOT_PFN + 3 * 64).result.pa).toBe(pa);
  });

  it('goes on with pages below a segment that has a page table, though there are frames', () => {
    const m = machine();
    m.failures.add({ order: 8 });
    expect(populate(m, HOT_OFFSET, HOT_OFFSET + PAGE)).toBe(OK);
    m.failures.clear();
    expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP)).toBe(OK);
    expect(hotLeaves(m).map(({ size }) => size)).toEqual(expect.arrayContaining([PAGE, MiB]));
    expect(hotLeaves(m).at(-1)).toMatchObject({ offset: MiB, size: MiB, count: 1 });
  });

  it('falls back to pages without a 1 MiB block, one segment at a time', () => {
    const m = machine({}, [range(0, 0, GiB)], { failures: [{ source: 'memblock', order: 8, nth: 3 }] });
    const sizes = [...m.leaves()].flatMap(({ size, count }) => Array.from({ length: count }, () => size));
    expect(sizes).toEqual([
      ...new Array<number>(2).fill(MiB),
      ...new Array<number>(256).fill(PAGE),
      ...new Array<number>(13).fill(MiB),
    ]);
    expect(m.verify().problems).toEqual([]);
  });

  it('passes over a region-third leaf', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, undefined, { trace: (step) => steps.push(step) });
    populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP);
    const { table, index } = m.translatePage(HOT_PFN).steps[0]!;
    m.entryLanes(table, index).set([-0x8000_0000 | 0xf505, 1]);
    const free = m.ram.freeBytes();
    steps.length = 0;
    expect(populate(m, HOT_OFFSET, HOT_OFFSET + 4 * MEMMAP)).toBe(OK);
    expect(steps).toEqual([]);
    m.ops.vmemmapFree(HOT_OFFSET, HOT_OFFSET + 4 * MEMMAP, undefined);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.translatePage(HOT_PFN).result).toMatchObject({ mapped: true, span: 2 * GiB });
  });

  it('crosses from one segment table to the next', () => {
    // The vmemmap begins at a multiple of 4 TiB: a segment table ends after 2 GiB.
    const m = machine({ ...FOUR_LEVELS, ...BASE_PAGES });
    const start = 2 * GiB - MEMMAP;
    const before = m.tableMemory.count;
    expect(populate(m, start, start + 2 * MEMMAP)).toBe(OK);
    // Two page tables for each section, and one more segment table.
    expect(m.tableMemory.count - before).toBe(5);
    expect([...m.leaves()].at(-1)).toMatchObject({ size: PAGE });
    expect(m.translate(m.window.start + BigInt(start + 2 * MEMMAP) - 1n).result.mapped).toBe(true);
    expect(m.translate(m.window.start + BigInt(start + 2 * MEMMAP)).result.mapped).toBe(false);
  });

  it('makes a region-third table where the 4 TiB of one end', () => {
    const m = machine({ kaslr: true, kaslrSlot: 0, identMapSize: 1n << 43n });
    // From base 0x1f80fb80000000 it is 0x304'80000000 to the next multiple of 4 TiB, more than the struct pages of 8 TiB.
    const start = 0x304_8000_0000 - MEMMAP;
    const before = m.tableMemory.count;
    expect(populate(m, start, start + 2 * MEMMAP)).toBe(OK);
    expect(m.tableMemory.count - before).toBe(3);
    expect(m.translate(m.window.start + BigInt(start + 2 * MEMMAP) - 1n).result.mapped).toBe(true);
  });
});

describe('the node', () => {
  it('does not matter: memory comes from where there is most of it left at the top, and nothing warns', () => {
    const two = [range(0, 0, 3 * GiB), range(1, 4 * GiB, 6 * GiB)];
    for (const config of [{}, BASE_PAGES]) {
      const m = machine(config, two);
      for (const { node } of m.leaves()) expect(node).toBe(1);
      for (const node of [0, 1, 7])
        expect(populate(m, HOT_OFFSET + node * MEMMAP, HOT_OFFSET + (node + 1) * MEMMAP, undefined, node)).toBe(OK);
      expect(new Set([...m.leaves()].filter(({ offset }) => offset >= HOT_OFFSET).map(({ node }) => node)).size).toBe(
        1,
      );
      // Present leaves are not looked at either.
      populate(m, 0, MEMMAP, undefined, 0);
      expect(m.events).toEqual([]);
    }
  });
});

describe('an altmap', () => {
  it('gives 1 MiB frames, and pages where there are none', () => {
    for (const [config, size] of [
      [{}, MiB],
      [BASE_PAGES, PAGE],
    ] as const) {
      const m = machine(config);
      const altmap = altmapOf(2, 10000);
      const free = m.ram.freeBytes();
      expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP, altmap)).toBe(OK);
      expect(altmap).toMatchObject({ alloc: 512, align: size === MiB ? 254 : 0 });
      expect(hotLeaves(m)).toMatchObject([{ size, pa: HOT + (size === MiB ? MiB : 2 * PAGE) }]);
      // Tables come from RAM.
      expect(free - m.ram.freeBytes()).toBe(CRST + (size === MiB ? 0 : 2 * PAGE));
    }
  });

  it('without room for a frame gives pages, from itself and not from RAM', () => {
    const m = machine();
    const altmap = altmapOf(2, 300);
    const free = m.ram.freeBytes();
    expect(populate(m, HOT_OFFSET, HOT_OFFSET + MiB, altmap)).toBe(OK);
    expect(hotLeaves(m)).toEqual([{ offset: 0, size: PAGE, count: 256, pa: HOT + 2 * PAGE }]);
    expect(altmap).toMatchObject({ alloc: 256, align: 0 });
    expect(free - m.ram.freeBytes()).toBe(CRST + PAGE);
  });

  it('without room for a page fails, and all is as before', () => {
    for (const config of [{}, BASE_PAGES, FOUR_LEVELS]) {
      const m = machine(config);
      const altmap = altmapOf(2, 300);
      const before = [m.ram.freeBytes(), m.tableMemory.count, [...m.leaves()]];
      expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP, altmap)).toBe(ENOMEM);
      expect(altmap.alloc).toBe(0);
      expect([m.ram.freeBytes(), m.tableMemory.count, [...m.leaves()]]).toEqual(before);
    }
  });
});

describe('an error', () => {
  it('for want of a table leaves nothing behind, whichever table it was', () => {
    for (const config of [{}, BASE_PAGES, FOUR_LEVELS, { ...FOUR_LEVELS, ...BASE_PAGES }]) {
      const m = machine(config);
      const before = [m.ram.freeBytes(), m.tableMemory.count, [...m.leaves()]];
      for (let nth = 1; nth <= 3; nth++) {
        m.failures.add({ source: 'page-allocator', nth, times: FOREVER });
        expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP)).toBe(ENOMEM);
        m.failures.clear();
        expect([m.ram.freeBytes(), m.tableMemory.count, [...m.leaves()]]).toEqual(before);
      }
    }
  });

  it('takes the whole range back, also what was there before', () => {
    for (const config of [{}, BASE_PAGES]) {
      const m = machine(config);
      const before = m.ram.freeBytes();
      expect(populate(m, HOT_OFFSET, HOT_OFFSET + MiB)).toBe(OK);
      m.failures.add({ source: 'page-allocator', times: FOREVER });
      expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP)).toBe(ENOMEM);
      expect(hotLeaves(m)).toEqual([]);
      expect(m.ram.freeBytes()).toBe(before);
    }
  });

  it('takes back what came from RAM as if it came from the altmap, and loses it', () => {
    const m = machine();
    populate(m, HOT_OFFSET, HOT_OFFSET + MiB);
    const before = m.ram.freeBytes();
    const altmap = altmapOf(0, 0);
    expect(populate(m, HOT_OFFSET, HOT_OFFSET + MEMMAP, altmap)).toBe(ENOMEM);
    expect(altmap.alloc).toBe(-256);
    // The segment table is back, the frame is not.
    expect(m.ram.freeBytes() - before).toBe(CRST);
  });

  it('of a part of a frame spares the rest that is in use', () => {
    const m = machine({ structPageSize: 72 });
    const section = PAGES * 72;
    const at = HOT_PFN * 72;
    expect(populate(m, at, at + section)).toBe(OK);
    m.failures.add({ source: 'page-allocator', times: FOREVER });
    expect(populate(m, at + section, at + 2 * section)).toBe(ENOMEM);
    expect(m.translatePage(HOT_PFN + PAGES - 1).result.mapped).toBe(true);
    m.failures.clear();
    expect(populate(m, at + section, at + 2 * section)).toBe(OK);
    expect(m.translatePage(HOT_PFN + 2 * PAGES - 1).result.mapped).toBe(true);
  });

  it.each<[string, number, number, number]>([
    // Each section takes 2 page tables and 512 pages; on 6.12 pages come out of the buffer, which loses what was used.
    ['7.2', 3000, 5, 2999],
    ['6.12', 10, 4, 4 * 514 + 257],
  ])('at boot of %s gives memory back to nobody: memblock gets none of it again', (release, nth, sections, pages) => {
    const failures = [{ source: 'memblock', order: 0, nth, times: FOREVER } as const];
    const m = machine({ ...BASE_PAGES, sectionSizeBits: 27 }, undefined, { release, failures });
    expect([...m.sections()]).toMatchObject([{ nr: 0, count: sections }]);
    expect([...m.leaves()].reduce((sum, { count }) => sum + count, 0)).toBe(sections * 512);
    expect(m.tableMemory.count).toBe(2 + 2 * sections);
    expect(GiB - m.ram.freeBytes()).toBe(pages * PAGE + 2 * CRST);
    expect(m.events.map(({ id }) => id)).toEqual(['memmap-backing-failed']);
  });
});

describe('a range that is refused', () => {
  it.each<[string, number, number, string]>([
    ['an unaligned start', HOT_OFFSET + 64, HOT_OFFSET + PAGE, 'modify_pagetable-unaligned'],
    ['an unaligned end', HOT_OFFSET, HOT_OFFSET + 64, 'modify_pagetable-unaligned'],
  ])('is one with %s: -EINVAL, with a warning for the try and one for taking it back', (_, start, end, id) => {
    const m = machine();
    const free = m.ram.freeBytes();
    expect(populate(m, start, end)).toBe(EINVAL);
    expect(m.events).toEqual([
      expect.objectContaining({ kind: 'WARN_ON_ONCE', id, source: 'arch/s390/mm/vmem.c:modify_pagetable', count: 2 }),
    ]);
    m.ops.vmemmapFree(start, end, undefined);
    expect(m.events[0]!.count).toBe(3);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('is one that reaches the absolute lowcore area, by a page', () => {
    const m = machine();
    // __abs_lowcore of the layout with 256 CPUs, 510 GiB of vmalloc and the kernel at 0x3ffe0000000.
    const limit = Number(0x37f_dfdf_e000n - m.window.start);
    expect(populate(m, limit - 2 * PAGE, limit)).toBe(OK);
    expect(m.events).toEqual([]);
    expect(populate(m, limit - PAGE, limit + PAGE)).toBe(EINVAL);
    expect(m.events).toEqual([
      expect.objectContaining({ kind: 'WARN_ON_ONCE', id: 'modify_pagetable-beyond', count: 2 }),
    ]);
    expect(m.translate(m.window.start + BigInt(limit) - 1n).result.mapped).toBe(true);
    m.ops.vmemmapFree(limit - 2 * PAGE, limit + PAGE, undefined);
    expect(m.translate(m.window.start + BigInt(limit) - 1n).result.mapped).toBe(true);
  });
});

describe('what it does', () => {
  const traced = (config: Parameters<typeof machine>[0], end: number): TraceStep[] => {
    const steps: TraceStep[] = [];
    machine(config, [range(0, 0, end)], { trace: (step) => steps.push(step) });
    return steps;
  };

  it('is told a run at a time', () => {
    expect(traced({}, SECTION).map(({ step }) => step)).toEqual(['section', 'table', 'leaves']);
    expect(traced({}, SECTION).at(-1)).toMatchObject({ level: 'pmd', offset: 0, count: 2, paStep: -MiB });
    const base = traced({ ...BASE_PAGES, ...FOUR_LEVELS }, SECTION);
    expect(base.map(({ step }) => step)).toEqual(['section', 'table', 'table', 'table', 'leaves', 'table', 'leaves']);
    expect(base.at(-1)).toMatchObject({ level: 'pte', offset: MiB, count: 256, paStep: -PAGE });
  });

  it('is told where there is nothing to do, and where there is no memory', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, undefined, { trace: (step) => steps.push(step) });
    steps.length = 0;
    m.failures.add({ source: 'page-allocator', times: FOREVER });
    populate(m, 7 * MEMMAP + MiB, 8 * MEMMAP + MiB);
    expect(steps.map((step) => [step.step, 'level' in step ? step.level : ''])).toEqual([
      ['present', 'pmd'],
      ['out-of-memory', 'pmd'],
      ['out-of-memory', 'pte'],
      ['clear', 'pmd'],
      ['flush-tlb', ''],
    ]);
    const base = machine(BASE_PAGES, undefined, { trace: (step) => steps.push(step) });
    steps.length = 0;
    populate(base, 0, 10 * PAGE);
    expect(steps).toEqual([{ step: 'present', level: 'pte', offset: 0, count: 10 }]);
  });
});

describe('releases', () => {
  it('take 1 MiB frames upwards out of one buffer on 6.12, and downwards one by one since', () => {
    const step = (release: string, config = {}): number =>
      [...machine(config, undefined, { release }).leaves()][0]!.paStep;
    expect([step('6.12'), step('7.2'), step('7.3')]).toEqual([MiB, -MiB, -MiB]);
    expect([step('6.12', BASE_PAGES), step('7.2', BASE_PAGES)]).toEqual([PAGE, -PAGE]);
  });

  it('do the same with and without the pgmap that series-04 plumbs through', () => {
    for (const config of [{}, BASE_PAGES]) {
      const [before, after] = ['7.3', 'series-04'].map((release) => {
        const m = machine(config, undefined, { release });
        m.populateSection(HOT_PFN, PAGES, 0, undefined, {
          ranges: [{ start: HOT, end: HOT + SECTION }],
          nrRange: 0,
          vmemmapShift: 0,
        });
        return [[...m.leaves()], [...m.tables()], m.counters];
      });
      expect(after).toEqual(before);
    }
  });
});
