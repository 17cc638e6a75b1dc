import { hex } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { hotAdd } from '../hot-add.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { mustBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { firstChange, leavesOf } from '../snapshot.ts';

const area = 'idempotence';

const IDEM_1: Clause = defineClause({
  id: 'IDEM-1',
  level: 'required',
  area,
  title: 'populating what is populated succeeds, changes no entry and takes no memory',
  why: 'mm/sparse-vmemmap.c:vmemmap_pte_populate leaves an entry that is not none; sections share leaves, and loongarch, which never frees, meets its own again',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, sectionsPerLeaf } = subject.geometry;
    hotAdd(machine, slots[0]!, sectionsPerLeaf);
    for (const [nr, what] of [
      [slots[0]!, 'an added section'],
      [0, 'a boot section'],
    ] as const) {
      const all = [...bootMemmaps(machine), memmapOf(machine, slots[0]!, sectionsPerLeaf)];
      const before = leavesOf(machine, all);
      const free = machine.ram.freeBytes();
      const { start } = memmapOf(machine, nr);
      if (!hotAdd(machine, nr, 1)) {
        fail({ ...place(machine, start), expected: `success when ${what} is populated twice`, found: 'an error' });
      }
      const change = firstChange(before, leavesOf(machine, all));
      if (change !== undefined) {
        fail({
          ...place(machine, change.offset),
          expected: `no change when ${what} is populated twice`,
          found: change.text,
        });
      }
      const taken = free - machine.ram.freeBytes();
      if (taken !== 0) {
        fail({
          ...place(machine, start),
          expected: `no memory taken when ${what} is populated twice`,
          found: `${hex(taken)} bytes`,
        });
      }
    }
  },
});

const IDEM_2: Clause = defineClause({
  id: 'IDEM-2',
  level: 'required',
  area,
  title: 'a section whose first subsection is there already keeps those leaves and gets the rest',
  why: 'mm/sparse-vmemmap.c:vmemmap_check_pmd and vmemmap_pte_populate; Linux 6.12 on sparc64 overwrote the pointer to a table',
  exceptions: ['assumes-populated'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection } = subject.geometry;
    const nr = slots[0]!;
    const memmap = memmapOf(machine, nr);
    machine.populateSection(nr * pagesPerSection, pagesPerSubsection, 0);
    const part = { start: memmap.start, end: memmap.start + pagesPerSubsection * machine.model.structPageSize };
    const before = leavesOf(machine, [part]);
    if (!hotAdd(machine, nr, 1))
      fail({ ...place(machine, memmap.start), expected: 'success for the whole section', found: 'an error' });
    const change = firstChange(before, leavesOf(machine, [part]));
    if (change !== undefined) {
      fail({ ...place(machine, change.offset), expected: 'the leaves of the subsection to stay', found: change.text });
    }
    mustBeMapped(machine, memmap, fail, 'the rest of the section mapped');
  },
});

const IDEM_3: Clause = defineClause({
  id: 'IDEM-3',
  level: 'required',
  area,
  title:
    'where sections are declared to be judged by their state, one whose first subsection is there gets nothing more',
  why: 'arch/powerpc/mm/init_64.c:vmemmap_populated finds the new subsections valid before they are mapped',
  declared: 'assumes-populated',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection } = subject.geometry;
    const nr = slots[0]!;
    const memmap = memmapOf(machine, nr);
    machine.populateSection(nr * pagesPerSection, pagesPerSubsection, 0);
    const before = leavesOf(machine, [memmap]);
    if (!hotAdd(machine, nr, 1))
      fail({ ...place(machine, memmap.start), expected: 'success for the whole section', found: 'an error' });
    const change = firstChange(before, leavesOf(machine, [memmap]));
    if (change === undefined) return;
    fail({ ...place(machine, change.offset), expected: 'no leaf changed or added', found: change.text });
  },
});

/** What is there stays as it is. */
export const idempotence: readonly Clause[] = [IDEM_1, IDEM_2, IDEM_3];
