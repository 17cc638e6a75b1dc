import { RangeSet } from '@vmemmap/core';
import type { Leaf } from './leaf.ts';

/** Bytes of memory that leaves map, counting once what several of them map. */
export function uniqueBytes(leaves: readonly Leaf[]): number {
  const memory = new RangeSet();
  for (const { pa, size } of leaves) memory.add(pa, pa + size);
  return memory.size;
}
