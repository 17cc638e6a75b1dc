import {
  blockRun,
  FailureInjector,
  Memblock,
  type MemblockOptions,
  MemoryMap,
  type MemoryRange,
  NUMA_NO_NODE,
  Ram,
} from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const PAGE = 4096;
const MiB = 2 ** 20;

function setUp(ranges: readonly MemoryRange[], options: MemblockOptions = {}) {
  const failures = new FailureInjector();
  const ram = new Ram(new MemoryMap({ ranges }, PAGE, 46));
  return { ram, failures, memblock: new Memblock(ram, PAGE, failures, options) };
}

/** Places of `count` blocks, asking for `most` at a time. */
function take(
  memblock: Memblock,
  size: number,
  align: number,
  goal: number,
  nid: number,
  exact: boolean,
  count: number,
  most: number,
): number[] {
  const run = blockRun();
  const places: number[] = [];
  while (places.length < count) {
    memblock.alloc(size, align, goal, nid, exact, Math.min(most, count - places.length), run);
    if (run.count === 0) break;
    for (let n = 0; n < run.count; n++) places.push(run.pa + n * run.paStep);
  }
  return places;
}

describe('Memblock', () => {
  const two = [
    { node: 0, start: 0, end: 64 * MiB },
    { node: 1, start: 64 * MiB, end: 128 * MiB },
  ];

  it('takes the highest place of the node', () => {
    const { memblock } = setUp(two);
    expect(take(memblock, 2 * MiB, 2 * MiB, 16 * MiB, 0, false, 3, 10)).toEqual([62 * MiB, 60 * MiB, 58 * MiB]);
    expect(take(memblock, PAGE, PAGE, 16 * MiB, 1, false, 2, 10)).toEqual([128 * MiB - PAGE, 128 * MiB - 2 * PAGE]);
  });

  it('goes down to the goal, then to any node, then below the goal', () => {
    const { memblock } = setUp(two);
    const blocks = take(memblock, 16 * MiB, 16 * MiB, 32 * MiB, 0, false, 8, 10).map((pa) => pa / MiB);
    expect(blocks).toEqual([48, 32, 112, 96, 80, 64, 16, 0].filter((mib) => mib !== 0));
  });

  it('never leaves the node when it must not', () => {
    const { memblock } = setUp(two);
    expect(take(memblock, 16 * MiB, 16 * MiB, 0, 0, true, 8, 10).map((pa) => pa / MiB)).toEqual([48, 32, 16]);
  });

  it('never hands out the first page', () => {
    const { memblock } = setUp([{ node: 0, start: 0, end: 4 * PAGE }]);
    expect(take(memblock, PAGE, PAGE, 0, 0, false, 9, 9)).toEqual([3 * PAGE, 2 * PAGE, PAGE]);
  });

  it('works upwards when told so', () => {
    const { memblock } = setUp(two, { bottomUp: true });
    expect(take(memblock, 2 * MiB, 2 * MiB, 16 * MiB, 0, false, 2, 10)).toEqual([16 * MiB, 18 * MiB]);
  });

  it('stays out of what is reserved', () => {
    const { memblock } = setUp(two, { reserved: [[100 * MiB, 128 * MiB]] });
    expect(take(memblock, 2 * MiB, 2 * MiB, 0, 1, false, 1, 1)).toEqual([98 * MiB]);
  });

  it('does not put a block across two ranges', () => {
    const { memblock } = setUp(two);
    expect(take(memblock, 128 * MiB, 64 * MiB, 0, NUMA_NO_NODE, false, 1, 1)).toEqual([]);
  });

  it('gives the same blocks in runs as one by one', () => {
    const ranges = fc.uniqueArray(fc.nat(31), { minLength: 1, maxLength: 8 }).chain((slots) =>
      fc.tuple(
        ...slots.map((slot) =>
          fc
            .record({ node: fc.nat(2), from: fc.nat(3), to: fc.integer({ min: 5, max: 8 }) })
            .map(({ node, from, to }) => ({
              node,
              start: (slot * 8 + from) * PAGE,
              end: (slot * 8 + to) * PAGE,
            })),
        ),
      ),
    );
    const requests = fc.array(
      fc.record({
        order: fc.nat(2),
        node: fc.constantFrom(NUMA_NO_NODE, 0, 1, 2),
        goal: fc.nat(256),
        exact: fc.boolean(),
        count: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(ranges, requests, fc.boolean(), (map, wanted, bottomUp) => {
        const runs = setUp(map, { bottomUp });
        const singles = setUp(map, { bottomUp });
        for (const { order, node, goal, exact, count } of wanted) {
          const size = PAGE << order;
          const ask = (memblock: Memblock, most: number) =>
            take(memblock, size, size, goal * PAGE, node, exact, count, most);
          expect(ask(runs.memblock, 100)).toEqual(ask(singles.memblock, 1));
          expect(runs.ram.freeBytes()).toBe(singles.ram.freeBytes());
        }
      }),
    );
  });

  it('fails exactly the allocation it is told to', () => {
    const { memblock, failures } = setUp(two);
    failures.add({ nth: 3, source: 'memblock' });
    const run = blockRun();
    const got = Array.from({ length: 5 }, () => {
      memblock.alloc(PAGE, PAGE, 0, 0, false, 10, run);
      return run.count;
    });
    expect(got).toEqual([1, 1, 0, 1, 1]);
    expect(failures.attempts).toBe(5);
    expect(failures.unfired).toEqual([]);
    failures.add({ source: 'altmap' });
    expect(failures.unfired).toEqual([{ source: 'altmap' }]);
  });

  it('matches rules by node and order, and for as often as they say', () => {
    const { memblock, failures } = setUp(two);
    failures.add({ node: 1, order: 9, times: 2 });
    const counts = (size: number, node: number) => {
      const run = blockRun();
      memblock.alloc(size, size, 0, node, false, 1, run);
      return run.count;
    };
    expect([counts(PAGE, 1), counts(2 * MiB, 0), counts(2 * MiB, 1), counts(2 * MiB, 1), counts(2 * MiB, 1)]).toEqual([
      1, 1, 0, 0, 1,
    ]);
    failures.clear();
    expect(failures.active).toBe(false);
  });
});
