import { hex, pageSize } from '@vmemmap/core';
import type { AuditContext } from '../audit-context.ts';
import type { AuditRule } from '../rule.ts';

/** Why a stretch that a huge page could map has base pages. */
function reasonOf(audit: AuditContext, from: number, to: number): string {
  const { leaves } = audit.map;
  const shared = audit.compounds.filter(({ run }) => run.first < to && from < run.first + run.count);
  if (shared.some(({ device }) => !device)) return 'split by HVO';
  if (shared.length > 0) return 'compound device memory shares its tails';
  const pa = leaves.pa[from]!;
  const span = to - from;
  const page = pageSize(audit.model);
  let contiguous = pa % (span * page) === 0;
  for (let n = from; contiguous && n < to; n++) contiguous = leaves.pa[n] === pa + (n - from) * page;
  return contiguous
    ? 'split, and in one piece still: HVO has restored all of its pages, or somebody split it'
    : 'no block of that size could be had, or a part of a section alone was populated';
}

const SIZE_1: AuditRule = {
  id: 'SIZE-1',
  severity: 'note',
  title: 'whole sections are mapped by huge pages, where the architecture has them',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_hugepages takes a PMD for each whole stretch; base pages cost a table for each, and TLB entries',
  advice:
    'HVO splits by design, and no huge page comes back when it is undone; base pages after hotplug mean that memory was fragmented',
  check(audit, found) {
    const { kernel, map, model } = audit;
    if (!kernel.arch.capabilities.includes('huge-pages')) return;
    const format = kernel.context.ops.pageTable?.format;
    if (format === undefined) return;
    const huge = map.sizes[format.pmdLevel]!;
    const page = pageSize(model);
    const perHuge = huge / page;
    const { leaves } = map;
    for (let n = 0; n < leaves.count; ) {
      const offset = leaves.offset[n]!;
      const aligned = audit.va(offset) % BigInt(huge) === 0n;
      const whole =
        aligned &&
        leaves.level[n]! > format.pmdLevel &&
        n + perHuge <= leaves.count &&
        leaves.offset[n + perHuge - 1] === offset + huge - page;
      if (!whole) {
        n++;
        continue;
      }
      found({
        what: `base pages where a huge page fits: ${reasonOf(audit, n, n + perHuge)}`,
        va: audit.va(offset),
        bytes: huge,
        pfn: Math.max(0, audit.pfn(offset)),
        expected: `a leaf of ${hex(huge)} bytes`,
        found: `${perHuge} of ${hex(page)}`,
      });
      n += perHuge;
    }
  },
};

const NODE_1: AuditRule = {
  id: 'NODE-1',
  severity: 'note',
  title: 'struct pages lie on the node of the memory that they describe',
  why: 'mm/sparse-vmemmap.c:vmemmap_verify warns "[…] potential offnode page_structs": each access goes over the interconnect',
  advice: 'nothing to mend while it runs; the node was out of memory when it was populated',
  check(audit, found) {
    const { map, kernel } = audit;
    const { leaves, sizes } = map;
    const page = pageSize(audit.model);
    for (let n = 0; n < leaves.count; n++) {
      const at = kernel.map.nodeOf(leaves.pa[n]!);
      const of = kernel.map.nodeOf(Math.max(0, audit.pfn(leaves.offset[n]! + sizes[leaves.level[n]!]! - 1)) * page);
      if (at < 0 || of < 0 || at === of) continue;
      found({
        ...audit.leaf(n),
        what: `struct pages of node ${of} lie on node ${at}`,
        expected: `memory of node ${of}`,
        found: `${hex(leaves.pa[n]!)} on node ${at}`,
      });
    }
  },
};

const HVO_1: AuditRule = {
  id: 'HVO-1',
  severity: 'note',
  title: 'which HugeTLB pages do without most of their struct pages',
  why: 'mm/hugetlb_vmemmap.c:hugetlb_vmemmap_optimize_folio',
  advice: 'nothing to do',
  check(audit, found) {
    const page = pageSize(audit.model);
    for (const { pfn, order, run, saved, device } of audit.compounds) {
      found({
        what: `${device ? 'compound device memory' : 'HugeTLB pages'} of ${hex(2 ** order * page)} bytes with shared tails`,
        va: audit.va(audit.offset(pfn)),
        bytes: 2 ** order * audit.model.structPageSize,
        pfn,
        expected: 'tails that share a page',
        found: `${run.count} pages of struct pages at ${hex(run.pa)}, ${hex(saved)} bytes saved`,
      });
    }
  },
};

/** How large leaves are, where they lie, and what is saved. */
export const sizes: readonly AuditRule[] = [SIZE_1, NODE_1, HVO_1];
