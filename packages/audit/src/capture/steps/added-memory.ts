// Memory that was added to the running machine: sections that are not of boot, and no device's.
import { pageSize, SECTION_FLAGS } from '@vmemmap/core';
import type { Capture } from '@vmemmap/core/capture';
import { KernelReader } from '@vmemmap/vmcore';
import type { AuditContext } from '../../audit-context.ts';
import type { Resource } from '../resources.ts';
import { pageNodes } from './page-nodes.ts';

/** A step of a capture that adds memory. */
export type HotplugAdd = Extract<Capture['steps'][number], { op: 'hotplug-add' | 'kmem-online' }>;

/**
 * One `hotplug-add` for each resource of RAM that sections which are not of boot are in, by address; one for all of them
 * that join where the kernel says nothing of its resources.
 */
export function addedMemory(audit: AuditContext, resources: readonly Resource[]): readonly HotplugAdd[] {
  const { kernel, model } = audit;
  const section = 2 ** model.sectionSizeBits;
  const later = kernel.sections.filter(
    ({ flags }) => (flags & SECTION_FLAGS.IS_EARLY) === 0 && (flags & SECTION_FLAGS.IS_ONLINE) !== 0,
  );
  if (later.length === 0) return [];
  const anywhere: Resource = { start: 0, end: Number.POSITIVE_INFINITY, ram: true };
  const ram = resources.length === 0 ? [anywhere] : resources.filter((resource) => resource.ram);
  const blockSize = blockSizeOf(audit);
  const nodeOf = pageNodes(kernel);
  // Resources may have been merged, or removed in parts: only what still has sections counts.
  const runs: { resource: Resource; start: number; end: number }[] = [];
  for (const { nr } of later) {
    const start = nr * section;
    const end = start + section;
    const resource = ram.find((one) => one.start <= start && end <= one.end);
    if (resource === undefined) continue;
    const before = runs.at(-1);
    if (before?.resource === resource && before.end === start) before.end = end;
    else runs.push({ resource, start, end });
  }
  return runs.map(({ start, end }) => ({
    op: 'hotplug-add',
    // The first pages of a block may hold its memmap, and say nothing.
    node: nodeOf(end / pageSize(model) - 1),
    start,
    end,
    blockSize,
    memmapOnMemory: holdsItsMemmap(audit, start, blockSize),
  }));
}

/** drivers/base/memory.c: sections_per_block. */
function blockSizeOf({ kernel, model }: AuditContext): number {
  const at = kernel.facts.symbol('sections_per_block');
  const sections = at === undefined ? 1 : new KernelReader(kernel.memory).u32(at);
  return Math.max(1, sections) * 2 ** model.sectionSizeBits;
}

/** True when the struct pages of a memory block lie at its own beginning (mm/memory_hotplug.c:create_altmaps_and_memory_blocks). */
function holdsItsMemmap(audit: AuditContext, start: number, blockSize: number): boolean {
  const { map, model } = audit;
  const last = audit.offset((start + blockSize) / pageSize(model)) - 1;
  const leaf = map.leaves.firstAt(last, map.sizes);
  if (leaf >= map.leaves.count) return false;
  const pa = map.leaves.pa[leaf]! + last - map.leaves.offset[leaf]!;
  return start <= pa && pa < start + blockSize;
}
