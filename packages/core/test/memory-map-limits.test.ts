import { MemoryMap, type MemoryMapInput } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { ResourceTree } from '../src/memory/resources.ts';

const PAGE = 4096;
const make = (input: MemoryMapInput) => new MemoryMap(input, PAGE, 46);
const range = (node: number, start: number, end: number) => ({ node, start, end });
const one = range(0, 0, PAGE);
const two = range(1, PAGE, 2 * PAGE);

describe('the limits of a memory map', () => {
  it('are nodes 0 to 1023', () => {
    const all = Array.from({ length: 1024 }, (_, node) => range(node, node * PAGE, (node + 1) * PAGE));
    expect(make({ nodes: 1024, ranges: all }).nodes).toHaveLength(1024);
    for (const nodes of [0, 1025, 1.5]) expect(() => make({ nodes, ranges: all })).toThrow(/must be 1 to 1024/);
    for (const node of [-1, 1024, 0.5])
      expect(() => make({ ranges: [range(node, 0, PAGE)] })).toThrow(/a node must be 0 to 1023/);
  });

  it('are the nodes that are declared', () => {
    expect(make({ nodes: 2, ranges: [one, two] }).nodes).toEqual([0, 1]);
    expect(() => make({ nodes: 1, ranges: [one, two] })).toThrow(/names node 1, but only 1 nodes/);
    expect(() => make({ nodes: 3, ranges: [one, two] })).toThrow(/node 2 has no memory/);
  });

  it('are distances of 10 on a node and more between two', () => {
    const distances = (between: number) => [
      [10, between],
      [between, 10],
    ];
    expect(make({ ranges: [one, two], distances: distances(11) }).distance(0, 1)).toBe(11);
    for (const between of [9, 10, 256])
      expect(() => make({ ranges: [one, two], distances: distances(between) })).toThrow();
  });
});

describe('resources', () => {
  it('that only touch what is removed stay as they are', () => {
    const tree = new ResourceTree([one]);
    expect(tree.add('device', PAGE, 2 * PAGE)).toBe(true);
    expect(tree.add('device', 2 * PAGE, 3 * PAGE)).toBe(true);
    tree.remove(PAGE, 2 * PAGE);
    expect(tree.isFree(PAGE, 2 * PAGE)).toBe(true);
    expect([tree.isFree(PAGE - 1, PAGE), tree.isFree(2 * PAGE, 2 * PAGE + 1)]).toEqual([false, false]);
    expect(tree.add('device', 0, 1)).toBe(false);
  });
});

describe('the limits of addresses and distances', () => {
  it('include the last byte that the architecture has', () => {
    expect(make({ ranges: [range(0, 2 ** 46 - PAGE, 2 ** 46)] }).ranges).toHaveLength(1);
    expect(() => make({ ranges: [range(0, 2 ** 46 - PAGE, 2 ** 46 + PAGE)] })).toThrow(/physical limit/);
  });

  it('are 255 between nodes, and a row for each node', () => {
    const distances = (between: number) => [
      [10, between],
      [between, 10],
    ];
    expect(make({ ranges: [one, two], distances: distances(255) }).distance(1, 0)).toBe(255);
    expect(() => make({ ranges: [one, two], distances: [[10]] })).toThrow();
  });
});
