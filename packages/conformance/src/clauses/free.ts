import { hex, type Machine, RangeSet, type TraceStep } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { declares } from '../declares.ts';
import { farSections } from '../far-sections.ts';
import { hotAdd, hotRemove } from '../hot-add.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { mustBeMapped, mustNotBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { firstChange, leavesOf } from '../snapshot.ts';

const area = 'free';

/** Events of the page allocator about memory that was not in use. */
function badFree(machine: Machine): string | undefined {
  return machine.events.find(({ id }) => id === 'bad-free')?.message;
}

const FREE_1: Clause = defineClause({
  id: 'FREE-1',
  level: 'required',
  area,
  title: 'free takes the struct pages of removed sections away where declared, and leaves all of them elsewhere',
  why: 'arch/x86/mm/init_64.c:vmemmap_free; that of loongarch is empty, and a section that comes back finds its struct pages',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, sectionsPerLeaf: count } = subject.geometry;
    const nr = slots[0]!;
    const memmap = memmapOf(machine, nr, count);
    hotAdd(machine, nr, count);
    const before = leavesOf(machine, [memmap]);
    hotRemove(machine, nr, count);
    if (subject.has('free')) {
      mustNotBeMapped(machine, memmap, fail, 'nothing mapped after vmemmap_free()');
      return;
    }
    const change = firstChange(before, leavesOf(machine, [memmap]));
    if (change === undefined) return;
    fail({ ...place(machine, change.offset), expected: 'no change, since free is not declared', found: change.text });
  },
});

const FREE_2: Clause = defineClause({
  id: 'FREE-2',
  level: 'required',
  area,
  title: 'free returns just the memory that was taken where declared, and none elsewhere',
  why: 'arch/x86/mm/init_64.c:free_vmemmap_pages; memory that is not returned is lost at every removal',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, sectionsPerLeaf: count } = subject.geometry;
    const nr = slots[0]!;
    // Tables of upper levels may stay for good: they are not counted.
    hotAdd(machine, nr, count);
    const full = machine.ram.freeBytes();
    hotRemove(machine, nr, count);
    const empty = machine.ram.freeBytes();
    const { start } = memmapOf(machine, nr, count);
    if (!subject.has('free')) {
      if (empty === full) return;
      fail({
        ...place(machine, start),
        expected: 'no memory freed, since free is not declared',
        found: `${empty - full} bytes`,
      });
    }
    hotAdd(machine, nr, count);
    hotRemove(machine, nr, count);
    const lost = empty - machine.ram.freeBytes();
    if (lost !== 0) {
      fail({
        ...place(machine, start),
        expected: 'as much free memory as after the first removal',
        found: `${lost} bytes less`,
      });
    }
    if (empty - full < subject.geometry.memmapBytes) {
      fail({
        ...place(machine, start),
        expected: `at least the ${hex(subject.geometry.memmapBytes)} bytes of a section's struct pages freed`,
        found: `${hex(Math.max(0, empty - full))} bytes`,
      });
    }
  },
});

const FREE_3: Clause = defineClause({
  id: 'FREE-3',
  level: 'required',
  area,
  title: 'freeing holes, or the same section twice, does nothing',
  why: 'mm/sparse-vmemmap.c:section_deactivate frees what a failed populate left, with holes; a page freed twice corrupts the page allocator',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots } = subject.geometry;
    hotRemove(machine, slots[1]!, 1);
    hotAdd(machine, slots[0]!, 1);
    hotRemove(machine, slots[0]!, 1);
    const boot = bootMemmaps(machine);
    const before = leavesOf(machine, boot);
    const free = machine.ram.freeBytes();
    hotRemove(machine, slots[0]!, 1);
    const { start } = memmapOf(machine, slots[0]!);
    const taken = free - machine.ram.freeBytes();
    if (taken !== 0)
      fail({ ...place(machine, start), expected: 'nothing freed the second time', found: `${-taken} bytes freed` });
    const change = firstChange(before, leavesOf(machine, boot));
    if (change !== undefined) {
      fail({ ...place(machine, change.offset), expected: 'boot mappings to stay as they are', found: change.text });
    }
    const bad = badFree(machine);
    if (bad !== undefined) fail({ ...place(machine, start), expected: 'no free of what is not in use', found: bad });
  },
});

