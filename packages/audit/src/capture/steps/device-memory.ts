// Memory of devices: their struct pages lead to the dev_pagemap that memremap_pages() was called with.
import { pageSize, pagesPerSection, pagesPerSubsection, SECTION_FLAGS } from '@vmemmap/core';
import type { Capture } from '@vmemmap/core/capture';
import { KernelReader } from '@vmemmap/vmcore';
import type { AuditContext } from '../../audit-context.ts';
import { subsectionMap } from '../../subsections.ts';
import { pageNodes } from './page-nodes.ts';

/** A step of a capture that gives struct pages to a device. */
export type Memremap = Extract<Capture['steps'][number], { op: 'memremap' }>;

/** include/linux/memremap.h: PGMAP_ALTMAP_VALID */
const ALTMAP_VALID = 1;

/** include/linux/memremap.h: enum memory_type has 1 to 5. */
const MOST_TYPE = 5;

/** What is read of a dev_pagemap. */
const MEMBERS = ['type', 'flags', 'vmemmap_shift', 'nr_range', 'range', 'altmap'] as const satisfies readonly string[];

/** One `memremap` for each device whose memory has struct pages, by address; undefined where the kernel says nothing of them. */
export function deviceSteps(audit: AuditContext): readonly Memremap[] | undefined {
  const { kernel, model, pages } = audit;
  const { facts, memory } = kernel;
  const pgmapAt = facts.offset('folio.pgmap') ?? facts.offset('page.pgmap');
  const [type, flags, shift, ranges, range, altmap] = MEMBERS.map((member) => facts.offset(`dev_pagemap.${member}`));
  const [basePfn, reserve, free] = ['base_pfn', 'reserve', 'free'].map((member) =>
    facts.offset(`vmem_altmap.${member}`),
  );
  if (
    pgmapAt === undefined ||
    type === undefined ||
    flags === undefined ||
    shift === undefined ||
    ranges === undefined ||
    range === undefined ||
    altmap === undefined ||
    basePfn === undefined ||
    reserve === undefined ||
    free === undefined
  )
    return undefined;
  const reader = new KernelReader(memory);
  const nodeOf = pageNodes(kernel);
  const steps = new Map<bigint, Memremap>();
  const read = (pgmap: bigint, pfn: number): Memremap | undefined => {
    const kind = reader.u32(pgmap + BigInt(type));
    const count = reader.u32(pgmap + BigInt(ranges));
    if (kind < 1 || kind > MOST_TYPE || count < 1 || count > 1024) return undefined;
    const at = (n: number): bigint => pgmap + BigInt(range + 16 * n);
    const spans = Array.from({ length: count }, (_, n) => ({
      start: Number(reader.u64(at(n))),
      end: Number(reader.u64(at(n) + 8n)) + 1,
    }));
    const pa = pfn * pageSize(model);
    if (!spans.some(({ start, end }) => start <= pa && pa < end)) return undefined;
    const map = pgmap + BigInt(altmap);
    const long = (offset: number): number => Number(reader.u64(map + BigInt(offset)));
    const hasAltmap = (reader.u32(pgmap + BigInt(flags)) & ALTMAP_VALID) !== 0;
    return {
      op: 'memremap',
      id: `device at 0x${spans[0]!.start.toString(16)}`,
      node: nodeOf(pfn),
      ranges: spans,
      vmemmapShift: Number(reader.u64(pgmap + BigInt(shift))),
      altmap: hasAltmap ? { basePfn: long(basePfn), reserve: long(reserve), free: long(free) } : undefined,
    };
  };
  const perSection = pagesPerSection(model);
  const perSubsection = pagesPerSubsection(model);
  for (const section of kernel.sections) {
    const early = (section.flags & SECTION_FLAGS.IS_EARLY) !== 0;
    if (early && (section.flags & SECTION_FLAGS.TAINT_ZONE_DEVICE) === 0) continue;
    if (!early && (section.flags & SECTION_FLAGS.IS_ONLINE) !== 0) continue;
    const map = subsectionMap(kernel, section);
    for (let n = 0; n < perSection / perSubsection; n++) {
      if (((map >> BigInt(n)) & 1n) === 0n) continue;
      const pfn = section.nr * perSection + n * perSubsection;
      // Tails of compounds say where their head is instead; pages that hold the memmap itself say nothing.
      const head = pages.headOf(pfn);
      const bytes = pages.bytes(head);
      if (bytes === undefined) continue;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const pgmap = view.getBigUint64(pgmapAt, memory.byteOrder === 'little');
      if (steps.has(pgmap) || memory.translate(pgmap) === undefined) continue;
      const step = read(pgmap, pfn);
      if (step !== undefined) steps.set(pgmap, step);
    }
  }
  return [...steps.values()].sort((a, b) => a.ranges[0]!.start - b.ranges[0]!.start);
}
