import { hex, pageSize, pagesPerSection, RangeSet, whyNotOptimizable } from '@vmemmap/core';
import { KernelReader } from '@vmemmap/vmcore';
import type { AuditContext } from '../audit-context.ts';
import { readHstates } from '../hstates.ts';
import type { AuditRule } from '../rule.ts';

/** A counter of the kernel, an atomic_long_t. */
function counter({ kernel }: AuditContext, symbol: string): number | undefined {
  const va = kernel.facts.symbol(symbol);
  if (va === undefined) return undefined;
  return Number(BigInt.asIntN(64, new KernelReader(kernel.memory).u64(va)));
}

// What is known to make the counters wrong, where it explains just as many pages.
function culprit({ compounds, kernel, model }: AuditContext, missing: number): string {
  const tails = new Set(compounds.filter(({ device }) => !device).map(({ run }) => run.pa)).size;
  if (missing === tails && kernel.release.hugetlbTail === 'zone') {
    const [pages, are] = tails === 1 ? ['page', 'is'] : [`${tails} pages`, 'are'];
    return `: the ${pages} that HugeTLB pages share for their tails ${are} in no counter (mm/hugetlb_vmemmap.c:vmemmap_get_tail)`;
  }
  const bytes = pagesPerSection(model) * model.structPageSize;
  const page = pageSize(model);
  const sections = kernel.sections.length;
  const rounded = sections * Math.ceil(bytes / page) - Math.ceil((sections * bytes) / page);
  return rounded > 0 && missing === -rounded
    ? ': each section counts as whole pages, though several share one (mm/sparse-vmemmap.c:section_nr_vmemmap_pages rounds up)'
    : '';
}

const CNT_1: AuditRule = {
  id: 'CNT-1',
  severity: 'warning',
  title: 'nr_memmap_pages and nr_memmap_boot_pages together are the pages that hold struct pages',
  why: 'mm/vmstat.c: memmap_pages_add(), memmap_boot_pages_add(); /proc/vmstat shows them, and tools reckon with them',
  advice: 'the numbers in /proc/vmstat are off by that much; nothing else is wrong',
  check(audit, found) {
    const added = counter(audit, 'nr_memmap_pages');
    const boot = counter(audit, 'nr_memmap_boot_pages');
    if (added === undefined || boot === undefined) return;
    const { leaves, sizes } = audit.map;
    const page = pageSize(audit.model);
    const frames = new RangeSet();
    for (let n = 0; n < leaves.count; n++) frames.add(leaves.pa[n]!, leaves.pa[n]! + sizes[leaves.level[n]!]!);
    const truth = frames.size / page;
    if (added + boot === truth) return;
    const missing = truth - added - boot;
    found({
      what: `the kernel counts ${Math.abs(missing)} ${Math.abs(missing) === 1 ? 'page' : 'pages'} too ${missing > 0 ? 'few' : 'many'}${culprit(audit, missing)}`,
      count: 1,
      expected: `${truth} pages`,
      found: `${added} + ${boot} = ${added + boot}`,
    });
  },
};

const HVO_2: AuditRule = {
  id: 'HVO-2',
  severity: 'note',
  title: 'HugeTLB pages that have all of their struct pages, and why',
  why: 'mm/hugetlb_vmemmap.c:vmemmap_should_optimize_folio',
  advice:
    'hugetlb_free_vmemmap=on, or sysctl vm.hugetlb_optimize_vmemmap=1 before the pages are made, where the architecture can',
  check(audit, found) {
    const { kernel, model } = audit;
    const hstates = readHstates(kernel);
    if (hstates === undefined) return;
    const enabled = kernel.facts.symbol('vmemmap_optimize_enabled');
    const on = enabled === undefined || new KernelReader(kernel.memory).u8(enabled) !== 0;
    for (const { order: of, pages: there } of hstates) {
      const optimised = audit.compounds.filter((compound) => !compound.device && compound.order === of).length;
      if (there <= optimised) continue;
      const bytes = 2 ** of * pageSize(model);
      const why =
        whyNotOptimizable(kernel.arch, model, bytes) ??
        (on ? 'they were made before it was switched on, or memory ran out' : 'it is switched off');
      found({
        what: `${there - optimised} of ${there} HugeTLB pages of ${hex(bytes)} bytes are not optimised: ${why}`,
        count: there - optimised,
        expected: 'shared tails',
        found: 'struct pages of their own',
      });
    }
  },
};

/** What the kernel says of its own struct pages. */
export const counters: readonly AuditRule[] = [CNT_1, HVO_2];
