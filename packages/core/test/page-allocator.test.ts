import { blockRun, FailureInjector, MemoryMap, PageAllocator, Ram } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';

const PAGE = 4096;
const MiB = 2 ** 20;

function setUp() {
  const map = new MemoryMap(
    {
      ranges: [
        { node: 0, start: 0, end: 4 * MiB },
        { node: 1, start: 4 * MiB, end: 8 * MiB },
        { node: 2, start: 8 * MiB, end: 12 * MiB },
      ],
      distances: [
        [10, 30, 20],
        [30, 10, 20],
        [20, 20, 10],
      ],
    },
    PAGE,
    46,
  );
  const failures = new FailureInjector();
  const ram = new Ram(map);
  return { ram, failures, pages: new PageAllocator(ram, map, PAGE, 10, failures) };
}

describe('PageAllocator', () => {
  it('takes aligned blocks from the node, then from the nearest', () => {
    const { pages } = setUp();
    const run = blockRun();
    const nodes: number[] = [];
    for (let n = 0; n < 6; n++) {
      pages.alloc(9, 1, 1, run);
      expect(run.pa % (2 * MiB)).toBe(0);
      nodes.push(Math.floor(run.pa / (4 * MiB)));
    }
    expect(nodes).toEqual([1, 1, 2, 2, 0, 0]);
    pages.alloc(9, 1, 1, run);
    expect(run.count).toBe(0);
  });

  it('has no block above MAX_PAGE_ORDER', () => {
    const { pages } = setUp();
    const run = blockRun();
    pages.alloc(11, 0, 1, run);
    expect(run.count).toBe(0);
    pages.alloc(10, 0, 1, run);
    expect(run.count).toBe(1);
  });

  it('fails what it is told to, and then works again', () => {
    const { pages, failures } = setUp();
    failures.add({ source: 'page-allocator', order: 0, nth: 2 });
    const run = blockRun();
    const counts = [0, 0, 0].map(() => {
      pages.alloc(0, 0, 5, run);
      return run.count;
    });
    expect(counts).toEqual([1, 0, 1]);
  });
});

describe('Ram', () => {
  it('knows what was taken at boot until it is freed', () => {
    const { ram } = setUp();
    ram.regions[0]!.free.remove(0x1000, 0x3000);
    ram.endBoot();
    expect(ram.isReserved(0x1000)).toBe(true);
    expect(ram.isReserved(0x3000)).toBe(false);
    expect(ram.isAllocated(0x1000, 0x2000)).toBe(true);
    expect(ram.free(0x1000, 0x1000)).toBe('reserved');
    expect(ram.isReserved(0x1000)).toBe(false);
    expect(ram.free(0x1000, 0x1000)).toBe('not-allocated');
  });

  it('refuses to free what is free, in part or in whole, or no RAM', () => {
    const { ram } = setUp();
    ram.regions[0]!.free.remove(0x1000, 0x2000);
    const before = ram.freeBytes();
    expect(ram.free(0x1000, 0x2000)).toBe('not-allocated');
    expect(ram.free(0x100000000, 0x1000)).toBe('not-allocated');
    expect(ram.freeBytes()).toBe(before);
  });
});