const FREE_4: Clause = defineClause({
  id: 'FREE-4',
  level: 'required',
  area,
  title: 'freeing a section leaves the struct pages of all others mapped',
  why: 'arch/x86/mm/init_64.c:vmemmap_pmd_is_unused: sections may share a leaf, with struct pages of other than 64 bytes or small sections',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, sectionsPerLeaf } = subject.geometry;
    const nr = slots[0]!;
    // One more than a leaf can serve, so that the first and the last share with others wherever leaves are shared.
    const count = sectionsPerLeaf + 1;
    hotAdd(machine, nr, count);
    // Where it is declared that a leaf goes with any part of it, only the other leaves are looked at.
    const whole = declares(subject.arch, 'frees-whole-leaves');
    const gone = new RangeSet();
    for (const [freed, first, others] of [
      [nr, nr + 1, count - 1],
      [nr + count - 1, nr + 1, count - 2],
    ] as const) {
      if (whole)
        for (const { offset, size } of leavesOf(machine, [memmapOf(machine, freed)])) gone.add(offset, offset + size);
      hotRemove(machine, freed, 1);
      if (others === 0) continue;
      const rest = memmapOf(machine, first, others);
      for (const [start, end] of without([rest.start, rest.end], gone))
        mustBeMapped(machine, { start, end }, fail, `other sections mapped after section ${freed} was freed`);
    }
    for (const memmap of bootMemmaps(machine))
      mustBeMapped(machine, memmap, fail, 'boot sections mapped after added ones were freed');
  },
});

const FREE_5: Clause = defineClause({
  id: 'FREE-5',
  level: 'recommended',
  area,
  title: 'freeing a subsection leaves the struct pages of its neighbours mapped',
  why: 'arch/x86/mm/init_64.c:vmemmap_pmd_is_unused keeps a leaf until the last part of it is freed',
  needs: ['free'],
  exceptions: ['frees-whole-leaves'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection } = subject.geometry;
    const pfn = slots[0]! * pagesPerSection;
    hotAdd(machine, slots[0]!, 1);
    machine.depopulateSection(pfn, pagesPerSubsection);
    const { start, end } = memmapOf(machine, slots[0]!);
    const rest = { start: start + pagesPerSubsection * machine.model.structPageSize, end };
    mustBeMapped(machine, rest, fail, 'the rest of the section mapped after its first subsection was freed');
  },
});

const FREE_6: Clause = defineClause({
  id: 'FREE-6',
  level: 'required',
  area,
  title: 'tables that are in use are kept, and adding and removing again and again makes no new ones',
  why: 'arch/x86/mm/init_64.c:free_pte_table, free_pmd_table',
  needs: ['free', 'page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection } = subject.geometry;
    const pfn = slots[0]! * pagesPerSection;
    const cycle = (): number => {
      // By subsections, where architectures take base pages and need a table of the last level.
      machine.populateSection(pfn, pagesPerSubsection, 0);
      machine.depopulateSection(pfn, pagesPerSubsection);
      hotAdd(machine, slots[0]!, 1);
      hotRemove(machine, slots[0]!, 1);
      return machine.tableMemory.count;
    };
    const first = cycle();
    const second = cycle();
    if (second > first) {
      fail({
        machine,
        expected: `${first} tables after the second cycle, as after the first`,
        found: `${second}`,
      });
    }
    for (const memmap of bootMemmaps(machine)) mustBeMapped(machine, memmap, fail, 'the tables of boot sections kept');
  },
});

