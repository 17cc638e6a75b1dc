import type { MachineCost } from '@vmemmap/core';
import { sizeText } from '../size.ts';

/** Leaves by size: `16 x 2 MiB, 512 x 4 KiB`. */
export function leavesText({ leaves }: Pick<MachineCost, 'leaves'>): string {
  return leaves.map(({ size, count }) => `${count} x ${sizeText(size)}`).join(', ') || 'none';
}
