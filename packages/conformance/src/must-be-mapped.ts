import type { Machine } from '@vmemmap/core';
import type { Fail } from './clause.ts';
import { leavesIn } from './leaf.ts';
import type { Stretch } from './memmap.ts';
import { place } from './place.ts';

/**
 * Fails at the first struct page of the stretch that is not mapped.
 * @param expected what should be there, for the message
 */
export function mustBeMapped(
  machine: Machine,
  { start, end }: Stretch,
  fail: Fail,
  expected: string,
  root?: number,
): void {
  let reached = start;
  for (const { offset, size } of leavesIn(machine, start, end, root)) {
    if (offset > reached) break;
    reached = offset + size;
  }
  if (reached < end) fail({ ...place(machine, reached, root), expected, found: 'nothing is mapped there' });
}

/** Fails at the first leaf that covers any of the stretch. */
export function mustNotBeMapped(machine: Machine, { start, end }: Stretch, fail: Fail, expected: string): void {
  for (const { offset, size } of leavesIn(machine, start, end)) {
    fail({ ...place(machine, Math.max(offset, start)), expected, found: `a leaf of 0x${size.toString(16)} bytes` });
  }
}
