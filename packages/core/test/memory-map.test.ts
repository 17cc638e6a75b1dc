import { MemoryMap, type MemoryMapInput } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';

const make = (input: MemoryMapInput) => new MemoryMap(input, 4096, 46);
const range = (node: number, start: number, end: number) => ({ node, start, end });

describe('MemoryMap', () => {
  it('sorts ranges and merges neighbours of one node, not of two', () => {
    const map = make({
      ranges: [range(0, 0x3000, 0x5000), range(0, 0x1000, 0x3000), range(1, 0x5000, 0x6000)],
    });
    expect(map.ranges).toEqual([range(0, 0x1000, 0x5000), range(1, 0x5000, 0x6000)]);
    expect(map.nodes).toEqual([0, 1]);
    expect(map.end).toBe(0x6000);
  });

  it('keeps whole pages only, as PFN_UP and PFN_DOWN do', () => {
    expect(make({ ranges: [range(0, 0x1000, 0x9fc00)] }).ranges).toEqual([range(0, 0x1000, 0x9f000)]);
    expect(make({ ranges: [range(0, 0x1001, 0x3fff), range(0, 0x4001, 0x4fff)] }).ranges).toEqual([
      range(0, 0x2000, 0x3000),
    ]);
  });

  it('finds the node of an address, and none in a hole', () => {
    const map = make({ ranges: [range(0, 0x1000, 0x3000), range(1, 0x4000, 0x6000)] });
    expect([0xfff, 0x1000, 0x2fff, 0x3000, 0x4000, 0x5fff, 0x6000].map((pa) => map.nodeOf(pa))).toEqual([
      -1, 0, 0, -1, 1, 1, -1,
    ]);
    expect(map.bytes()).toBe(0x4000);
    expect(map.bytes(1)).toBe(0x2000);
  });

  it('orders the zonelist by distance, then by number', () => {
    const ranges = [0, 1, 2].map((node) => range(node, (node + 1) * 0x1000, (node + 2) * 0x1000));
    expect(make({ ranges }).nearest(2)).toEqual([2, 0, 1]);
    const distances = [
      [10, 40, 20],
      [40, 10, 30],
      [20, 30, 10],
    ];
    const map = make({ ranges, distances });
    expect(map.nearest(1)).toEqual([1, 2, 0]);
    expect(map.distance(0, 1)).toBe(40);
    expect(make({ ranges }).distance(0, 1)).toBe(20);
  });

  it.each<[string, MemoryMapInput, string]>([
    ['a range that is none', { ranges: [null as never] }, 'a range must be { node, start, end }'],
    ['a range without a start', { ranges: [{ node: 0, end: 4096 } as never] }, 'a range must be { node, start, end }'],
    [
      'distances that are none',
      { ranges: [{ node: 0, start: 0, end: 4096 }], distances: [null] as never },
      'distances must be a list of lists',
    ],
    ['no RAM', { ranges: [] }, 'has no whole page of RAM'],
    ['no whole page', { ranges: [range(0, 0x1001, 0x2fff)] }, 'has no whole page of RAM'],
    ['end before start', { ranges: [range(0, 0x2000, 0x1000)] }, 'the end must lie above the start'],
    [
      'overlap',
      { ranges: [range(0, 0x1000, 0x4000), range(1, 0x3000, 0x5000)] },
      'ranges overlap: 0x1000-0x4000 of node 0 and 0x3000-0x5000 of node 1',
    ],
    [
      'beyond the limit',
      { ranges: [range(0, 0, 2 ** 46 + 4096)] },
      "beyond the architecture's physical limit 0x400000000000",
    ],
    ['negative node', { ranges: [range(-1, 0, 0x1000)] }, 'a node must be 0 to 1023'],
    ['fraction', { ranges: [range(0, 0.5, 0x1000)] }, 'whole numbers'],
    ['a node without memory', { ranges: [range(0, 0, 0x1000)], nodes: 2 }, 'node 1 has no memory'],
    [
      'a node too many',
      { ranges: [range(0, 0, 0x1000), range(3, 0x1000, 0x2000)], nodes: 1 },
      'names node 3, but only 1 nodes',
    ],
    ['distances that are no square', { ranges: [range(0, 0, 0x1000)], distances: [[10, 20]] }, 'square'],
    [
      'a distance too small',
      {
        ranges: [range(0, 0, 0x1000), range(1, 0x1000, 0x2000)],
        distances: [
          [10, 9],
          [20, 10],
        ],
      },
      'distance 9 from node 0 to 1',
    ],
  ])('refuses %s', (_, input, message) => {
    expect(() => make(input)).toThrow(
      expect.objectContaining({ code: 'BAD_MEMORY_MAP', message: expect.stringContaining(message) }),
    );
  });
});
