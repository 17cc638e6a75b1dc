import { hex, type Machine, type VmemAltmap } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { ALTMAP_RESERVE, deviceAltmap, hotAdd, hotRemove } from '../hot-add.ts';
import { type Leaf, leavesIn } from '../leaf.ts';
import { memmapOf } from '../memmap.ts';
import { mustBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { leavesOf } from '../snapshot.ts';
import { tableFrames } from '../table-frames.ts';
import { uniqueBytes } from '../unique-bytes.ts';

const area = 'altmap';

function altmapText(altmap: VmemAltmap): string {
  const { basePfn, reserve, free, alloc, align } = altmap;
  return `altmap of pfn ${hex(basePfn)}, reserve ${reserve}, free ${free}: alloc ${alloc}, align ${align}`;
}

/** Whether a leaf lies in the pages that an altmap may hand out. */
function inAltmap(machine: Machine, { basePfn, reserve, free }: VmemAltmap, { pa, size }: Leaf): boolean {
  const page = 2 ** machine.model.pageShift;
  return pa >= (basePfn + reserve) * page && pa + size <= (basePfn + reserve + free) * page;
}

const ALT_1: Clause = defineClause({
  id: 'ALT-1',
  level: 'required',
  area,
  title: 'struct pages of whole sections come from the altmap where declared, and never from it elsewhere',
  why: 'mm/sparse-vmemmap.c:altmap_alloc_block_buf; loongarch and sparc64 drop the altmap, x86 without PSE refuses it',
  check(subject, fail) {
    const machine = subject.fresh();
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    const count = geometry.sectionsPerLeaf;
    const altmap = deviceAltmap(geometry, nr, count);
    const added = hotAdd(machine, nr, count, { altmap });
    const memmap = memmapOf(machine, nr, count);
    if (subject.has('altmap')) {
      if (!added) {
        fail({
          ...place(machine, memmap.start),
          expected: 'memory from the altmap',
          found: `an error; ${altmapText(altmap)}`,
        });
      }
      mustBeMapped(machine, memmap, fail, 'struct pages in the altmap');
    } else if (altmap.alloc !== 0) {
      fail({ machine, expected: 'an altmap left alone', found: altmapText(altmap) });
    }
    for (const leaf of leavesIn(machine, memmap.start, memmap.end)) {
      if (inAltmap(machine, altmap, leaf) === subject.has('altmap')) continue;
      fail({
        ...place(machine, leaf.offset),
        expected: subject.has('altmap')
          ? `memory of the altmap, not of the ${ALTMAP_RESERVE} pages it reserves nor of RAM`
          : 'memory that is not of the altmap',
        found: `${hex(leaf.pa)}-${hex(leaf.pa + leaf.size)}; ${altmapText(altmap)}`,
      });
    }
  },
});

const ALT_2: Clause = defineClause({
  id: 'ALT-2',
  level: 'required',
  area,
  title: 'page tables come from RAM, also with an altmap',
  why: 'mm/sparse-vmemmap.c:vmemmap_pmd_populate calls vmemmap_alloc_block_zero(), which knows no altmap; the device may go away before the table',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { geometry } = subject;
    // The furthest place needs the most new tables.
    const nr = geometry.slots.at(-1)!;
    hotAdd(machine, nr, geometry.sectionsPerLeaf, { altmap: deviceAltmap(geometry, nr, geometry.sectionsPerLeaf) });
    // A part of a section is where architectures take base pages, and so tables of the last level.
    const part = geometry.slots[0]!;
    const altmap = deviceAltmap(geometry, part, 1);
    machine.populateSection(part * geometry.pagesPerSection, geometry.pagesPerSubsection, 0, altmap);
    for (const { pa, bytes, level } of tableFrames(machine)) {
      if (machine.ram.isAllocated(pa, bytes)) continue;
      fail({
        machine,
        address: `the ${level} table at ${hex(pa)}`,
        expected: 'RAM in use',
        found: machine.memory.nodeOf(pa) < 0 ? 'no RAM: it is on the device' : 'free memory',
      });
    }
  },
});

