import { hex, hex64 } from '../bits.ts';
import type { VmemmapArch, VmemmapOps } from '../contract/arch.ts';
import {
  offsetOfPage,
  pageSize,
  pagesPerSection,
  pagesPerSubsection,
  subsectionsPerSection,
} from '../contract/model.ts';
import { ACCESS, translation } from '../contract/translation.ts';
import type { OptimizedPage } from '../hugetlb/hugetlb-vmemmap.ts';
import { RangeSet } from '../memory/range-set.ts';
import { SECTION_FLAGS } from '../sparse/section.ts';
import type { MachineContext } from './context.ts';
import { type LeafRun, leafRuns } from './leaf-runs.ts';

/** What a look at every struct page found. */
export interface Verification {
  /** Sections looked at. */
  readonly sections: number;
  /** Struct pages reached through the walker. */
  readonly structPages: number;
  /** Leaves they lie in. */
  readonly leaves: number;
  /** Bytes of struct pages that lie on another node than the section they describe. No fault: the kernel warns once. */
  readonly offNode: number;
  /** What is wrong, at most {@link MAX_PROBLEMS} of it. Empty when all is well. */
  readonly problems: readonly string[];
}

/** Problems after which looking stops. */
export const MAX_PROBLEMS = 20;

/** Leaves between two reports of progress. */
const PROGRESS_EVERY = 1 << 16;

/**
 * Walks every struct page of every section that has a memmap and checks that it is mapped, to memory in use that no
 * other part of the memmap uses, writable, for the kernel only, and not executable where the architecture says so. Pages that
 * compounds share may be mapped many times, and read-only.
 */
