// HugeTLB pages: which share their tails, the tables say; which did and no longer do, what is left of a split block says.
import { pageSize } from '@vmemmap/core';
import type { Capture } from '@vmemmap/core/capture';
import type { AuditContext } from '../../audit-context.ts';
import { readHstates } from '../../hstates.ts';

type Step = Capture['steps'][number];

/** A step of a capture that has the tails of HugeTLB pages share memory. */
export type HugetlbOptimize = Extract<Step, { op: 'hugetlb-optimize' }>;

/** A step of a capture that undoes that. */
export type HugetlbRestore = Extract<Step, { op: 'hugetlb-restore' }>;

/** HugeTLB pages of one size as runs, in whatever order they come. */
class Runs {
  readonly #size: number;
  readonly #starts: number[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  add(start: number): void {
    this.#starts.push(start);
  }

  get pages(): { start: number; count: number }[] {
    const runs: { start: number; count: number }[] = [];
    for (const start of this.#starts.sort((a, b) => a - b)) {
      const before = runs.at(-1);
      if (before !== undefined && before.start + before.count * this.#size === start) before.count++;
      else runs.push({ start, count: 1 });
    }
    return runs;
  }
}

/** One step for each size of HugeTLB page and each way that entries of shared tails look: what was done at once looks alike. */
export function hugetlbOptimized({ compounds, model, map }: AuditContext): readonly HugetlbOptimize[] {
  const groups = new Map<string, { size: number; runs: Runs }>();
  for (const { pfn, order, device, run } of compounds) {
    if (device) continue;
    const size = 2 ** order * pageSize(model);
    const key = [order, map.leaves.flagsLo[run.first], map.leaves.flagsHi[run.first]].join();
    const group = groups.get(key) ?? { size, runs: new Runs(size) };
    groups.set(key, group);
    group.runs.add(pfn * pageSize(model));
  }
  return [...groups.values()].map(({ size, runs }) => ({
    op: 'hugetlb-optimize',
    size,
    pages: runs.pages,
    boot: true,
  }));
}

/**
 * HugeTLB pages that were optimised and have all of their struct pages again: their memmap is in blocks that were split,
 * and no longer where the block was, since restoring takes new pages (mm/hugetlb_vmemmap.c:hugetlb_vmemmap_restore_folio).
 * Where all the memmap has base pages, nothing is left to see.
 */
export function hugetlbRestored(audit: AuditContext): readonly HugetlbRestore[] {
  const { kernel, model, map } = audit;
  const format = kernel.context.ops.pageTable?.format;
  if (format === undefined || !kernel.arch.capabilities.includes('huge-pages')) return [];
  const page = pageSize(model);
  const huge = map.sizes[format.pmdLevel]!;
  const { leaves } = map;
  // The largest first: a page of 1 GiB would do as 512 of 2 MiB.
  const orders = (readHstates(kernel) ?? []).map(({ order }) => order).sort((a, b) => b - a);
  // Leaves of pages that share their tails now.
  const shared = new Uint8Array(leaves.count);
  for (const { headLeaf, run } of audit.compounds) shared.fill(1, headLeaf, run.first + run.count);
  const found = new Map<number, Runs>();
  /** True where a leaf of a base page still maps what its place in a block of `huge` bytes says. */
  const inPlace = (n: number): boolean => leaves.pa[n]! % huge === Number(audit.va(leaves.offset[n]!) % BigInt(huge));
  for (let n = 0; n < leaves.count; ) {
    const order = orders.find((one) => {
      const count = (2 ** one * model.structPageSize) / page;
      const pfn = audit.pfn(leaves.offset[n]!);
      if (leaves.level[n]! <= format.pmdLevel || pfn < 0 || pfn % 2 ** one !== 0 || shared[n] === 1) return false;
      if (
        count < 2 ||
        n + count > leaves.count ||
        leaves.offset[n + count - 1] !== leaves.offset[n]! + (count - 1) * page
      )
        return false;
      for (let tail = n + 1; tail < n + count; tail++)
        if (leaves.level[tail]! <= format.pmdLevel || shared[tail] === 1 || inPlace(tail)) return false;
      return true;
    });
    if (order === undefined) {
      n++;
      continue;
    }
    const size = 2 ** order * page;
    const runs = found.get(size) ?? new Runs(size);
    found.set(size, runs);
    runs.add(audit.pfn(leaves.offset[n]!) * page);
    n += (2 ** order * model.structPageSize) / page;
  }
  return [...found].map(([size, runs]) => ({ op: 'hugetlb-restore', size, pages: runs.pages }));
}