const FREE_7: Clause = defineClause({
  id: 'FREE-7',
  level: 'recommended',
  area,
  title: 'no empty table of the last level is left behind',
  why: 'arch/x86/mm/init_64.c:free_pte_table; an empty table keeps a huge page from being used next time',
  needs: ['free', 'page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection } = subject.geometry;
    const pfn = slots[0]! * pagesPerSection;
    machine.populateSection(pfn, pagesPerSubsection, 0);
    machine.depopulateSection(pfn, pagesPerSubsection);
    const last = machine.levels.length - 1;
    for (const { level, pa, entries, leaves, firstIndex, lastIndex } of machine.tables()) {
      if (level !== last || entries.length > 0 || leaves > 0) continue;
      fail({
        machine,
        address: `the ${machine.levels[last]!.name} table at ${hex(pa)}`,
        expected: 'the table freed with its last entry',
        found: `entries ${firstIndex} to ${lastIndex} empty`,
      });
    }
  },
});

const FREE_8: Clause = defineClause({
  id: 'FREE-8',
  level: 'required',
  area,
  title: 'the TLB is flushed for all that was unmapped',
  why: 'arch/x86/mm/init_64.c:remove_pagetable ends with flush_tlb_all(); a CPU that remembers writes into freed memory',
  needs: ['free', 'page-tables'],
  check(subject, fail) {
    const flushed = new RangeSet();
    const trace = (step: TraceStep): void => {
      if (step.step !== 'flush-tlb') return;
      if (step.end <= step.offset)
        fail({ expected: 'flushTlb(start, end)', found: `end ${hex(step.end)} with start ${hex(step.offset)}` });
      flushed.add(step.offset, step.end);
    };
    const machine = subject.fresh({ trace });
    const { slots, sectionsPerLeaf: count } = subject.geometry;
    const memmap = memmapOf(machine, slots[0]!, count);
    hotAdd(machine, slots[0]!, count);
    const before = leavesOf(machine, [memmap]);
    for (const [from, to] of [...flushed]) flushed.remove(from, to);
    hotRemove(machine, slots[0]!, count);
    for (const { offset, size } of before) {
      const start = Math.max(offset, memmap.start);
      const end = Math.min(offset + size, memmap.end);
      if (flushed.contains(start, end)) continue;
      const gone = leavesOf(machine, [{ start, end }]).length === 0;
      if (gone)
        fail({ ...place(machine, start), expected: `flushTlb() for ${hex(end - start)} bytes`, found: 'no flush' });
    }
    // There the tables go as well.
    for (const nr of farSections(subject, machine)) {
      hotAdd(machine, nr, 1);
      hotRemove(machine, nr, 1);
    }
  },
});

const FREE_9: Clause = defineClause({
  id: 'FREE-9',
  level: 'recommended',
  area,
  title: 'the struct pages of boot sections can be given up too',
  why: 'mm/sparse-vmemmap.c:free_map_bootmem; their pages are PageReserved: free_reserved_page(). s390 on 6.12 keeps them, arm64 warns',
  needs: ['free'],
  check(subject, fail) {
    const machine = subject.fresh({ memory: 'two-nodes' });
    const { ranges } = subject.geometry.memory('two-nodes');
    const { sectionBytes } = subject.geometry;
    const { start: from, end: to } = ranges[1]!;
    const memmap = memmapOf(machine, from / sectionBytes, (to - from) / sectionBytes);
    const before = leavesOf(machine, [memmap]);
    for (let nr = from / sectionBytes; nr < to / sectionBytes; nr++) machine.freeMapBootmem(nr);
    mustNotBeMapped(machine, memmap, fail, 'nothing mapped after free_map_bootmem()');
    for (const { offset, pa, size } of before) {
      if (!machine.ram.isAllocated(pa, size) && !machine.ram.isReserved(pa)) continue;
      fail({
        ...place(machine, offset),
        expected: `${hex(size)} bytes at ${hex(pa)} free`,
        found: 'they are still in use',
      });
    }
    const bad = badFree(machine);
    if (bad !== undefined) fail({ machine, expected: 'each page freed once', found: bad });
  },
});

