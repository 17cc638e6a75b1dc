import { pageSize } from '@vmemmap/core';
import type { Capture } from '@vmemmap/core/capture';
import type { AuditContext } from '../audit-context.ts';

/** One `hugetlb-optimize` for each size of HugeTLB page whose tails are shared: which pages, the tables say. */
export function hugetlbSteps({ compounds, model }: AuditContext): Capture['steps'] {
  const bySize = new Map<number, { start: number; count: number }[]>();
  for (const { pfn, order, device } of compounds) {
    if (device) continue;
    const size = 2 ** order * pageSize(model);
    const start = pfn * pageSize(model);
    const runs = bySize.get(size) ?? [];
    bySize.set(size, runs);
    const before = runs.at(-1);
    if (before !== undefined && before.start + before.count * size === start) before.count++;
    else runs.push({ start, count: 1 });
  }
  return [...bySize].map(([size, pages]) => ({ op: 'hugetlb-optimize', size, pages, boot: true }));
}