export function verifyMachine(
  m: MachineContext,
  arch: VmemmapArch,
  ops: VmemmapOps,
  optimized: readonly OptimizedPage[],
  onProgress?: (done: number, total: number) => void,
): Verification {
  const { sections } = m;
  const isShared = sharedFrames(m, ops, optimized);
  // Not to be executable is a promise of its own: not every machine can take that right away.
  const optional = arch.capabilities.includes('no-execute') ? 0 : ACCESS.execute;
  const seen = new RangeSet();
  const problems: string[] = [];
  const total = sections.count;
  let done = 0;
  let leaves = 0;
  let bytes = 0;
  let offNode = 0;
  const va = (offset: number): string => hex64(m.window.start + BigInt(offset));

  // Where the last leaf ends: it may reach beyond its section, and is then met again from the next one.
  let covered = Number.NEGATIVE_INFINITY;
  for (const { pfn, pages, count, nid } of memmaps(m)) {
    const start = offsetOfPage(m.model, m.window, pfn);
    const end = start + pages * m.model.structPageSize;
    const perLeaf = (offset: number): void => {
      if (++leaves % PROGRESS_EVERY === 0)
        onProgress?.(done + Math.floor(((offset - start) / (end - start)) * count), total);
    };
    let reached = start;
    for (const run of leafRuns(ops.walker, ops.initMm.root, m.memory, start, end, perLeaf)) {
      if (run.offset > reached) problems.push(`${va(reached)}: struct pages not mapped up to ${va(run.offset)}`);
      const unclipped = run.offset + run.count * run.size;
      for (const problem of faults(m, without(run, covered), optional, va, seen, isShared)) {
        if (problems.length < MAX_PROBLEMS) problems.push(problem);
        else break;
      }
      const from = Math.max(run.offset, start);
      reached = Math.min(unclipped, end);
      covered = unclipped;
      if (run.node !== nid) offNode += reached - from;
      bytes += reached - from;
      if (problems.length >= MAX_PROBLEMS) break;
    }
    if (reached < end) problems.push(`${va(reached)}: struct pages not mapped up to ${va(end)}`);
    done += count;
    onProgress?.(done, total);
    if (problems.length >= MAX_PROBLEMS) break;
  }
  return {
    sections: done,
    structPages: Math.floor(bytes / m.model.structPageSize),
    leaves,
    offNode,
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

// A run less the leaves that end at or before `covered`.
function without(run: LeafRun, covered: number): LeafRun {
  const skip = Math.min(run.count, Math.max(0, Math.ceil((covered - run.offset) / run.size)));
  return { ...run, offset: run.offset + skip * run.size, pa: run.pa + skip * run.paStep, count: run.count - skip };
}

function* faults(
  m: MachineContext,
  run: LeafRun,
  optional: number,
  va: (offset: number) => string,
  seen: RangeSet,
  isShared: (pa: number) => boolean,
): Generator<string> {
  if (run.count === 0) return;
  const shared = isShared(run.pa);
  // Nobody writes to struct pages that many stand for.
  const needed = shared && (run.access & ACCESS.write) === 0 ? ACCESS.read : ACCESS.read | ACCESS.write;
  if ((run.access | optional) !== (needed | optional)) {
    yield `${va(run.offset)}: access ${accessText(run.access)}, a struct page must have ${accessText(needed)}`;
  }
  // A shared page is one page, however often it is mapped.
  if (shared && run.paStep === 0) {
    if (!m.isBacking(run.pa, run.size)) yield `${va(run.offset)}: mapped to ${hex(run.pa)}, which is not memory in use`;
    seen.add(run.pa, run.pa + run.size);
    return;
  }
  // Leaves side by side in memory are looked at as one block, others one by one.
  const together = Math.abs(run.paStep) === run.size ? run.count : 1;
  for (let n = 0; n < run.count; n += together) {
    const first = run.pa + n * run.paStep;
    const low = run.paStep < 0 ? first + (together - 1) * run.paStep : first;
    const high = low + together * run.size;
    const where = `${va(run.offset + n * run.size)}: mapped to ${hex(low)}-${hex(high)}`;
    if (!m.isBacking(low, high - low)) yield `${where}, which is not memory in use`;
    if (seen.intersects(low, high) && !(together === 1 && isShared(low)))
      yield `${where}, which other struct pages use too`;
    seen.add(low, high);
  }
}

// The parts of the memmap that must be there: early sections as a whole, of others what their subsection map says.
function* memmaps({
  model,
  sections,
}: MachineContext): Generator<{ pfn: number; pages: number; count: number; nid: number }> {
  const pages = pagesPerSection(model);
  const per = pagesPerSubsection(model);
  const all = (1n << BigInt(subsectionsPerSection(model))) - 1n;
  for (const { nr, count, flags, nid, subsectionMap } of sections.runs()) {
    if ((flags & SECTION_FLAGS.HAS_MEM_MAP) === 0) continue;
    if ((flags & SECTION_FLAGS.IS_EARLY) !== 0 || subsectionMap === all) {
      yield { pfn: nr * pages, pages: count * pages, count, nid };
      continue;
    }
    for (let section = nr; section < nr + count; section++) {
      let counted = 1;
      for (let bit = 0; subsectionMap >> BigInt(bit) > 0n; ) {
        const first = bit;
        while (((subsectionMap >> BigInt(bit)) & 1n) === 1n) bit++;
        if (bit > first) {
          yield { pfn: section * pages + first * per, pages: (bit - first) * per, count: counted, nid };
          counted = 0;
        } else bit++;
      }
    }
  }
}

// Which frames compounds may share: tails of a zone, pages with a reference for each mapping, and, on releases where each HugeTLB
// page keeps to itself, its head.
function sharedFrames(
  m: MachineContext,
  ops: VmemmapOps,
  optimized: readonly OptimizedPage[],
): (pa: number) => boolean {
  const frames = new Set(m.sharedTails.all().map(({ pa }) => pa));
  if (m.release.hugetlbTail === 'own-head') {
    const head = translation();
    for (const { start } of optimized) {
      ops.walker.walk(ops.initMm.root, offsetOfPage(m.model, m.window, start / pageSize(m.model)), head);
      if (head.mapped) frames.add(head.pa);
    }
  }
  return (pa) => frames.has(pa) || m.ram.pageCount(pa) > 1;
}

function accessText(access: number): string {
  return (
    (Object.keys(ACCESS) as (keyof typeof ACCESS)[]).filter((name) => (access & ACCESS[name]) !== 0).join('+') || 'none'
  );
}