const ALT_3: Clause = defineClause({
  id: 'ALT-3',
  level: 'recommended',
  area,
  title: 'an altmap without room is an error, not a reason to take RAM',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_hugepages returns -ENOMEM; the device was told that it holds its own struct pages',
  needs: ['altmap'],
  exceptions: ['altmap-fallback'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    const altmap = { ...deviceAltmap(geometry, nr, 1), free: 0 };
    const memmap = memmapOf(machine, nr);
    if (hotAdd(machine, nr, 1, { altmap })) {
      fail({ ...place(machine, memmap.start), expected: '-ENOMEM from an altmap of no pages', found: 'success' });
    }
    for (const { offset, pa } of leavesIn(machine, memmap.start, memmap.end)) {
      fail({ ...place(machine, offset), expected: 'nothing mapped', found: `memory at ${hex(pa)}` });
    }
  },
});

const ALT_4: Clause = defineClause({
  id: 'ALT-4',
  level: 'required',
  area,
  title: 'the altmap counts just the pages that are mapped',
  why: 'mm/memremap.c:memunmap_pages warns when altmap->alloc is not 0 in the end; what is taken and not mapped never comes back',
  check(subject, fail) {
    const machine = subject.fresh();
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    const count = geometry.sectionsPerLeaf;
    const altmap = deviceAltmap(geometry, nr, count);
    hotAdd(machine, nr, count, { altmap });
    const inside = leavesOf(machine, [memmapOf(machine, nr, count)]).filter((leaf) => inAltmap(machine, altmap, leaf));
    const pages = uniqueBytes(inside) / geometry.pageBytes;
    if (altmap.alloc === pages) return;
    fail({ machine, expected: `alloc ${pages}, the pages mapped`, found: altmapText(altmap) });
  },
});

const ALT_5: Clause = defineClause({
  id: 'ALT-5',
  level: 'required',
  area,
  title: 'what came from an altmap goes back to it, and never to RAM',
  why: 'arch/x86/mm/init_64.c:free_vmemmap_pages; free_pages() on a page of the device corrupts the page allocator',
  check(subject, fail) {
    const machine = subject.fresh();
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    const count = geometry.sectionsPerLeaf;
    const altmap = deviceAltmap(geometry, nr, count);
    hotAdd(machine, nr, count, { altmap });
    const { alloc } = altmap;
    hotRemove(machine, nr, count, altmap);
    const expected = subject.has('free') ? 0 : alloc;
    if (altmap.alloc !== expected) {
      fail({ machine, expected: `alloc ${expected} after removal`, found: altmapText(altmap) });
    }
    const bad = machine.events.find(({ id }) => id === 'bad-free');
    if (bad !== undefined) fail({ machine, expected: 'no page of the device freed to RAM', found: bad.message });
  },
});

const ALT_6: Clause = defineClause({
  id: 'ALT-6',
  level: 'required',
  area,
  title: 'where RAM is declared to stand in for an altmap without room, it does, and goes back to RAM',
  why: 'arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_pte_populate tries again without the altmap',
  needs: ['altmap', 'free'],
  declared: 'altmap-fallback',
  check(subject, fail) {
    const machine = subject.fresh();
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    const count = geometry.sectionsPerLeaf;
    const altmap = { ...deviceAltmap(geometry, nr, count), free: 0 };
    const memmap = memmapOf(machine, nr, count);
    // Twice: the tables that stay for good are made the first time.
    hotAdd(machine, nr, count, { altmap });
    hotRemove(machine, nr, count, altmap);
    const free = machine.ram.freeBytes();
    if (!hotAdd(machine, nr, count, { altmap })) {
      fail({ ...place(machine, memmap.start), expected: 'RAM in place of the altmap', found: 'an error' });
    }
    mustBeMapped(machine, memmap, fail, 'struct pages in RAM');
    for (const { offset, pa, size } of leavesIn(machine, memmap.start, memmap.end)) {
      if (machine.ram.isAllocated(pa, size)) continue;
      fail({ ...place(machine, offset), expected: 'RAM in use', found: `memory at ${hex(pa)}` });
    }
    hotRemove(machine, nr, count, altmap);
    if (altmap.alloc !== 0) {
      fail({ machine, expected: 'an altmap left alone', found: altmapText(altmap) });
    }
    const lost = free - machine.ram.freeBytes();
    if (lost === 0) return;
    fail({
      ...place(machine, memmap.start),
      expected: 'all of the RAM back after removal',
      found: `${lost} bytes less`,
    });
  },
});

/** Struct pages on the device they describe. */
export const altmapClauses: readonly Clause[] = [ALT_1, ALT_2, ALT_3, ALT_4, ALT_5, ALT_6];
