import { hex, hex64 } from '../bits.ts';
import { offsetOfPage, pageSize } from '../contract/model.ts';
import { ACCESS } from '../contract/translation.ts';
import { RangeSet } from '../memory/range-set.ts';
import { encodeSectionMemMap, SECTION_FLAGS, sectionMapMask } from '../sparse/section.ts';
import type { StructPageReader } from './compound-head.ts';
import type { MachineContext } from './context.ts';
import { type LeafRun, leafRuns } from './leaf-runs.ts';
import type { Machine } from './machine.ts';
import { memmapParts } from './memmap-parts.ts';
import { wrongReferences } from './references.ts';
import { type SharingArea, sharingAreas } from './sharing.ts';
import { wrongHeads } from './wrong-heads.ts';

/** What a look at every struct page found. */
export interface Verification {
  /** Sections looked at. */
  readonly sections: number;
  /** Struct pages reached through the walker. */
  readonly structPages: number;
  /** Leaves they lie in. */
  readonly leaves: number;
  /**
   * Pages of memory that these leaves map, each counted once. The memmap counters say the same, save that they do not know
   * of what huge leaves reach beyond, of HugeTLB's shared tails, and of a page that two sections share.
   */
  readonly pages: number;
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
 * other part of the memmap uses, writable, for the kernel only, and not executable where the architecture says so. Tails
 * of a compound that is optimised may map what the compound, or its zone, shares; the references of what is shared are counted,
 * and each struct page must lead to the head of its compound.
 */
export function verifyMachine(
  m: MachineContext,
  machine: StructPageReader & Pick<Machine, 'arch' | 'ops' | 'hugetlb' | 'devices'>,
  onProgress?: (done: number, total: number) => void,
): Verification {
  const { arch, ops, hugetlb, devices } = machine;
  const { sections } = m;
  const sources = { m, ops, hugetlb, devices };
  const areas = sharingAreas(sources);
  // Not to be executable is a promise of its own: not every machine can take that right away.
  const optional = arch.capabilities.includes('no-execute') ? 0 : ACCESS.execute;
  const va = (offset: number): string => hex64(m.window.start + BigInt(offset));
  const look: Look = { m, optional, va, areas, area: 0, seen: new RangeSet(), shared: new Set() };
  const problems: string[] = [];
  const note = (found: Iterable<string>): boolean => {
    for (const problem of found) if (problems.push(problem) >= MAX_PROBLEMS) return false;
    return true;
  };
  const total = sections.count;
  let done = 0;
  let walked = 0;
  let leaves = 0;
  let bytes = 0;
  let offNode = 0;

  note(wrongSectionMemMaps(m));
  // Where the last leaf ends: it may reach beyond its section, and is then met again from the next one.
  let covered = Number.NEGATIVE_INFINITY;
  for (const { pfn, pages, count, nid } of memmapParts(m)) {
    const start = offsetOfPage(m.model, m.window, pfn);
    const end = start + pages * m.model.structPageSize;
    const perLeaf = (offset: number): void => {
      if (++walked % PROGRESS_EVERY === 0)
        onProgress?.(done + Math.floor(((offset - start) / (end - start)) * count), total);
    };
    let reached = start;
    for (const run of leafRuns(ops.walker, ops.initMm.root, m.memory, start, end, perLeaf)) {
      if (run.offset > reached) problems.push(`${va(reached)}: struct pages not mapped up to ${va(run.offset)}`);
      const unclipped = run.offset + run.count * run.size;
      const fresh = without(run, covered);
      leaves += fresh.count;
      const more = note(faults(look, fresh));
      const from = Math.max(run.offset, start);
      reached = Math.min(unclipped, end);
      covered = unclipped;
      if (run.node !== nid) offNode += reached - from;
      bytes += reached - from;
      if (!more || problems.length >= MAX_PROBLEMS) break;
    }
    if (reached < end) problems.push(`${va(reached)}: struct pages not mapped up to ${va(end)}`);
    done += count;
    onProgress?.(done, total);
    if (problems.length >= MAX_PROBLEMS) break;
  }
  if (problems.length < MAX_PROBLEMS && note(wrongReferences(sources, areas, look.shared)))
    note(wrongHeads(sources, machine, areas));
  return {
    sections: done,
    structPages: Math.floor(bytes / m.model.structPageSize),
    leaves,
    pages: Math.ceil(look.seen.size / pageSize(m.model)),
    offNode,
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

/** What is known on the way through the leaves. */
interface Look {
  readonly m: MachineContext;
  /** Rights that do not matter. */
  readonly optional: number;
  readonly va: (offset: number) => string;
  readonly areas: readonly SharingArea[];
  /** The first area that does not end before the leaves to come. */
  area: number;
  /** Memory that leaves map. */
  readonly seen: RangeSet;
  /** Pages that were met as tails of a compound. */
  readonly shared: Set<number>;
}

// SECTION_MAP_MASK of section_mem_map is `vmemmap` for every section: no flag falls on a bit of the address.
function* wrongSectionMemMaps({ sections, window, release }: MachineContext): Generator<string> {
  const mask = sectionMapMask(release);
  const base = BigInt.asUintN(64, window.base);
  for (const run of sections.runs()) {
    if ((run.flags & SECTION_FLAGS.HAS_MEM_MAP) === 0) continue;
    const found = encodeSectionMemMap(run, window, release) & mask;
    if (found !== base) yield `section ${run.nr}: section_mem_map leads to ${hex64(found)}, not to ${hex64(base)}`;
  }
}

// A run less the leaves that end at or before `covered`.
function without(run: LeafRun, covered: number): LeafRun {
  const skip = Math.min(run.count, Math.max(0, Math.ceil((covered - run.offset) / run.size)));
  return { ...run, offset: run.offset + skip * run.size, pa: run.pa + skip * run.paStep, count: run.count - skip };
}

// What is wrong with the leaves of a run: cut where compounds begin or end that share pages.
function* faults(look: Look, run: LeafRun): Generator<string> {
  const { areas } = look;
  const end = run.offset + run.count * run.size;
  let at = run.offset;
  while (at < end) {
    while (look.area < areas.length && areas[look.area]!.end <= at) look.area++;
    const area = areas[look.area];
    // A leaf that reaches into an area from before it is no page of a compound's own.
    if (area === undefined || area.start >= end) {
      yield* privateFaults(look, part(run, at, end));
      return;
    }
    const next = Math.min(end, at < area.start ? area.start : area.end);
    const cut = Math.min(end, run.offset + Math.ceil((next - run.offset) / run.size) * run.size);
    if (at < area.start) yield* privateFaults(look, part(run, at, cut));
    else yield* compoundFaults(look, area, part(run, at, cut));
    at = cut;
  }
}

function part(run: LeafRun, from: number, to: number): LeafRun {
  const skip = (from - run.offset) / run.size;
  return { ...run, offset: from, pa: run.pa + skip * run.paStep, count: (to - from) / run.size };
}

// Leaves of compounds: tails may map what is shared, all else is as everywhere.
function* compoundFaults(look: Look, area: SharingArea, run: LeafRun): Generator<string> {
  const { m, va, optional } = look;
  const page = pageSize(m.model);
  let rightsTold = false;
  for (let n = 0; n < run.count; n++) {
    const offset = run.offset + n * run.size;
    const pa = run.pa + n * run.paStep;
    const inside = (offset - area.start) % area.compoundBytes;
    const tail = inside >= area.reserve ? area.tailOf(offset - inside) : -1;
    if (run.size !== page || tail < 0 || pa !== tail) {
      if (area.allShared && inside >= area.reserve)
        yield `${va(offset)}: mapped to ${hex(pa)}, a tail of this HugeTLB page must map ${tail < 0 ? 'a shared page' : hex(tail)}`;
      yield* privateFaults(look, part(run, offset, offset + run.size));
      continue;
    }
    // Nobody writes to struct pages that stand for those of many compounds.
    const needed = area.readOnly ? ACCESS.read : ACCESS.read | ACCESS.write;
    if (!rightsTold && (run.access | optional) !== (needed | optional)) {
      rightsTold = true;
      yield wrongAccess(look, run, offset, needed);
    }
    if (look.shared.has(pa)) continue;
    look.shared.add(pa);
    if (!m.isBacking(pa, page)) yield `${va(offset)}: mapped to ${hex(pa)}, which is not memory in use`;
    // A compound's own tail is its second page, or its first, and was met as that.
    if (area.ofZone && look.seen.intersects(pa, pa + page))
      yield `${va(offset)}: mapped to ${hex(pa)}, which other struct pages use too`;
    look.seen.add(pa, pa + page);
  }
}

// Leaves that map memory of their own.
function* privateFaults(look: Look, run: LeafRun): Generator<string> {
  const { m, va, optional, seen } = look;
  if (run.count === 0) return;
  const needed = ACCESS.read | ACCESS.write;
  if ((run.access | optional) !== (needed | optional)) yield wrongAccess(look, run, run.offset, needed);
  // Leaves side by side in memory are looked at as one block, others one by one.
  const together = Math.abs(run.paStep) === run.size ? run.count : 1;
  for (let n = 0; n < run.count; n += together) {
    const first = run.pa + n * run.paStep;
    const low = run.paStep < 0 ? first + (together - 1) * run.paStep : first;
    const high = low + together * run.size;
    const where = `${va(run.offset + n * run.size)}: mapped to ${hex(low)}-${hex(high)}`;
    if (!m.isBacking(low, high - low)) yield `${where}, which is not memory in use`;
    if (seen.intersects(low, high)) yield `${where}, which other struct pages use too`;
    seen.add(low, high);
  }
}

function wrongAccess({ va }: Look, run: LeafRun, offset: number, needed: number): string {
  return `${va(offset)}: access ${accessText(run.access)}, a struct page must have ${accessText(needed)}`;
}

function accessText(access: number): string {
  return (
    (Object.keys(ACCESS) as (keyof typeof ACCESS)[]).filter((name) => (access & ACCESS[name]) !== 0).join('+') || 'none'
  );
}
