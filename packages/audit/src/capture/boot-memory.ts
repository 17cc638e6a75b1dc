// RAM of boot to the page: what /proc/iomem calls "System RAM", from the kernel's own tree of resources.
import { pageSize, SECTION_FLAGS } from '@vmemmap/core';
import type { DumpKernel } from '../kernel.ts';
import type { Resource } from './resources.ts';

/** A range of RAM, in bytes of physical address. */
export interface Ram {
  readonly node: number;
  readonly start: number;
  readonly end: number;
}

/** RAM as far as it lies in sections of boot, in whole pages. */
export function bootMemory(kernel: DumpKernel, resources: readonly Resource[]): readonly Ram[] {
  const { model } = kernel.context;
  const page = pageSize(model);
  const section = 2 ** model.sectionSizeBits;
  const early = new Set(
    kernel.sections.filter(({ flags }) => (flags & SECTION_FLAGS.IS_EARLY) !== 0).map(({ nr }) => nr),
  );
  const ranges: { node: number; start: number; end: number }[] = [];
  for (const resource of resources) {
    const start = Math.ceil(resource.start / page) * page;
    const end = Math.floor(resource.end / page) * page;
    if (!resource.ram || end > 2 ** model.maxPhysmemBits) continue;
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
