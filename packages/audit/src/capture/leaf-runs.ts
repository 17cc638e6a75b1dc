import { toU64 } from '@vmemmap/core';
import type { CaptureLeaves } from '@vmemmap/core/capture';
import type { WindowMap } from '../window-map.ts';

/**
 * Leaves of a window as runs: one after the other, alike in level and flags, at equal steps of physical address.
 * @param start virtual address of the window
 * @param names of the levels, root first; none where no table has the leaves
 */
export function captureLeaves(
  { leaves, sizes }: WindowMap,
  start: bigint,
  names: readonly string[],
): readonly CaptureLeaves[] {
  const runs: CaptureLeaves[] = [];
  const alike = (a: number, b: number): boolean =>
    leaves.level[a] === leaves.level[b] &&
    leaves.flagsLo[a] === leaves.flagsLo[b] &&
    leaves.flagsHi[a] === leaves.flagsHi[b] &&
    leaves.offset[b]! - leaves.offset[a]! === sizes[leaves.level[a]!];
  for (let first = 0; first < leaves.count; ) {
    let end = first + 1;
    const step = end < leaves.count ? leaves.pa[end]! - leaves.pa[first]! : 0;
    while (end < leaves.count && alike(end - 1, end) && leaves.pa[end]! - leaves.pa[end - 1]! === step) end++;
    const level = leaves.level[first]!;
    const inTables = names.length > 0;
    runs.push({
      va: BigInt.asUintN(64, start + BigInt(leaves.offset[first]!)),
      pa: leaves.pa[first]!,
      leafSize: sizes[level]!,
      level: inTables ? names[level]! : null,
      count: end - first,
      ...(end - first > 1 ? { paStep: BigInt(step) } : {}),
      rawFlags: inTables ? toU64(leaves.flagsLo[first]!, leaves.flagsHi[first]!) : null,
      firstRaw: inTables ? toU64(leaves.lo[first]!, leaves.hi[first]!) : null,
    });
    first = end;
  }
  return runs;
}
