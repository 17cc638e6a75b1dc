import { hex } from '../bits.ts';
import { pageSize, pfnOfOffset } from '../contract/model.ts';
import { PageStructs } from '../hugetlb/page-structs.ts';
import { NO_HEAD, type StructPageReader, wrongHead } from './compound-head.ts';
import { leafRuns } from './leaf-runs.ts';
import type { SharingArea, SharingSources } from './sharing.ts';

/**
 * Reads the struct pages of every compound that shares some and checks that each leads to the head. What HugeTLB pages hold is
 * known; that of devices is what memmap_init_zone_device() would have written.
 */
export function* wrongHeads(
  sources: SharingSources,
  reader: StructPageReader,
  areas: readonly SharingArea[],
): Generator<string> {
  const { model, window } = sources.m;
  for (const area of areas) {
    const structs = area.allShared ? sources.hugetlb.structs : initialised(sources, area);
    for (let at = area.start; at < area.end; at += area.compoundBytes) {
      const head = pfnOfOffset(model, window, at);
      const pages = (Math.min(at + area.compoundBytes, area.end) - at) / model.structPageSize;
      const found = wrongHead(reader, head, pages, structs);
      if (found === undefined) continue;
      const leads = found.head === NO_HEAD ? 'no head' : `pfn ${hex(found.head)}`;
      yield `pfn ${hex(found.pfn)}: its struct page leads to ${leads}, the head of its compound is ${hex(head)}`;
    }
  }
}

// memmap_init_compound() (mm/mm_init.c) for every compound: through the map, so what is shared is written by all that share it.
function initialised({ m, ops }: SharingSources, area: SharingArea): PageStructs {
  const structs = new PageStructs();
  const page = pageSize(m.model);
  const { order, start, end, compoundBytes } = area;
  for (let at = start; at < end; at += compoundBytes) {
    const tail = area.tailOf(at);
    const headPfn = pfnOfOffset(m.model, m.window, at);
    const next = Math.min(at + compoundBytes, end);
    // Tails of a zone are filled when they are made, and lead to no head of their own.
    if (tail >= 0) structs.write(tail, { order, headPfn: area.ofZone ? undefined : headPfn, hasHead: false });
    for (const run of leafRuns(ops.walker, ops.initMm.root, m.memory, at, next)) {
      const from = Math.max(run.offset, at);
      const to = Math.min(run.offset + run.count * run.size, next);
      if (run.paStep === 0 && run.pa === tail) continue;
      for (let offset = from; offset < to; offset += page) {
        const n = Math.floor((offset - run.offset) / run.size);
        const pa = run.pa + n * run.paStep + ((offset - run.offset) % run.size);
        if (pa !== tail) structs.write(pa, { order, headPfn, hasHead: offset === at });
      }
    }
  }
  return structs;
}
