import { ACCESS, alignDown, alignUp, hex, RangeSet } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { hotAdd } from '../hot-add.ts';
import { leavesIn } from '../leaf.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { mustBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { firstChange, leavesOf } from '../snapshot.ts';

const area = 'mapping';

const MAP_1: Clause = defineClause({
  id: 'MAP-1',
  level: 'required',
  area,
  title: 'boot maps every struct page of every present section',
  why: 'mm/sparse.c:sparse_init_nid; memmap_init() writes to all of them',
  check(subject, fail) {
    const machine = subject.fresh({ memory: 'two-nodes' });
    for (const memmap of bootMemmaps(machine))
      mustBeMapped(machine, memmap, fail, 'every struct page mapped after boot');
  },
});

const MAP_2: Clause = defineClause({
  id: 'MAP-2',
  level: 'required',
  area,
  title: 'a leaf is aligned to its size, where it is seen and where it lies',
  why: 'mm/sparse-vmemmap.c:vmemmap_alloc_block aligns each block to its size; the low address bits of a huge entry are no address',
  check(subject, fail) {
    const machine = subject.fresh();
    // The window's start as far as it matters to any leaf: all 64 bits would not fit a number.
    const bias = Number(machine.window.start % 2n ** 40n);
    for (const { start, end } of bootMemmaps(machine)) {
      for (const { offset, pa, size } of leavesIn(machine, start, end)) {
        if ((offset + bias) % size === 0 && pa % size === 0) continue;
        fail({
          ...place(machine, offset),
          expected: `a multiple of ${hex(size)}`,
          found: `it is mapped to ${hex(pa)}`,
        });
      }
    }
  },
});

const MAP_3: Clause = defineClause({
  id: 'MAP-3',
  level: 'required',
  area,
  title: 'struct pages can be read and written by the kernel, and not reached by user mode',
  why: 'PAGE_KERNEL in mm/sparse-vmemmap.c:vmemmap_pte_populate',
  check(subject, fail) {
    const machine = subject.fresh();
    for (const { start, end } of bootMemmaps(machine)) {
      for (const { offset, access } of leavesIn(machine, start, end)) {
        const rights = access & (ACCESS.read | ACCESS.write | ACCESS.user);
        if (rights === (ACCESS.read | ACCESS.write)) continue;
        fail({ ...place(machine, offset), expected: 'read and write, no user', found: accessText(access) });
      }
    }
  },
});

const MAP_4: Clause = defineClause({
  id: 'MAP-4',
  level: 'required',
  area,
  title: 'struct pages cannot be executed where no-execute is declared',
  why: 'mm/sparse-vmemmap.c:vmemmap_pte_populate asks for PAGE_KERNEL, which has no execute right; sparc64 sets it in base pages, and machines without NX cannot take it away',
  needs: ['no-execute'],
  check(subject, fail) {
    const machine = subject.fresh();
    for (const { start, end } of bootMemmaps(machine)) {
      for (const { offset, access } of leavesIn(machine, start, end)) {
        if ((access & ACCESS.execute) === 0) continue;
        fail({ ...place(machine, offset), expected: 'no execute right', found: accessText(access) });
      }
    }
  },
});

const MAP_5: Clause = defineClause({
  id: 'MAP-5',
  level: 'required',
  area,
  title: 'no two struct pages share memory',
  why: 'mm/sparse-vmemmap.c:vmemmap_pte_populate takes a page of its own for each entry; only HVO and compound device memory share',
  check(subject, fail) {
    const machine = subject.fresh({ memory: 'two-nodes' });
    const used = new RangeSet();
    // A leaf may reach into the next section, and is then met again from there.
    let covered = Number.NEGATIVE_INFINITY;
    for (const { start, end } of bootMemmaps(machine)) {
      for (const { offset, pa, size } of leavesIn(machine, start, end)) {
        if (offset < covered) continue;
        covered = offset + size;
        if (used.intersects(pa, pa + size)) {
          fail({
            ...place(machine, offset),
            expected: 'memory that no other leaf maps',
            found: `${hex(pa)}-${hex(pa + size)} is mapped twice`,
          });
        }
        used.add(pa, pa + size);
      }
    }
  },
});

