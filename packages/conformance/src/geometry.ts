import {
  alignUp,
  type KernelRelease,
  Machine,
  type MemoryMapInput,
  type MemoryModel,
  pageSize,
  pagesPerSection,
  pagesPerSubsection,
  translation,
  type VmemmapArch,
} from '@vmemmap/core';

/**
 * The memory maps that the clauses use.
 *
 * - `one-node`: RAM from 0, a hole, one more section
 * - `two-nodes`: node 0 from 0, a hole, as much on node 1
 * - `partial`: as `one-node`, but the last section is RAM up to a page beyond its middle only
 */
export type MapName = 'one-node' | 'two-nodes' | 'partial';

/** Least RAM of a node, so that tables, huge pages and hot-added memory have room. */
const MIN_NODE_BYTES = 256 * 1024 * 1024;
/** A goal above this is "anywhere" (s390 and x86 have 2 GiB and 16 MiB, powerpc and sparc none). */
const MAX_GOAL = 2 ** 34;
/** Places for memory that is added after boot. */
const SLOTS = 3;

/**
 * Sizes of an architecture, and memory maps that fit them: a section is 16 MiB to 1 GiB of RAM, its struct pages fill
 * less than a leaf, one, or several, and need not be a multiple of one.
 */
export interface Geometry {
  /** Bytes of a base page. */
  readonly pageBytes: number;
  /** Bytes of RAM of a section. */
  readonly sectionBytes: number;
  /** Base pages of a section (PAGES_PER_SECTION). */
  readonly pagesPerSection: number;
  /** Base pages of a subsection (PAGES_PER_SUBSECTION). */
  readonly pagesPerSubsection: number;
  /** Bytes of struct pages of a section. */
  readonly memmapBytes: number;
  /** The largest leaf that struct pages may lie in. */
  readonly leafBytes: number;
  /** Sections that a leaf can have struct pages of. */
  readonly sectionsPerLeaf: number;
  /** First section of a slot in the hole. No leaf for a slot holds struct pages of another slot, or of boot RAM. */
  readonly slots: readonly number[];
  /** The memory map of that name, scaled to the architecture. */
  memory(name: MapName): MemoryMapInput;
}

/** Works the geometry of an architecture on a release out. */
export function geometryOf(arch: VmemmapArch, release: KernelRelease): Geometry {
  const model = arch.modelOn?.(release) ?? arch.model;
  const pageBytes = pageSize(model);
  const sectionBytes = 2 ** model.sectionSizeBits;
  const memmapBytes = pagesPerSection(model) * model.structPageSize;
  const leafBytes = largestLeaf(arch, release, nodeSections(model, 0));
  const sectionsPerLeaf = Math.ceil(leafBytes / memmapBytes);
  // Slots begin with a leaf where the struct pages of whole sections can.
  const sections = alignUp(nodeSections(model, leafBytes), sectionsPerLeaf);
  const gap = 4 * sectionsPerLeaf;
  const slots = Array.from({ length: SLOTS }, (_, slot) => sections + gap * (slot + 1));
  const top = sections + gap * (SLOTS + 1);
  const low = { node: 0, start: 0, end: sections * sectionBytes };
  const high = (node: number, bytes: number): MemoryMapInput => ({
    ranges: [low, { node, start: top * sectionBytes, end: top * sectionBytes + bytes }],
  });
  const maps: Record<MapName, MemoryMapInput> = {
    'one-node': high(0, sectionBytes),
    'two-nodes': high(1, sections * sectionBytes),
    partial: high(0, sectionBytes / 2 + pageBytes),
  };
  return {
    pageBytes,
    sectionBytes,
    pagesPerSection: pagesPerSection(model),
    pagesPerSubsection: pagesPerSubsection(model),
    memmapBytes,
    leafBytes,
    sectionsPerLeaf,
    slots,
    memory: (name) => maps[name],
  };
}

// Sections of a node: enough RAM above the goal that boot allocations ask for, else memblock goes to another node first.
// A block of RAM has to be aligned, which may waste as much again.
function nodeSections({ sectionSizeBits, bootGoal }: MemoryModel, leafBytes: number): number {
  const bytes = Math.max(MIN_NODE_BYTES, 4 * leafBytes) + (bootGoal <= MAX_GOAL ? bootGoal : 0);
  return Math.max(4, Math.ceil(bytes / 2 ** sectionSizeBits));
}

// What a machine of one node has its first struct pages in; and where there is a PMD level for huge pages, not less.
function largestLeaf(arch: VmemmapArch, release: KernelRelease, sections: number): number {
  const model = arch.modelOn?.(release) ?? arch.model;
  const end = sections * 2 ** model.sectionSizeBits;
  const machine = new Machine({ arch, release, memory: { ranges: [{ node: 0, start: 0, end }] } }).boot();
  const at = translation();
  machine.ops.walker.walk(machine.ops.initMm.root, machine.offsetOfPage(0), at);
  const page = pageSize(model);
  const met = at.mapped ? Math.max(at.span, page) : page;
  const table = machine.ops.pageTable;
  if (table === undefined || !arch.capabilities.includes('huge-pages')) return met;
  return Math.max(met, table.entrySpan(table.format.pmdLevel));
}
