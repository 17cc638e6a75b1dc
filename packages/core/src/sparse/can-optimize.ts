import type { PopulateContext } from '../contract/context.ts';
import { pageSize } from '../contract/model.ts';
import { type DevPagemap, pgmapVmemmapNr } from '../contract/pgmap.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import type { KernelRelease } from '../release.ts';

/** VMEMMAP_RESERVE_NR (include/linux/mm.h): pages of struct pages that a compound of device memory keeps to itself. */
export function vmemmapReserveNr({ daxTail }: KernelRelease): number {
  return daxTail === 'zone' ? 1 : 2;
}

/**
 * vmemmap_can_optimize() (include/linux/mm.h): compound device memory may share the pages of its tails, when the architecture
 * wants that (capability `optimize-dax-vmemmap`), struct pages are a power of two, and no altmap is used.
 */
export function vmemmapCanOptimize(
  m: PopulateContext,
  altmap: VmemAltmap | undefined,
  pgmap: DevPagemap | undefined,
): pgmap is DevPagemap {
  const { structPageSize } = m.model;
  if (!m.optimizesDax || pgmap === undefined || altmap !== undefined) return false;
  if (!Number.isInteger(Math.log2(structPageSize))) return false;
  return (pgmapVmemmapNr(pgmap) * structPageSize) / pageSize(m.model) > vmemmapReserveNr(m.release);
}

/**
 * Whether vmemmap_populate() itself is to populate compound device memory: on releases that leave it to the architecture,
 * for memory that can be optimised.
 */
export function populatesCompoundPages(
  m: PopulateContext,
  altmap: VmemAltmap | undefined,
  pgmap: DevPagemap | undefined,
): pgmap is DevPagemap {
  return m.release.compoundPages === 'arch' && vmemmapCanOptimize(m, altmap, pgmap);
}
