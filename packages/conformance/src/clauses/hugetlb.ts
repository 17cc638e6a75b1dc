import { ACCESS, hex, type Machine } from '@vmemmap/core';
import type { BasePage } from '../base-pages.ts';
import { type Clause, defineClause, type Fail } from '../clause.ts';
import { type HugetlbMachine, hugePageMemmap, hugetlbMachine, preinitMachine } from '../huge-pages.ts';
import { bootMemmaps } from '../memmap.ts';
import { mustBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { leavesOf } from '../snapshot.ts';

const area = 'HugeTLB';

/** Releases whose tails lie in the head's own page, and in one page of the zone. */
const RELEASES = ['6.12', '7.3'] as const;

const pagesOf = ({ starts, size }: HugetlbMachine) => starts.map((start) => ({ start, count: 1, size }));

/** Optimises all huge pages. */
function optimize(made: HugetlbMachine, fail: Fail): void {
  const { machine, size, starts } = made;
  const { optimized, refused, inert } = machine.hugetlb.optimize(size, pagesOf(made));
  if (optimized === starts.length) return;
  fail({
    machine,
    expected: `${starts.length} huge pages of ${hex(size)} bytes optimised`,
    found: inert ?? `${optimized}, ${refused.length} refused`,
  });
}

/** A head page of its own that can be written, and one read-only page for all tails. */
function mustBeOptimized({ machine, size, starts }: HugetlbMachine, fail: Fail): void {
  const ofZone = machine.release.hugetlbTail === 'zone';
  const readOnly = machine.ops.pageTable!.format.makeReadOnlyLeaf !== undefined;
  const heads = new Set<number>();
  let zoneTail: number | undefined;
  const wrong = ({ offset, pa }: BasePage, expected: string): never =>
    fail({ ...place(machine, offset), expected, found: pa < 0 ? 'nothing mapped' : `memory at ${hex(pa)}` });
  for (const start of starts) {
    const [head, ...rest] = hugePageMemmap(machine, start, size);
    if (head!.pa < 0 || heads.has(head!.pa)) wrong(head!, 'a head page of its own');
    heads.add(head!.pa);
    mustWrite(machine, head!, true, fail);
    if (ofZone && heads.has(rest[0]!.pa)) wrong(rest[0]!, 'a tail page that no head is in');
    zoneTail ??= rest[0]!.pa;
    const tail = ofZone ? zoneTail : head!.pa;
    if (ofZone && !machine.hugetlb.sharedTails.some(({ pa }) => pa === tail))
      wrong(rest[0]!, 'the tail page that the zone keeps');
    for (const page of rest) {
      if (page.pa !== tail) wrong(page, `the tail page at ${hex(tail)}`);
      mustWrite(machine, page, !readOnly, fail);
    }
    if (machine.pageCount(tail) === 1) continue;
    fail({
      ...place(machine, head!.offset),
      expected: `one reference to the tail page at ${hex(tail)}, however often it is mapped`,
      found: `${machine.pageCount(tail)}`,
    });
  }
}

function mustWrite(machine: Machine, { offset, access }: BasePage, wanted: boolean, fail: Fail): void {
  if ((access & ACCESS.read) !== 0 && ((access & ACCESS.write) !== 0) === wanted) return;
  fail({
    ...place(machine, offset),
    expected: wanted ? 'a page that the kernel reads and writes' : 'a page that the kernel reads and nobody writes',
    found: `access ${access}`,
  });
}

const HVO_1: Clause = defineClause({
  id: 'HVO-1',
  level: 'required',
  area,
  title:
    'an optimised HugeTLB page has a head page of its own, writable, and one page for its tails, read-only where there is such a mapping',
  why: 'mm/hugetlb_vmemmap.c:vmemmap_remap_pte; a write through a shared tail would change the struct pages of all huge pages',
  needs: ['optimize-hugetlb-vmemmap'],
  check(subject, fail) {
    for (const release of RELEASES) {
      const made = hugetlbMachine(subject, release);
      if (made === undefined) return;
      optimize(made, fail);
      mustBeOptimized(made, fail);
    }
  },
});

const HVO_2: Clause = defineClause({
  id: 'HVO-2',
  level: 'required',
  area,
  title: 'splitting a leaf for a HugeTLB page leaves all other struct pages where they are, with the same rights',
  why: 'mm/hugetlb_vmemmap.c:vmemmap_split_pmd maps the same pages with PAGE_KERNEL',
  needs: ['optimize-hugetlb-vmemmap'],
  check(subject, fail) {
    const made = hugetlbMachine(subject, '7.3');
    if (made === undefined) return;
    const { machine, starts, size } = made;
    const optimised = new Set(
      starts.flatMap((start) => hugePageMemmap(machine, start, size).map(({ offset }) => offset)),
    );
    const page = 2 ** machine.model.pageShift;
    const look = (): readonly string[] =>
      leavesOf(machine, bootMemmaps(machine)).flatMap(({ offset, pa, size: bytes, access }) =>
        Array.from({ length: bytes / page }, (_, n) => n * page)
          .filter((at) => !optimised.has(offset + at))
          .map((at) => `${hex(offset + at)}: ${hex(pa + at)}, access ${access}`),
      );
    const before = look();
    optimize(made, fail);
    const after = look();
    const n = before.findIndex((text, at) => text !== after[at]);
    if (n < 0 && before.length === after.length) return;
    fail({
      machine,
      expected: `no change of other struct pages: ${before[n] ?? 'nothing mapped'}`,
      found: after[n] ?? 'nothing mapped',
    });
  },
});

const HVO_3: Clause = defineClause({
  id: 'HVO-3',
  level: 'required',
  area,
  title: 'a restored HugeTLB page has all of its struct pages again, each in memory of its own, and writable',
  why: 'mm/hugetlb_vmemmap.c:vmemmap_restore_pte; the page goes back to the page allocator, which writes all of them',
  needs: ['optimize-hugetlb-vmemmap'],
  check(subject, fail) {
    for (const release of RELEASES) {
      const made = hugetlbMachine(subject, release);
      if (made === undefined) return;
      const { machine, size, starts } = made;
      optimize(made, fail);
      machine.hugetlb.restore(size, pagesOf(made));
      const seen = new Set<number>();
      for (const page of starts.flatMap((start) => hugePageMemmap(machine, start, size))) {
        if (page.pa < 0 || seen.has(page.pa))
          fail({ ...place(machine, page.offset), expected: 'a page of its own', found: hex(page.pa) });
        seen.add(page.pa);
        mustWrite(machine, page, true, fail);
      }
      const [problem] = machine.verify().problems;
      if (problem !== undefined) fail({ machine, expected: 'no problem', found: problem });
    }
  },
});

const HVO_4: Clause = defineClause({
  id: 'HVO-4',
  level: 'required',
  area,
  title: 'optimising and restoring a HugeTLB page again and again takes no more memory, and frees each page once',
  why: 'mm/hugetlb_vmemmap.c:free_vmemmap_page_list; a PMD that was split stays so, and the tail of a zone stays',
  needs: ['optimize-hugetlb-vmemmap'],
  check(subject, fail) {
    for (const release of RELEASES) {
      const made = hugetlbMachine(subject, release);
      if (made === undefined) return;
      const { machine, size } = made;
      optimize(made, fail);
      const optimised = machine.ram.freeBytes();
      machine.hugetlb.restore(size, pagesOf(made));
      const restored = machine.ram.freeBytes();
      optimize(made, fail);
      const lost = optimised - machine.ram.freeBytes();
      machine.hugetlb.restore(size, pagesOf(made));
      const lostToo = restored - machine.ram.freeBytes();
      if (lost !== 0 || lostToo !== 0)
        fail({
          machine,
          expected: 'as much free memory as the first time',
          found: `${lost} bytes less when optimised, ${lostToo} when restored`,
        });
      const bad = machine.events.find(({ id }) => id === 'bad-free');
      if (bad !== undefined) fail({ machine, expected: 'no free of what is not in use', found: bad.message });
    }
  },
});

const HVO_5: Clause = defineClause({
  id: 'HVO-5',
  level: 'required',
  area,
  title:
    'gigantic pages of boot are optimised from the start where declared, on releases that do so, with read-only tails',
  why: 'mm/hugetlb_vmemmap.c:hugetlb_vmemmap_init_early and _late; mm/sparse-vmemmap.c:vmemmap_wrprotect_hvo',
  needs: ['hugetlb-vmemmap-preinit'],
  check(subject, fail) {
    for (const release of ['6.12', '7.2', '7.3', 'series-49']) {
      const made = preinitMachine(subject, release);
      if (made === undefined) return;
      const { machine, starts } = made;
      const wanted = machine.release.hugetlbPreinit === 'no' ? 0 : starts.length;
      const found = machine.hugetlb.optimized.length;
      if (found !== wanted)
        fail({
          machine,
          expected: `${wanted} gigantic pages optimised at boot`,
          found: `${found}`,
        });
      if (wanted > 0) mustBeOptimized(made, fail);
      for (const memmap of bootMemmaps(machine)) mustBeMapped(machine, memmap, fail, 'all struct pages of boot');
      const [problem] = machine.verify().problems;
      if (problem !== undefined) fail({ machine, expected: 'no problem', found: problem });
    }
  },
});

/** HugeTLB pages with fewer struct pages. */
export const hugetlb: readonly Clause[] = [HVO_1, HVO_2, HVO_3, HVO_4, HVO_5];
