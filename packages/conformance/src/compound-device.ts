import { alignUp, type DeviceOptions, errnoName, type Machine, OK, pageSize } from '@vmemmap/core';
import { type BasePage, basePages } from './base-pages.ts';
import type { Fail } from './clause.ts';
import { memmapOf, type Stretch } from './memmap.ts';
import type { Subject } from './subject.ts';

/** Device memory in compound pages. */
export interface CompoundDevice {
  readonly options: DeviceOptions;
  readonly memmap: Stretch;
  /** Pages of struct pages of one compound. */
  readonly pagesPerCompound: number;
}

/** VMEMMAP_RESERVE_NR is 2 at most: a compound whose struct pages fill four pages shares some on every release. */
const LEAST_PAGES = 4;

/**
 * A device beyond all RAM, in two compounds or more. Undefined where struct pages are no power of two, which nothing is
 * optimised for (include/linux/mm.h:vmemmap_can_optimize).
 * @param size `small`: compounds of a subsection or more; `spanning`: of two sections or more
 */
export function compoundDevice(
  { geometry, arch: { model } }: Subject,
  machine: Machine,
  size: 'small' | 'spanning',
): CompoundDevice | undefined {
  if (!Number.isInteger(Math.log2(model.structPageSize))) return undefined;
  const page = pageSize(model);
  const pages = Math.max(
    (LEAST_PAGES * page) / model.structPageSize,
    size === 'small' ? geometry.pagesPerSubsection : 2 * geometry.pagesPerSection,
  );
  const { sectionBytes, sectionsPerLeaf } = geometry;
  const bytes = 2 * Math.max(pages * page, sectionBytes);
  // Not in a leaf that has struct pages of RAM, either: what lies in one stays there.
  const start = alignUp(machine.memory.end, Math.max(bytes, sectionsPerLeaf * sectionBytes));
  const range = { start, end: start + bytes };
  return {
    options: { id: 'dax0.0', node: machine.memory.nodes[0]!, ranges: [range], vmemmapShift: Math.log2(pages) },
    memmap: memmapOf(machine, start / sectionBytes, bytes / sectionBytes),
    pagesPerCompound: (pages * model.structPageSize) / page,
  };
}

/** memremap_pages() that must succeed. */
export function mustRemap(machine: Machine, { options }: CompoundDevice, fail: Fail): void {
  const errno = machine.devices.memremap(options);
  if (errno === OK) return;
  fail({ machine, expected: 'struct pages for a device', found: errnoName(errno) });
}

/** The pages of struct pages of each compound. */
export function compoundsOf(machine: Machine, { memmap, pagesPerCompound }: CompoundDevice): readonly BasePage[][] {
  const pages = basePages(machine, memmap);
  return Array.from({ length: pages.length / pagesPerCompound }, (_, n) =>
    pages.slice(n * pagesPerCompound, (n + 1) * pagesPerCompound),
  );
}
