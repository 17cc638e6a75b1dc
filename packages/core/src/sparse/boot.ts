import { alignUp } from '../bits.ts';
import type { VmemmapOps } from '../contract/arch.ts';
import type { PopulateContext } from '../contract/context.ts';
import { pageSize, pagesPerSection } from '../contract/model.ts';
import type { Backing } from '../engine/backing.ts';
import type { HugetlbPreinit } from '../hugetlb/preinit.ts';
import { blockRun } from '../memory/block-run.ts';
import type { Memblock } from '../memory/memblock.ts';
import { type MemmapCounters, sectionNrVmemmapPages } from './counters.ts';
import { SECTION_FLAGS, type SectionRun } from './section.ts';
import { populateSectionMemmap } from './section-memmap.ts';
import type { SectionValidity } from './section-validity.ts';
import type { Sections } from './sections.ts';
import { subsectionMapInit } from './subsection-map.ts';

/** PMD_SIZE of the architectures on releases with a sparse buffer is the leaf size of the toolkit's PMD level. */
function sectionMapSize(m: PopulateContext, ops: VmemmapOps): number {
  const bytes = pagesPerSection(m.model) * m.model.structPageSize;
  const table = ops.pageTable;
  return alignUp(bytes, table === undefined ? pageSize(m.model) : table.entrySpan(table.format.pmdLevel));
}

/**
 * memblocks_present() (mm/sparse.c:memory_present): every section that boot memory touches is present and online.
 * A section that two nodes share belongs to the lower range.
 */
function memblocksPresent(m: PopulateContext, sections: Sections): void {
  const bytes = 2 ** m.model.sectionSizeBits;
  const flags = SECTION_FLAGS.MARKED_PRESENT | SECTION_FLAGS.IS_ONLINE;
  for (const { node, start, end } of m.memory.ranges) {
    const from = Math.floor(start / bytes);
    sections.update(from, Math.ceil(end / bytes), (state) => state ?? { flags, nid: node, subsectionMap: 0n });
  }
}

/** What {@link sparseInit} works on. */
export interface SparseBoot {
  readonly m: PopulateContext;
  readonly ops: VmemmapOps;
  readonly sections: Sections;
  readonly validity: SectionValidity;
  /** Gigantic pages of boot that are populated optimised. */
  readonly preinit: HugetlbPreinit;
  readonly counters: MemmapCounters;
  readonly memblock: Memblock;
  readonly backing: Backing;
  /** Called after each run of sections with how many are done and how many there are. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * sparse_init() (mm/sparse.c): populates every present section whole, in order, one run of equal node after the
 * other, and then marks the subsections that are really there.
 */
export function sparseInit(boot: SparseBoot): void {
  const { m, sections } = boot;
  memblocksPresent(m, sections);
  const total = sections.count;
  let done = 0;
  for (const group of nodeGroups(sections)) {
    sparseInitNid(boot, group, (populated) => boot.onProgress?.(done + populated, total));
    done += group.reduce((sum, run) => sum + run.count, 0);
  }
  boot.preinit.initLate();
  // The sections themselves say so from here on.
  boot.validity.booted(0, 0);
  const page = pageSize(m.model);
  for (const { start, end } of m.memory.ranges) subsectionMapInit(sections, m.model, start / page, end / page);
}

// Present sections in order, cut where the node changes; holes do not cut.
function nodeGroups(sections: Sections): SectionRun[][] {
  const groups: SectionRun[][] = [];
  for (const run of sections.runs()) {
    const last = groups[groups.length - 1];
    if (last !== undefined && last[0]!.nid === run.nid) last.push(run);
    else groups.push([run]);
  }
  return groups;
}

const PROGRESS_EVERY = 4096;

function sparseInitNid(boot: SparseBoot, group: readonly SectionRun[], progress: (populated: number) => void): void {
  const { m, ops, sections, validity, counters, backing } = boot;
  const { nid } = group[0]!;
  const pages = pagesPerSection(m.model);
  const count = group.reduce((sum, run) => sum + run.count, 0);
  if (m.release.sparseBuffer) {
    backing.sparseBuffer.init(boot.memblock, count, sectionMapSize(m, ops), m.model.bootGoal, nid, blockRun());
  }
  boot.preinit.initEarly(nid);
  let done = 0;
  for (const run of group.flatMap(({ nr, count: length }) => [...sections.runs(nr, nr + length)])) {
    let nr = run.nr;
    const end = run.nr + run.count;
    if ((run.flags & SECTION_FLAGS.VMEMMAP_PREINIT) !== 0) continue;
    while (nr < end && populateSectionMemmap(m, ops, nr * pages, pages, nid, undefined, undefined)) {
      nr++;
      validity.booted(run.nr, nr);
      if (++done % PROGRESS_EVERY === 0) progress(done);
    }
    // sparse_init_one_section(), for all that went well.
    const flags = SECTION_FLAGS.HAS_MEM_MAP | SECTION_FLAGS.IS_EARLY;
    sections.update(run.nr, nr, (state) => state && { ...state, flags: state.flags | flags });
    counters.nr_memmap_boot_pages += (nr - run.nr) * sectionNrVmemmapPages(m.model, pages);
    if (nr < end) {
      failed(boot, nid, nr, group);
      break;
    }
  }
  backing.sparseBuffer.fini();
  progress(done);
}

// This section and those after it on the node are taken out, or the kernel stops. What HugeTLB has populated stays.
function failed(boot: SparseBoot, nid: number, nr: number, group: readonly SectionRun[]): void {
  const { m, sections } = boot;
  const source = 'mm/sparse.c:sparse_init_nid';
  const message = `node[${nid}] memory map backing failed.`;
  if (m.release.bootFailure === 'panic')
    m.events.stop('panic', 'memmap-backing-failed', source, `${message} (section ${nr})`);
  m.events.record(
    'pr_err',
    'memmap-backing-failed',
    source,
    () => `${message} Some memory will not be available. (section ${nr})`,
  );
  const last = group[group.length - 1]!;
  sections.update(nr, last.nr + last.count, (state) =>
    state !== undefined && (state.flags & SECTION_FLAGS.VMEMMAP_PREINIT) !== 0 ? state : undefined,
  );
}
