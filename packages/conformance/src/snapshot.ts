import type { Machine } from '@vmemmap/core';
import { type Leaf, leafText, leavesIn } from './leaf.ts';
import type { Stretch } from './memmap.ts';

/** The leaves of a stretch at one time. */
export function leavesOf(machine: Machine, stretches: readonly Stretch[], root?: number): readonly Leaf[] {
  const found: Leaf[] = [];
  for (const { start, end } of stretches) for (const leaf of leavesIn(machine, start, end, root)) found.push(leaf);
  return found;
}

/** The first leaf that differs, as text; undefined when all are the same. */
export function firstChange(
  before: readonly Leaf[],
  after: readonly Leaf[],
): { offset: number; text: string } | undefined {
  const count = Math.max(before.length, after.length);
  for (let n = 0; n < count; n++) {
    const old = before[n];
    const now = after[n];
    const from = old === undefined ? 'nothing' : leafText(old);
    const to = now === undefined ? 'nothing' : leafText(now);
    if (from !== to) return { offset: (old ?? now)!.offset, text: `${from} became ${to}` };
  }
  return undefined;
}
