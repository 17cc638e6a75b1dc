import { hex, hex64 } from '@vmemmap/core';
import type { AuditContext } from '../audit-context.ts';
import type { AuditRule } from '../rule.ts';

/** Ranges that must be mapped, joined where they touch. */
function joined({ described }: AuditContext): readonly { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const { start, end } of [...described].sort((a, b) => a.start - b.start)) {
    const before = ranges.at(-1);
    if (before !== undefined && before.end >= start) before.end = Math.max(before.end, end);
    else ranges.push({ start, end });
  }
  return ranges;
}

const MAP_1: AuditRule = {
  id: 'MAP-1',
  severity: 'error',
  title: 'every struct page of a section that is present is mapped',
  why: 'include/asm-generic/memory_model.h:__pfn_to_page is arithmetic: whoever touches a struct page that is not mapped oopses. mm/sparse-vmemmap.c:__populate_section_memmap maps all of a section',
  advice:
    'the machine crashes when it comes here: was memory or a device added or removed shortly before? Compare with `vmemmap translate --dump`',
  check(audit, found) {
    const { leaves, sizes } = audit.map;
    for (const { start, end } of joined(audit)) {
      let at = start;
      for (let n = leaves.firstAt(start, sizes); at < end; n++) {
        const from = n < leaves.count ? Math.min(leaves.offset[n]!, end) : end;
        if (from > at)
          found({
            what: 'struct pages of a section that is present are not mapped',
            va: audit.va(at),
            bytes: from - at,
            pfn: audit.pfn(at),
            count: Math.ceil((from - at) / audit.model.structPageSize),
            expected: 'a leaf',
            found: `nothing mapped for ${hex(from - at)} bytes`,
          });
        if (n >= leaves.count) break;
        at = Math.max(at, leaves.offset[n]! + sizes[leaves.level[n]!]!);
      }
    }
  },
};

const MAP_2: AuditRule = {
  id: 'MAP-2',
  severity: 'warning',
  title: 'what is mapped describes memory that is there',
  why: 'mm/sparse-vmemmap.c:section_deactivate takes the mapping away with the section; loongarch never does (arch/loongarch/mm/init.c:vmemmap_free)',
  advice:
    'memory is lost to struct pages of nothing until the next boot; after removing memory on such an architecture this is normal',
  check(audit, found) {
    const { leaves, sizes } = audit.map;
    const ranges = joined(audit);
    let at = 0;
    for (let n = 0; n < leaves.count; n++) {
      const start = leaves.offset[n]!;
      const end = start + sizes[leaves.level[n]!]!;
      while (at < ranges.length && ranges[at]!.end <= start) at++;
      if (at < ranges.length && ranges[at]!.start < end) continue;
      found({
        ...audit.leaf(n),
        what: 'a leaf maps struct pages of no section that is present',
        expected: 'nothing mapped',
        found: `${hex(end - start)} bytes at ${hex(leaves.pa[n]!)}`,
      });
    }
  },
};

const MAP_3: AuditRule = {
  id: 'MAP-3',
  severity: 'error',
  title: 'no memory is mapped twice, but for the tails that compound pages share',
  why: 'two struct pages in one place overwrite each other; only tails may share a page (mm/hugetlb_vmemmap.c:vmemmap_remap_pte, mm/sparse-vmemmap.c:vmemmap_populate_compound_pages)',
  advice: 'keep the dump: reference counts of unrelated pages are mixed up; trust nothing that the kernel did since',
  check(audit, found) {
    const { leaves, sizes } = audit.map;
    const legal = new Set<number>();
    for (const { headLeaf, run } of audit.compounds) {
      for (let n = headLeaf; n < run.first + run.count; n++) legal.add(n);
    }
    for (const { first, count, pa } of audit.shared) {
      for (let n = first; n < first + count; n++) {
        if (legal.has(n)) continue;
        found({
          ...audit.leaf(n),
          what: 'a page of struct pages is mapped more than once',
          expected: 'memory of its own',
          found: `${hex(pa)}, which other leaves map, too`,
        });
      }
    }
    // Leaves of different sizes that overlap.
    const order = Array.from({ length: leaves.count }, (_, n) => n).sort((a, b) => leaves.pa[a]! - leaves.pa[b]!);
    let reach = -1;
    let last = -1;
    for (const n of order) {
      const pa = leaves.pa[n]!;
      const size = sizes[leaves.level[n]!]!;
      if (pa < reach && pa !== leaves.pa[last] && !legal.has(n))
        found({
          ...audit.leaf(n),
          what: 'leaves of different sizes map the same memory',
          expected: 'memory of its own',
          found: `${hex(pa)} lies in ${hex(leaves.pa[last]!)}, which ${hex64(audit.va(leaves.offset[last]!))} maps`,
        });
      if (pa + size > reach) {
        reach = pa + size;
        last = n;
      }
    }
  },
};

const MAP_4: AuditRule = {
  id: 'MAP-4',
  severity: 'error',
  title: 'struct pages lie in memory that the machine has',
  why: 'memory for struct pages comes from memblock, the page allocator or the altmap of a device (mm/sparse-vmemmap.c:vmemmap_alloc_block_buf)',
  advice: 'is the dump complete? If it is, the entry was overwritten: keep the dump',
  check(audit, found) {
    const { leaves, sizes } = audit.map;
    const { ranges } = audit.kernel.dump.memory;
    for (let n = 0; n < leaves.count; n++) {
      const pa = leaves.pa[n]!;
      const size = sizes[leaves.level[n]!]!;
      if (ranges.some(({ start, end }) => start <= pa && pa + size <= end)) continue;
      // An altmap lies in the device's own memory, which a dump need not have.
      if (audit.isDevice(pa)) continue;
      found({
        ...audit.leaf(n),
        what: 'a leaf maps what is no memory of the machine',
        expected: 'RAM',
        found: hex(pa),
      });
    }
  },
};

const MAP_5: AuditRule = {
  id: 'MAP-5',
  severity: 'error',
  title: 'struct pages and page tables do not lie in the same place',
  why: 'whoever writes to such a struct page writes page-table entries: mm/sparse-vmemmap.c:vmemmap_alloc_block hands memory out once',
  advice: 'keep the dump: a table was freed while it was in use, or an entry was overwritten',
  check(audit, found) {
    const { leaves, sizes, tables } = audit.map;
    const order = Array.from({ length: leaves.count }, (_, n) => n).sort((a, b) => leaves.pa[a]! - leaves.pa[b]!);
    for (const { pa } of tables) {
      let low = 0;
      let high = order.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (leaves.pa[order[middle]!]! <= pa) low = middle + 1;
        else high = middle;
      }
      const n = order[low - 1];
      if (n === undefined || leaves.pa[n]! + sizes[leaves.level[n]!]! <= pa) continue;
      found({
        ...audit.leaf(n),
        what: 'a leaf maps a page table of the vmemmap',
        expected: 'memory that holds struct pages alone',
        found: `the table at ${hex(pa)}`,
      });
    }
  },
};

/** What is mapped, and to where. */
export const mapping: readonly AuditRule[] = [MAP_1, MAP_2, MAP_3, MAP_4, MAP_5];
