// RAM of boot to the page: what /proc/iomem calls "System RAM", from the kernel's own tree of resources.
import { pageSize, SECTION_FLAGS } from '@vmemmap/core';
import { KernelReader } from '@vmemmap/vmcore';
import type { DumpKernel } from '../kernel.ts';

/** include/linux/ioport.h: IORESOURCE_SYSTEM_RAM, i.e. IORESOURCE_MEM and IORESOURCE_SYSRAM. */
const SYSTEM_RAM = 0x0100_0200n;

/** include/linux/ioport.h: struct resource is start, end, name, flags, desc, parent, sibling, child. */
const RESOURCE = { start: 0n, end: 8n, flags: 24n, sibling: 48n, child: 56n };

/** A range of RAM, in bytes of physical address. */
export interface Ram {
  readonly node: number;
  readonly start: number;
  readonly end: number;
}

/**
 * System RAM of the resource tree as far as it lies in sections of boot, in whole pages.
 * @throws VmemmapError `NOT_IN_DUMP`
 */
export function ramOfResources(kernel: DumpKernel): readonly Ram[] {
  const root = kernel.facts.symbol('iomem_resource');
  if (root === undefined) return [];
  const reader = new KernelReader(kernel.memory);
  const { model } = kernel.context;
  const page = pageSize(model);
  const section = 2 ** model.sectionSizeBits;
  const early = new Set(
    kernel.sections.filter(({ flags }) => (flags & SECTION_FLAGS.IS_EARLY) !== 0).map(({ nr }) => nr),
  );
  const ranges: { node: number; start: number; end: number }[] = [];
  const seen = new Set<bigint>();
  for (let at = reader.pointer(root + RESOURCE.child); at !== 0n && !seen.has(at); ) {
    seen.add(at);
    const start = Math.ceil(Number(reader.u64(at + RESOURCE.start)) / page) * page;
    const end = Math.floor((Number(reader.u64(at + RESOURCE.end)) + 1) / page) * page;
    const isRam = (reader.u64(at + RESOURCE.flags) & SYSTEM_RAM) === SYSTEM_RAM;
    at = reader.pointer(at + RESOURCE.sibling);
    if (!isRam || end > 2 ** model.maxPhysmemBits) continue;
    for (let from = start; from < end; ) {
      const to = Math.min(end, (Math.floor(from / section) + 1) * section);
      if (early.has(Math.floor(from / section))) {
        const before = ranges.at(-1);
        const node = Math.max(0, kernel.map.nodeOf(from));
        if (before?.end === from && before.node === node) before.end = to;
        else ranges.push({ node, start: from, end: to });
      }
      from = to;
    }
  }
  return ranges;
}
