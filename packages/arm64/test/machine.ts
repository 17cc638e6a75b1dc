import { type Arm64Config, arm64 } from '@vmemmap/arm64';
import { boot, type Machine, type MachineOptions, type MemoryRange } from '@vmemmap/core';

export const MiB: number = 2 ** 20;
export const GiB: number = 2 ** 30;

export const range = (node: number, start: number, end: number): MemoryRange => ({ node, start, end });

/** A booted machine; 2 GiB from 1 GiB on, on one node, unless told otherwise. */
export function machine(
  config: Partial<Arm64Config> = {},
  ranges: readonly MemoryRange[] = [range(0, GiB, 3 * GiB)],
  options: Partial<Omit<MachineOptions, 'arch' | 'memory'>> = {},
): Machine {
  return boot({ arch: arm64(config), memory: { ranges }, ...options });
}

/** Sizes of a machine's model, in bytes and pages. */
export function sizes(m: Machine): { page: number; section: number; pages: number; memmap: number } {
  const page = 2 ** m.model.pageShift;
  const section = 2 ** m.model.sectionSizeBits;
  const pages = section / page;
  return { page, section, pages, memmap: pages * m.model.structPageSize };
}

/** The entries of a walk to the struct page of a pfn, root first. */
export function entriesOf(m: Machine, pfn: number): bigint[] {
  return m.translatePage(pfn).steps.map(({ entry }) => entry);
}
