import { hex } from '../bits.ts';
import { pageSize } from '../contract/model.ts';
import { leafRuns } from './leaf-runs.ts';
import type { SharingArea, SharingSources } from './sharing.ts';

/**
 * Checks page_count() of every page of struct pages that has, or must have, more references than one: what is mapped many
 * times for a device holds one for each mapping, what HugeTLB pages share only the first.
 * @param shared pages that are mapped many times
 */
export function* wrongReferences(
  sources: SharingSources,
  areas: readonly SharingArea[],
  shared: ReadonlySet<number>,
): Generator<string> {
  const { m, ops } = sources;
  const counted = new Set([...shared, ...m.ram.referenced()]);
  if (counted.size === 0) return;
  const page = pageSize(m.model);
  const mappings = new Map<number, number>();
  const add = (pa: number, count: number): void => {
    if (counted.has(pa)) mappings.set(pa, (mappings.get(pa) ?? 0) + count);
  };
  // Also what is mapped beyond any section holds references.
  const end = Number(m.window.end - m.window.start);
  for (const run of leafRuns(ops.walker, ops.initMm.root, m.memory, 0, end)) {
    if (run.size !== page) continue;
    if (run.paStep === 0) add(run.pa, run.count);
    else for (let n = 0; n < run.count; n++) add(run.pa + n * run.paStep, 1);
  }
  const zoneTails = new Set(m.sharedTails.all().map(({ pa }) => pa));
  const without = withoutReference(areas, page);
  for (const pa of counted) {
    const all = mappings.get(pa) ?? 0;
    // The zone holds the first reference of its tails; of other pages the first mapping does.
    const holders = all - (without.get(pa) ?? 0);
    const wanted = zoneTails.has(pa) ? 1 + holders : Math.max(1, holders);
    const found = m.ram.pageCount(pa);
    if (found !== wanted)
      yield `page ${hex(pa)}: page_count() is ${found}, must be ${wanted} (it is mapped ${all} times)`;
  }
}

// How many mappings of a page are tails of HugeTLB pages, which take no reference.
function withoutReference(areas: readonly SharingArea[], page: number): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { start, compoundBytes, reserve, allShared, tailOf } of areas) {
    if (!allShared) continue;
    const tail = tailOf(start);
    counts.set(tail, (counts.get(tail) ?? 0) + (compoundBytes - reserve) / page);
  }
  return counts;
}
