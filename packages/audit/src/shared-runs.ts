// Leaves that map the same page: the tails of compound pages, when they are what HVO makes of them.
import type { WindowMap } from './window-map.ts';

/** Leaves one after the other that map one page, which other leaves may map, too. */
export interface SharedRun {
  /** Number of the first leaf. */
  readonly first: number;
  /** How many. */
  readonly count: number;
  /** The page. */
  readonly pa: number;
}

/**
 * Runs of leaves whose page is mapped more than once, by address. A run ends where another page begins, or a hole.
 */
export function sharedRuns({ leaves, sizes }: WindowMap): readonly SharedRun[] {
  const times = new Map<number, number>();
  // A page that is mapped once is most often followed by another: only what is met again is counted.
  for (let n = 0; n < leaves.count; n++) {
    const pa = leaves.pa[n]!;
    times.set(pa, (times.get(pa) ?? 0) + 1);
  }
  const runs: { first: number; count: number; pa: number }[] = [];
  if (times.size === leaves.count) return runs;
  for (let n = 0; n < leaves.count; n++) {
    const pa = leaves.pa[n]!;
    if (times.get(pa) === 1) continue;
    const before = runs.at(-1);
    const follows =
      before !== undefined &&
      before.pa === pa &&
      before.first + before.count === n &&
      leaves.offset[n - 1]! + sizes[leaves.level[n - 1]!]! === leaves.offset[n];
    if (follows) before.count++;
    else runs.push({ first: n, count: 1, pa });
  }
  return runs;
}