const FREE_10: Clause = defineClause({
  id: 'FREE-10',
  level: 'required',
  area,
  title: 'where leaves are declared to go as a whole, just those that a freed subsection lies in go, and once',
  why: 'arch/riscv/mm/init.c:remove_pmd_mapping and arch/arm64/mm/mmu.c:unmap_hotplug_pmd_range do not look whether all of a leaf is asked for',
  needs: ['free'],
  declared: 'frees-whole-leaves',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection } = subject.geometry;
    const pfn = slots[0]! * pagesPerSection;
    hotAdd(machine, slots[0]!, 1);
    const memmap = memmapOf(machine, slots[0]!);
    const first = memmap.start + pagesPerSubsection * machine.model.structPageSize;
    const before = leavesOf(machine, [memmap]);
    machine.depopulateSection(pfn, pagesPerSubsection);
    for (const { offset, size } of before) {
      const stretch = { start: offset, end: offset + size };
      if (offset < first) mustNotBeMapped(machine, stretch, fail, 'the whole leaf of the freed subsection gone');
      else mustBeMapped(machine, stretch, fail, 'other leaves of the section mapped');
    }
    machine.depopulateSection(pfn + pagesPerSubsection, pagesPerSection - pagesPerSubsection);
    const bad = badFree(machine);
    if (bad !== undefined) fail({ machine, expected: 'each page freed once', found: bad });
  },
});

const FREE_11: Clause = defineClause({
  id: 'FREE-11',
  level: 'required',
  area,
  title: 'the struct pages of a part of a section go with that part, where nothing else of the section is there',
  why: 'arch/s390/mm/vmem.c:vmemmap_unuse_sub_pmd gives a huge page up once none of it is used; device memory comes in subsections of 2 MiB',
  needs: ['free'],
  exceptions: ['assumes-populated'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection, pageBytes } = subject.geometry;
    const { start } = memmapOf(machine, slots[0]!);
    // As many subsections as fill whole pages, so that nothing else lies in these.
    let pages = pagesPerSubsection;
    while ((pages * machine.model.structPageSize) % pageBytes !== 0) pages += pagesPerSubsection;
    if (2 * pages > pagesPerSection) return;
    const pfn = slots[0]! * pagesPerSection + pages;
    const bytes = pages * machine.model.structPageSize;
    const node = machine.memory.nodes[0]!;
    // Tables of upper levels may stay for good: they are made the first time.
    machine.populateSection(pfn, pages, node);
    machine.depopulateSection(pfn, pages);
    const before = machine.ram.freeBytes();
    machine.populateSection(pfn, pages, node);
    machine.depopulateSection(pfn, pages);
    const part = { start: start + bytes, end: start + 2 * bytes };
    mustNotBeMapped(machine, part, fail, 'nothing mapped for a part that went');
    const lost = before - machine.ram.freeBytes();
    if (lost === 0) return;
    fail({ ...place(machine, part.start), expected: 'all memory back', found: `${lost} bytes less` });
  },
});

/** What of a stretch is not in the ranges. */
function without([start, end]: readonly [number, number], ranges: RangeSet): Iterable<readonly [number, number]> {
  const left = new RangeSet([[start, end]]);
  for (const [from, to] of ranges) left.remove(from, to);
  return left;
}

/** What vmemmap_free() takes away, and what it must not. */
export const free: readonly Clause[] = [
  FREE_1,
  FREE_2,
  FREE_3,
  FREE_4,
  FREE_5,
  FREE_6,
  FREE_7,
  FREE_8,
  FREE_9,
  FREE_10,
  FREE_11,
];
