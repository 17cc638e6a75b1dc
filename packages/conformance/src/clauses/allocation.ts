import { hex, type Machine, pageSize } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { hotAdd } from '../hot-add.ts';
import { leavesIn } from '../leaf.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { mustBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { firstChange, leavesOf } from '../snapshot.ts';
import { tableFrames } from '../table-frames.ts';
import { uniqueBytes } from '../unique-bytes.ts';

const area = 'allocation';

/** What the kernel prints once per boot (mm/sparse-vmemmap.c:vmemmap_verify). */
const OFFNODE = 'offnode-page-structs';

const ALLOC_1: Clause = defineClause({
  id: 'ALLOC-1',
  level: 'required',
  area,
  title: 'struct pages lie in memory that was allocated',
  why: 'mm/sparse-vmemmap.c:vmemmap_alloc_block; what is not allocated is soon used for something else',
  check(subject, fail) {
    const machine = subject.fresh({ memory: 'two-nodes' });
    for (const { start, end } of bootMemmaps(machine)) {
      for (const { offset, pa, size } of leavesIn(machine, start, end)) {
        if (machine.ram.isAllocated(pa, size)) continue;
        fail({
          ...place(machine, offset),
          expected: 'memory in use',
          found: `${hex(pa)}-${hex(pa + size)} is free or no RAM`,
        });
      }
    }
  },
});

const ALLOC_2: Clause = defineClause({
  id: 'ALLOC-2',
  level: 'required',
  area,
  title: 'page tables lie in allocated RAM of their own',
  why: 'mm/sparse-vmemmap.c:vmemmap_alloc_block_zero; a table that struct pages overwrite maps anything',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const leaves = leavesOf(machine, bootMemmaps(machine));
    for (const { pa, bytes, level } of tableFrames(machine)) {
      const where = { machine, address: `the ${level} table at ${hex(pa)}` };
      if (!machine.ram.isAllocated(pa, bytes)) {
        fail({ ...where, expected: `${hex(bytes)} bytes of memory in use`, found: 'it is free or no RAM' });
      }
      const over = leaves.find((leaf) => leaf.pa < pa + bytes && pa < leaf.pa + leaf.size);
      if (over !== undefined) {
        fail({
          ...where,
          ...place(machine, over.offset),
          expected: 'no leaf over a page table',
          found: `one over the ${level} table at ${hex(pa)}`,
        });
      }
    }
  },
});

const ALLOC_3: Clause = defineClause({
  id: 'ALLOC-3',
  level: 'recommended',
  area,
  title: 'struct pages lie on the node of their section, or the kernel warns',
  why: 'mm/sparse-vmemmap.c:vmemmap_verify; a struct page on another node is slow each time it is looked at',
  exceptions: ['node-ignored'],
  check(subject, fail) {
    const machine = subject.fresh({ memory: 'two-nodes' });
    if (machine.events.some(({ id }) => id === OFFNODE)) return;
    for (const { nr, count, nid } of machine.sections()) {
      const { start, end } = memmapOf(machine, nr, count);
      for (const { offset, pa } of leavesIn(machine, start, end)) {
        // A leaf that several sections share is on the node of the first.
        if (offset < start || machine.memory.nodeOf(pa) === nid) continue;
        fail({
          ...place(machine, offset),
          expected: `memory of node ${nid}, which has free memory, or the event ${OFFNODE}`,
          found: `memory of node ${machine.memory.nodeOf(pa)} and no warning`,
        });
      }
    }
  },
});

const ALLOC_4: Clause = defineClause({
  id: 'ALLOC-4',
  level: 'required',
  area,
  title: 'a node without free memory gets its struct pages from another, with one warning at most',
  why: 'mm/memblock.c:memblock_alloc_range_nid falls back to any node; pr_warn_once() in vmemmap_verify',
  check(subject, fail) {
    const { ranges } = subject.geometry.memory('two-nodes');
    const full = ranges.find(({ node }) => node === 1)!;
    const memblock = { reserved: [[full.start, full.end]] as const };
    const machine = subject.fresh({ memory: 'two-nodes', memblock });
    const first = full.start / subject.geometry.sectionBytes;
    const memmap = memmapOf(machine, first, (full.end - full.start) / subject.geometry.sectionBytes);
    mustBeMapped(machine, memmap, fail, 'struct pages from another node');
    const warnings = machine.events.filter(({ id }) => id === OFFNODE).length;
    if (warnings > 1) {
      fail({ machine, expected: 'one warning at most', found: `${warnings} events ${OFFNODE}` });
    }
  },
});

const ALLOC_5: Clause = defineClause({
  id: 'ALLOC-5',
  level: 'required',
  area,
  title: 'populating takes no more memory than leaves and tables hold',
  why: 'mm/sparse-vmemmap.c:vmemmap_alloc_block; every block is mapped or is a table, one that is neither is lost for good',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh({ booted: false });
    const page = pageSize(machine.model);
    const free = machine.ram.freeBytes();
    machine.boot();
    const mapped = uniqueBytes(leavesOf(machine, bootMemmaps(machine)));
    // The root is there before. Small tables may share a page or take one each.
    const tables = tableFrames(machine).slice(1);
    const held = tables.reduce((sum, { bytes }) => sum + Math.max(bytes, page), 0);
    const taken = free - machine.ram.freeBytes();
    if (taken <= mapped + held) return;
    fail({
      machine,
      expected: `at most ${hex(mapped + held)} bytes taken at boot, ${hex(mapped)} in leaves and ${hex(held)} in tables`,
      found: `${hex(taken)} bytes`,
    });
  },
});

