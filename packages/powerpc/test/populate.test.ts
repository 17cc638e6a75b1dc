import { ENOMEM, OK, type TraceStep, vmemAltmap } from '@vmemmap/core';
import type { PowerpcConfig } from '@vmemmap/powerpc';
import { describe, expect, it } from 'vitest';
import { GiB, KiB, leavesIn, MiB, machine, range, SECTION } from './machine.ts';

const LEAF = 2 * MiB;
/** Where no boot memory is. Its struct pages begin with a leaf. */
const HOT = 4 * GiB;

/** Sizes of a page size: bytes of struct pages of a section, RAM that a leaf is for, and the place for hot memory. */
const sizes = (pageSize: number) => ({
  pageSize,
  memmap: (SECTION / pageSize) * 64,
  leafRam: (LEAF / 64) * pageSize,
  hot: (HOT / pageSize) * 64,
});
const K4 = sizes(4096);
const K64 = sizes(65536);
const noLeaves = (pageSize: number) => ({ order: Math.log2(LEAF / pageSize), times: Infinity });

describe('radix__vmemmap_populate', () => {
  it('maps all sections of a leaf with the first of them: 8 with 4K pages, 128 with 64K pages', () => {
    for (const { pageSize, leafRam } of [K4, K64]) {
      const m = machine({ pageSize }, [range(0, 0, leafRam + SECTION)]);
      expect(leafRam / SECTION).toBe(pageSize === 4096 ? 8 : 128);
      expect(leavesIn(m, 0, Infinity).map(({ offset, size }) => [offset, size])).toEqual([
        [0, LEAF],
        [LEAF, LEAF],
      ]);
      expect(m.verify()).toMatchObject({ problems: [], sections: leafRam / SECTION + 1 });
    }
  });

  it('rounds the start down to 2 MiB without an altmap, and never rounds the end', () => {
    for (const { pageSize, memmap, hot } of [K4, K64]) {
      const m = machine({ pageSize });
      const start = hot + 3 * memmap;
      expect(m.ops.vmemmapPopulate(start, start + memmap, 0, undefined, undefined)).toBe(OK);
      expect(leavesIn(m, hot - LEAF, Infinity)).toEqual([{ offset: hot, size: LEAF, pa: expect.any(Number) }]);
      const base = machine({ pageSize });
      base.failures.add(noLeaves(pageSize));
      expect(base.ops.vmemmapPopulate(start, start + memmap, 0, undefined, undefined)).toBe(OK);
      const offsets = leavesIn(base, hot - LEAF, Infinity).map(({ offset }) => offset);
      expect(offsets[0]).toBe(hot);
      expect(offsets.length).toBe(Math.ceil((4 * memmap) / pageSize));
    }
  });

  it('starts at the page on 6.12, and gives an empty PMD base pages from inside of it', () => {
    for (const [{ pageSize, memmap, hot }, from] of [
      [K4, 3],
      // A page has the struct pages of 4 sections.
      [K64, 6],
    ] as const) {
      const m = machine({ pageSize }, undefined, { release: '6.12' });
      const start = hot + from * memmap;
      expect(m.ops.vmemmapPopulate(start, start + 2 * memmap, 0, undefined, undefined)).toBe(OK);
      const first = start - (start % pageSize);
      const leaves = leavesIn(m, hot - LEAF, Infinity);
      expect(leaves.map(({ offset, size }) => [offset, size])).toEqual(
        Array.from({ length: Math.ceil((start + 2 * memmap - first) / pageSize) }, (_, n) => [
          first + n * pageSize,
          pageSize,
        ]),
      );
      // From the next boundary on it is a leaf again.
      expect(m.ops.vmemmapPopulate(hot + LEAF, hot + LEAF + memmap, 0, undefined, undefined)).toBe(OK);
      expect(leavesIn(m, hot + LEAF, Infinity)).toMatchObject([{ size: LEAF }]);
    }
  });

  it('boots on 6.12 as on 7.2 where RAM begins with a leaf, and with base pages where it does not', () => {
    const shapes = (start: number): unknown[] =>
      ['6.12', '7.2'].map((release) => {
        const m = machine({}, [range(0, 0, 256 * MiB), range(0, start, start + 2 * K4.leafRam)], { release });
        expect(m.verify().problems).toEqual([]);
        return leavesIn(m, 16 * MiB, Infinity).map(({ offset, size }) => [offset, size]);
      });
    const [old, now] = shapes(HOT);
    expect(old).toEqual(now);
    const [oldInside, nowInside] = shapes(HOT + 2 * SECTION) as [number[][], number[][]];
    expect(nowInside.map(([, size]) => size)).toEqual([LEAF, LEAF, LEAF]);
    expect(oldInside.slice(0, -2).every(([, size]) => size === 4096)).toBe(true);
    expect(oldInside[0]![0]).toBe(K4.hot + 2 * K4.memmap);
    expect(oldInside.length).toBe((LEAF - 2 * K4.memmap) / 4096 + 2);
  });

  it('keeps a leaf that is there, and takes no memory for it', () => {
    const m = machine();
    const before = [...m.leaves()];
    const free = m.ram.freeBytes();
    expect(m.ops.vmemmapPopulate(0, 4 * MiB, 0, undefined, undefined)).toBe(OK);
    expect([...m.leaves()]).toEqual(before);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('adds memory whose struct pages lie in a leaf of boot without mapping anything', () => {
    const m = machine({ pageSize: 65536 });
    const before = [...m.leaves()];
    const free = m.ram.freeBytes();
    expect(m.populateSection(2 ** 30 / 65536, SECTION / 65536, 0)).toBe(true);
    m.depopulateSection(2 ** 30 / 65536, SECTION / 65536);
    expect([...m.leaves()]).toEqual(before);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('takes base pages where there is no 2 MiB block, and tries again in the next PMD', () => {
    const m = machine({}, [range(0, 0, 3 * K4.leafRam)], { failures: [{ source: 'memblock', order: 9, nth: 2 }] });
    // The seven further sections of that leaf find a table and go on with base pages.
    expect(leavesIn(m, 0, Infinity).map(({ size }) => size)).toEqual([
      LEAF,
      ...new Array<number>(512).fill(4096),
      LEAF,
    ]);
    expect(m.verify().problems).toEqual([]);
  });

  it('goes on with base pages below a PMD that holds some, though a leaf could be had', () => {
    const m = machine();
    m.failures.add(noLeaves(4096));
    m.ops.vmemmapPopulate(K4.hot, K4.hot + K4.memmap, 0, undefined, undefined);
    m.failures.clear();
    const first = leavesIn(m, K4.hot, Infinity);
    m.ops.vmemmapPopulate(K4.hot, K4.hot + LEAF + 1, 0, undefined, undefined);
    const leaves = leavesIn(m, K4.hot, Infinity);
    expect(leaves.slice(0, first.length)).toEqual(first);
    expect(leaves.map(({ size }) => size)).toEqual([...new Array<number>(512).fill(4096), LEAF]);
  });

  it('returns -ENOMEM without a page, and leaves what was populated', () => {
    const m = machine();
    m.failures.add(noLeaves(4096));
    m.failures.add({ order: 0, nth: 12, times: Infinity });
    expect(m.ops.vmemmapPopulate(K4.hot, K4.hot + K4.memmap, 0, undefined, undefined)).toBe(ENOMEM);
    // A table and ten pages.
    expect(leavesIn(m, K4.hot, Infinity).length).toBe(10);
  });

  it('returns -ENOMEM without memory for a table of any level', () => {
    // The second GiB of struct pages needs a PMD table, the second 512 GiB a PUD table too.
    for (const [nth, offset] of [
      [1, GiB],
      [2, 512 * GiB],
      [1, 512 * GiB],
    ] as const) {
      const m = machine();
      m.failures.add({ order: 0, nth, times: Infinity });
      expect(m.ops.vmemmapPopulate(offset, offset + K4.memmap, 0, undefined, undefined)).toBe(ENOMEM);
      expect(leavesIn(m, offset, Infinity)).toEqual([]);
    }
  });

  it('stops the kernel at boot without memory for a table', () => {
    const failures = [{ source: 'memblock', order: 0, nth: 2 }] as const;
    expect(() => machine({}, undefined, { failures })).toThrow(
      expect.objectContaining({ code: 'KERNEL_PANIC', message: expect.stringContaining('early_alloc_pgtable') }),
    );
  });

  it('looks at the node of leaves it has just made, as generic code does not', () => {
    const far = range(1, HOT, HOT + K4.leafRam);
    const m = machine({}, [range(0, 0, 256 * MiB), far], { memblock: { reserved: [[far.start, far.end]] } });
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_warn_once', id: 'offnode-page-structs', count: 8 })]);
  });

  it('does not care for a pgmap', () => {
    const [before, after] = ['7.3', 'series-04'].map((release) => {
      const m = machine({}, undefined, { release });
      const pgmap = { ranges: [{ start: HOT, end: HOT + SECTION }], nrRange: 0, vmemmapShift: 0 };
      m.populateSection(HOT / 4096, SECTION / 4096, 0, undefined, pgmap);
      return [[...m.leaves()], [...m.tables()], m.counters];
    });
    expect(after).toEqual(before);
  });

  it('tells what it does, a run at a time', () => {
    const steps: TraceStep[] = [];
    machine({}, [range(0, 0, 256 * MiB)], { trace: (step) => steps.push(step) });
    expect(steps.slice(0, 6).map((step) => step.step)).toEqual([
      'section',
      'table',
      'table',
      'leaves',
      'section',
      'present',
    ]);
    const m = machine({}, undefined, { trace: (step) => steps.push(step) });
    steps.length = 0;
    m.ops.vmemmapPopulate(K4.hot, K4.hot + 8 * LEAF, 0, undefined, undefined);
    expect(steps).toMatchObject([{ step: 'leaves', level: 'pmd', offset: K4.hot, count: 8, paStep: LEAF }]);
  });
});

describe('radix__vmemmap_populate with an altmap', () => {
  const altmapOf = ({ pageSize }: typeof K4, start: number, bytes: number, reserve = 2, free = 4096) =>
    vmemAltmap(start / pageSize, (start + bytes) / pageSize - 1, reserve, free);
  const config = (pageSize: number): Partial<PowerpcConfig> => ({ pageSize });

  it('takes 2 MiB leaves from the altmap', () => {
    const m = machine();
    const altmap = altmapOf(K4, HOT, 2 * K4.leafRam);
    expect(m.ops.vmemmapPopulate(K4.hot, K4.hot + 2 * LEAF, 0, altmap, undefined)).toBe(OK);
    expect(leavesIn(m, K4.hot, Infinity)).toEqual([
      { offset: K4.hot, pa: HOT + LEAF, size: LEAF },
      { offset: K4.hot + LEAF, pa: HOT + 2 * LEAF, size: LEAF },
    ]);
    expect(altmap).toMatchObject({ alloc: 1024, align: 510 });
  });

  it('rounds the start down to the page only', () => {
    for (const { pageSize, memmap, hot } of [K4, K64]) {
      const m = machine(config(pageSize));
      const altmap = altmapOf(sizes(pageSize), HOT, 64 * GiB);
      const start = hot + 5 * memmap;
      m.ops.vmemmapPopulate(start, start + 2 * memmap, 0, altmap, undefined);
      expect(leavesIn(m, hot - LEAF, Infinity)[0]).toMatchObject({
        offset: start - (start % pageSize),
        size: pageSize,
      });
    }
  });

  it('has base pages, from the altmap, for a start inside of a PMD', () => {
    const m = machine();
    const altmap = altmapOf(K4, HOT + SECTION, 2 * K4.leafRam);
    const start = K4.hot + K4.memmap;
    m.ops.vmemmapPopulate(start, start + 2 * K4.memmap, 0, altmap, undefined);
    const leaves = leavesIn(m, K4.hot, Infinity);
    expect(leaves.length).toBe(128);
    expect(leaves[0]).toEqual({ offset: start, pa: HOT + SECTION + 2 * 4096, size: 4096 });
    expect(altmap).toMatchObject({ alloc: 128, align: 0 });
  });

  it('has base pages where a leaf would hold struct pages beyond the device, at either end', () => {
    for (const [start, bytes] of [
      [HOT, 7 * SECTION],
      [HOT, 8 * SECTION - 2 * MiB],
    ] as const) {
      const m = machine();
      const altmap = altmapOf(K4, start, bytes);
      const offset = (start / 4096) * 64;
      m.ops.vmemmapPopulate(offset, offset + K4.memmap, 0, altmap, undefined);
      expect(leavesIn(m, K4.hot, Infinity).every(({ size }) => size === 4096)).toBe(true);
      expect(altmap.alloc).toBe(64);
    }
    // The last byte of the device is enough.
    const m = machine();
    const altmap = altmapOf(K4, HOT, 8 * SECTION);
    m.ops.vmemmapPopulate(K4.hot, K4.hot + K4.memmap, 0, altmap, undefined);
    expect(leavesIn(m, K4.hot, Infinity)).toMatchObject([{ size: LEAF }]);
  });

  it('has a leaf for the first 2 MiB and base pages for the next, where the device ends inside of those', () => {
    const m = machine();
    const altmap = altmapOf(K4, HOT, 12 * SECTION);
    m.ops.vmemmapPopulate(K4.hot, K4.hot + 12 * K4.memmap, 0, altmap, undefined);
    const found = leavesIn(m, K4.hot, Infinity).map(({ size }) => size);
    expect(found).toEqual([LEAF, ...new Array<number>(256).fill(4096)]);
    expect(altmap.alloc).toBe(512 + 256);
  });

  it('takes RAM for a base page that holds struct pages of other memory too', () => {
    const m = machine(config(65536));
    // A device of 6 sections from the third on: its struct pages fill half a page, a page, and nothing more.
    const start = HOT + 2 * SECTION;
    const altmap = altmapOf(K64, start, 6 * SECTION, 0, 100);
    const offset = K64.hot + 2 * K64.memmap;
    m.ops.vmemmapPopulate(offset, offset + 6 * K64.memmap, 0, altmap, undefined);
    const [first, second, ...more] = leavesIn(m, K64.hot, Infinity);
    expect(first!.offset).toBe(K64.hot);
    expect(first!.pa).toBeLessThan(HOT);
    expect(second).toEqual({ offset: K64.hot + 65536, pa: start, size: 65536 });
    expect(more).toEqual([]);
    expect(altmap.alloc).toBe(1);
  });

  it('falls back page by page: from a leaf of the altmap to its base pages to RAM', () => {
    const m = machine();
    const altmap = altmapOf(K4, HOT, K4.leafRam, 0, 100);
    const free = m.ram.freeBytes();
    expect(m.ops.vmemmapPopulate(K4.hot, K4.hot + LEAF, 0, altmap, undefined)).toBe(OK);
    const leaves = leavesIn(m, K4.hot, Infinity);
    expect(leaves.length).toBe(512);
    expect(leaves.map(({ pa }) => pa >= HOT)).toEqual(Array.from({ length: 512 }, (_, n) => n < 100));
    expect(altmap.alloc).toBe(100);
    // 412 pages and a table.
    expect(free - m.ram.freeBytes()).toBe(413 * 4096);
  });

  it('returns -ENOMEM when neither has room', () => {
    const m = machine();
    const altmap = altmapOf(K4, HOT, K4.leafRam, 0, 3);
    m.failures.add({ source: 'page-allocator', nth: 2, times: Infinity });
    expect(m.ops.vmemmapPopulate(K4.hot, K4.hot + LEAF, 0, altmap, undefined)).toBe(ENOMEM);
    expect(leavesIn(m, K4.hot, Infinity).length).toBe(3);
  });

  it('never puts a table into the altmap', () => {
    for (const pageSize of [4096, 65536]) {
      const m = machine(config(pageSize));
      const start = 512 * GiB;
      const altmap = altmapOf(sizes(pageSize), (start / 64) * pageSize, 64 * KiB * pageSize, 0, 4);
      expect(m.ops.vmemmapPopulate(start, start + 16 * pageSize, 0, altmap, undefined)).toBe(OK);
      const tables = [...m.tables()];
      expect(tables.map(({ level }) => level)).toEqual([0, 1, 2, 1, 2, 3]);
      for (const { pa } of tables) expect(m.memory.nodeOf(pa)).toBe(0);
      expect(altmap.alloc).toBe(4);
    }
  });

  it('goes on with base pages of RAM below a PMD that holds some', () => {
    const m = machine();
    m.failures.add(noLeaves(4096));
    m.ops.vmemmapPopulate(K4.hot, K4.hot + 4096, 0, undefined, undefined);
    m.failures.clear();
    const altmap = altmapOf(K4, HOT, K4.leafRam);
    m.ops.vmemmapPopulate(K4.hot, K4.hot + 3 * 4096, 0, altmap, undefined);
    const pas = leavesIn(m, K4.hot, Infinity).map(({ pa }) => pa);
    expect(pas[0]).toBeLessThan(HOT);
    expect(pas.slice(1)).toEqual([HOT + 2 * 4096, HOT + 3 * 4096]);
  });
});