const MAP_6: Clause = defineClause({
  id: 'MAP-6',
  level: 'required',
  area,
  title: 'nothing is mapped beyond the struct pages asked for, but for the rest of a leaf',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_hugepages maps a whole PMD where a part is asked for, and nothing else',
  // Without tables to list, the whole window cannot be searched in time.
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { leafBytes, slots } = subject.geometry;
    hotAdd(machine, slots[0]!, 1);
    // Leaves are aligned by address, not by offset into the window.
    const bias = Number(machine.window.start % BigInt(leafBytes));
    const wanted = new RangeSet();
    for (const { start, end } of [...bootMemmaps(machine), memmapOf(machine, slots[0]!)]) {
      wanted.add(alignDown(start + bias, leafBytes), alignUp(end + bias, leafBytes));
    }
    for (const { offset, size } of leavesIn(machine, 0, Number(machine.window.end - machine.window.start))) {
      if (wanted.contains(offset + bias, offset + bias + size)) continue;
      fail({
        ...place(machine, offset),
        expected: 'nothing mapped outside of the struct pages of present and added sections',
        found: `a leaf of ${hex(size)} bytes`,
      });
    }
  },
});

const MAP_7: Clause = defineClause({
  id: 'MAP-7',
  level: 'required',
  area,
  title: 'a section that is added after boot gets all of its struct pages, and no other mapping changes',
  why: 'mm/sparse-vmemmap.c:section_activate',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, sectionsPerLeaf } = subject.geometry;
    const nr = slots[0]!;
    const boot = bootMemmaps(machine);
    const before = leavesOf(machine, boot);
    const added = hotAdd(machine, nr, sectionsPerLeaf);
    if (!added)
      fail({ ...place(machine, memmapOf(machine, nr).start), expected: 'memory to be added', found: 'an error' });
    mustBeMapped(machine, memmapOf(machine, nr, sectionsPerLeaf), fail, 'every struct page of added memory mapped');
    const change = firstChange(before, leavesOf(machine, boot));
    if (change !== undefined) {
      fail({ ...place(machine, change.offset), expected: 'boot mappings to stay as they are', found: change.text });
    }
  },
});

const MAP_8: Clause = defineClause({
  id: 'MAP-8',
  level: 'required',
  area,
  title: 'the first subsection of a section can be added alone',
  why: 'mm/sparse-vmemmap.c:__populate_section_memmap takes multiples of a subsection, 2 MiB of RAM; their struct pages may fill less than a page',
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection } = subject.geometry;
    const { start } = memmapOf(machine, slots[0]!);
    const added = machine.populateSection(slots[0]! * pagesPerSection, pagesPerSubsection, 0);
    if (!added) fail({ ...place(machine, start), expected: 'a subsection to be added', found: 'an error' });
    const end = start + pagesPerSubsection * machine.model.structPageSize;
    mustBeMapped(machine, { start, end }, fail, 'every struct page of the subsection mapped');
  },
});

const MAP_9: Clause = defineClause({
  id: 'MAP-9',
  level: 'required',
  area,
  title: 'a section that RAM fills in part only is populated whole at boot',
  why: 'mm/sparse.c:sparse_init_nid passes PAGES_PER_SECTION; pfn_valid() and pageblock scans look at struct pages beyond the end of RAM',
  check(subject, fail) {
    const machine = subject.fresh({ memory: 'partial' });
    const last = bootMemmaps(machine).at(-1)!;
    mustBeMapped(machine, last, fail, 'struct pages for all of a section that RAM fills in part');
  },
});

function accessText(access: number): string {
  const names = (Object.keys(ACCESS) as (keyof typeof ACCESS)[]).filter((name) => (access & ACCESS[name]) !== 0);
  return names.length === 0 ? 'no rights' : names.join(', ');
}

/** What is mapped, to where, with which rights. */
export const mapping: readonly Clause[] = [MAP_1, MAP_2, MAP_3, MAP_4, MAP_5, MAP_6, MAP_7, MAP_8, MAP_9];