const ALLOC_6: Clause = defineClause({
  id: 'ALLOC-6',
  level: 'required',
  area,
  title: 'whole sections are backed by huge pages where declared, and by base pages elsewhere',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_hugepages; base pages take a table and 512 TLB entries for each huge page',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const page = pageSize(machine.model);
    const huge = subject.has('huge-pages');
    for (const { start, end } of bootMemmaps(machine)) {
      for (const { offset, size } of leavesIn(machine, start, end)) {
        if (size > page === huge) continue;
        fail({
          ...place(machine, offset),
          expected: huge
            ? 'a huge page, as capability huge-pages declares'
            : 'a base page, since huge-pages is not declared',
          found: `a leaf of ${hex(size)} bytes`,
        });
      }
    }
  },
});

const ALLOC_7: Clause = defineClause({
  id: 'ALLOC-7',
  level: 'required',
  area,
  title: 'without memory for a huge page, base pages are used',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_hugepages goes on with vmemmap_populate_basepages()',
  needs: ['huge-pages'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, leafBytes, pageBytes } = subject.geometry;
    const order = Math.log2(leafBytes / pageBytes);
    machine.failures.add({ order, times: Number.POSITIVE_INFINITY });
    const memmap = memmapOf(machine, slots[0]!);
    if (!hotAdd(machine, slots[0]!, 1)) {
      fail({ ...place(machine, memmap.start), expected: 'base pages instead', found: 'an error' });
    }
    for (const { offset, size } of leavesIn(machine, memmap.start, memmap.end)) {
      if (size < leafBytes) continue;
      fail({ ...place(machine, offset), expected: 'base pages', found: `a leaf of ${hex(size)} bytes` });
    }
    mustBeMapped(machine, memmap, fail, 'base pages instead');
  },
});

const ALLOC_8: Clause = defineClause({
  id: 'ALLOC-8',
  level: 'required',
  area,
  title: 'where the node is declared to be ignored it makes no difference, and nothing warns',
  why: 'arch/s390/mm/vmem.c:modify_pmd_table allocates with NUMA_NO_NODE',
  declared: 'node-ignored',
  check(subject, fail) {
    const slot = subject.geometry.slots[0]!;
    const [first, second] = [0, 1].map((nid) => {
      const machine = subject.fresh({ memory: 'two-nodes' });
      hotAdd(machine, slot, 1, { nid });
      return machine;
    }) as [Machine, Machine];
    const leaves = [first, second].map((machine) => leavesOf(machine, [memmapOf(machine, slot)]));
    const change = firstChange(leaves[0]!, leaves[1]!);
    if (change !== undefined) {
      fail({
        ...place(second, change.offset),
        expected: 'the same leaves for node 1 as for node 0',
        found: change.text,
      });
    }
    const warning = second.events.find(({ id }) => id === OFFNODE);
    if (warning !== undefined) fail({ machine: second, expected: 'no warning', found: warning.message });
  },
});

const ALLOC_9: Clause = defineClause({
  id: 'ALLOC-9',
  level: 'required',
  area,
  title: 'where nothing is declared to check the node, struct pages on another node go without a warning',
  why: 'arch/powerpc/mm/init_64.c:__vmemmap_populate does not call vmemmap_verify()',
  declared: 'node-unchecked',
  check(subject, fail) {
    const { ranges } = subject.geometry.memory('two-nodes');
    const full = ranges.find(({ node }) => node === 1)!;
    const machine = subject.fresh({ memory: 'two-nodes', memblock: { reserved: [[full.start, full.end]] } });
    const warning = machine.events.find(({ id }) => id === OFFNODE);
    if (warning !== undefined) fail({ machine, expected: 'no warning', found: warning.message });
  },
});

const ALLOC_10: Clause = defineClause({
  id: 'ALLOC-10',
  level: 'required',
  area,
  title: 'struct pages in base pages of a distant node go with a warning',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_address calls vmemmap_verify(); who measures a slow machine looks for the line in its log',
  exceptions: ['node-ignored', 'node-unchecked'],
  check(subject, fail) {
    const { geometry } = subject;
    const { ranges } = geometry.memory('two-nodes');
    const full = ranges.find(({ node }) => node === 1)!;
    const machine = subject.fresh({ memory: 'two-nodes', memblock: { reserved: [[full.start, full.end]] } });
    // A part of a section is where architectures take base pages.
    const nr = geometry.slots[0]!;
    machine.populateSection(nr * geometry.pagesPerSection, geometry.pagesPerSubsection, 1);
    const { start, end } = memmapOf(machine, nr);
    for (const { offset, pa, size } of leavesIn(machine, start, end)) {
      if (size > geometry.pageBytes || machine.memory.nodeOf(pa) === 1) continue;
      if (machine.events.some(({ id }) => id === OFFNODE)) return;
      fail({
        ...place(machine, offset),
        expected: `the event ${OFFNODE}`,
        found: `memory of node ${machine.memory.nodeOf(pa)} for node 1, and no warning`,
      });
    }
  },
});

/** Which memory struct pages and tables come from. */
export const allocation: readonly Clause[] = [
  ALLOC_1,
  ALLOC_2,
  ALLOC_3,
  ALLOC_4,
  ALLOC_5,
  ALLOC_6,
  ALLOC_7,
  ALLOC_8,
  ALLOC_9,
  ALLOC_10,
];
