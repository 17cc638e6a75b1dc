import { describe, expect, it } from 'vitest';
import { MemoryMap, Ram } from '../src/index.ts';

const PAGE = 4096;
const ram = () =>
  new Ram(
    new MemoryMap(
      {
        ranges: [
          { node: 0, start: 0, end: 64 * PAGE },
          { node: 1, start: 128 * PAGE, end: 192 * PAGE },
        ],
      },
      PAGE,
      40,
    ),
  );
/** All of it in use, as after boot. */
const used = () => {
  const all = ram();
  for (const region of all.regions) region.free.remove(region.start, region.end);
  return all;
};

describe('RAM', () => {
  it('is free at first, by node', () => {
    const all = ram();
    expect([all.freeBytes(), all.freeBytes(0), all.freeBytes(1), all.freeBytes(2)]).toEqual([
      128 * PAGE,
      64 * PAGE,
      64 * PAGE,
      0,
    ]);
    expect(all.isAllocated(0, PAGE)).toBe(false);
  });

  it('that boot took stays reserved until it is freed', () => {
    const all = used();
    expect(all.free(0, PAGE)).toBe('reserved');
    all.endBoot();
    expect([all.isReserved(0), all.isReserved(PAGE)]).toEqual([false, true]);
    expect(all.free(PAGE, PAGE)).toBe('reserved');
    expect(all.isReserved(PAGE)).toBe(false);
    all.regions[0]!.free.remove(PAGE, 2 * PAGE);
    expect(all.free(PAGE, PAGE)).toBe('allocator');
    expect(all.returnedBytes).toBe(3 * PAGE);
  });

  it('that is not in use is not freed', () => {
    const all = used();
    expect(all.free(64 * PAGE, PAGE)).toBe('not-allocated');
    expect(all.free(63 * PAGE, 2 * PAGE)).toBe('not-allocated');
    expect(all.free(0, PAGE)).toBe('reserved');
    expect(all.free(0, PAGE)).toBe('not-allocated');
    expect([all.returnedBytes, all.freeBytes()]).toEqual([PAGE, PAGE]);
  });

  it('goes with its last reference', () => {
    const all = used();
    expect([all.hasShared, all.pageCount(0)]).toEqual([false, 1]);
    all.getPage(0);
    expect([all.hasShared, all.pageCount(0), [...all.referenced()]]).toEqual([true, 2, [0]]);
    expect(all.free(0, PAGE)).toBe('referenced');
    expect([all.hasShared, all.pageCount(0)]).toEqual([false, 1]);
    expect(all.free(0, PAGE)).toBe('reserved');
    all.getPage(PAGE, 2);
    all.getPage(PAGE, 0);
    expect([all.free(PAGE, PAGE), all.free(PAGE, PAGE), all.free(PAGE, PAGE)]).toEqual([
      'referenced',
      'referenced',
      'reserved',
    ]);
    all.getPage(2 * PAGE, 0);
    expect(all.hasShared).toBe(false);
  });

  it('that is taken out is gone, and what of it was free is counted', () => {
    const all = used();
    all.free(0, 4 * PAGE);
    all.takeOut(2 * PAGE, 8 * PAGE);
    expect(all.removedBytes).toBe(2 * PAGE);
    expect([all.isRemoved(2 * PAGE), all.isAllocated(7 * PAGE, PAGE), all.isAllocated(8 * PAGE, PAGE)]).toEqual([
      true,
      false,
      true,
    ]);
    all.takeOut(0, PAGE);
    expect(all.removedBytes).toBe(3 * PAGE);
    expect([all.isRemoved(0), all.isRemoved(PAGE), all.isRemoved(7 * PAGE), all.isRemoved(8 * PAGE)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([
      all.isAllocated(7 * PAGE, PAGE),
      all.isAllocated(8 * PAGE, PAGE),
      all.isAllocated(7 * PAGE, 2 * PAGE),
    ]).toEqual([false, true, false]);
    expect(all.freeBytes()).toBe(PAGE);
  });

  it('is in use where any page of it is', () => {
    const all = used();
    all.free(0, 64 * PAGE);
    expect([all.isInUse(0, 64 * PAGE), all.isInUse(0, 129 * PAGE), all.isInUse(64 * PAGE, 128 * PAGE)]).toEqual([
      false,
      true,
      false,
    ]);
    all.takeOut(128 * PAGE, 129 * PAGE);
    expect(all.isInUse(0, 129 * PAGE)).toBe(false);
    expect(all.isInUse(0, 130 * PAGE)).toBe(true);
  });

  it('that was kept back is free after all', () => {
    const all = used();
    all.giveBack(60 * PAGE, 132 * PAGE);
    expect([all.freeBytes(0), all.freeBytes(1)]).toEqual([4 * PAGE, 4 * PAGE]);
  });
});

it('RAM is in use as far as it goes, and no further', () => {
  const all = used();
  expect(all.isAllocated(60 * PAGE, 4 * PAGE)).toBe(true);
  expect(all.isAllocated(60 * PAGE, 5 * PAGE)).toBe(false);
  expect(all.isAllocated(64 * PAGE, PAGE)).toBe(false);
});
