import { type Errno, errnoName, hex, type Machine, OK, pageSize, RangeSet } from '@vmemmap/core';
import { type Clause, defineClause, type Fail } from '../clause.ts';
import { declares } from '../declares.ts';
import { leavesIn } from '../leaf.ts';
import { memmapOf } from '../memmap.ts';
import { mustBeMapped, mustNotBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { leavesOf } from '../snapshot.ts';
import type { Subject } from '../subject.ts';
import { uniqueBytes } from '../unique-bytes.ts';

const area = 'section life';

/** Subsections that come (+) and go (-), first and count. A section has 8 of them at least. */
const ORDER: readonly (readonly ['+' | '-', number, number])[] = [
  ['+', 0, 1],
  ['+', 2, 2],
  ['+', 1, 1],
  ['-', 2, 1],
  ['+', 4, 4],
  ['+', 2, 1],
  ['-', 0, 1],
  ['-', 4, 4],
  ['+', 0, 1],
];

function mustSucceed(machine: Machine, errno: Errno, what: string, fail: Fail): void {
  if (errno !== OK) fail({ machine, expected: `${what} to succeed`, found: errnoName(errno) });
}

const LIFE_1: Clause = defineClause({
  id: 'LIFE-1',
  level: 'required',
  area,
  title: 'subsections that are there have all of their struct pages, in whatever order they come and go',
  why: 'include/linux/mmzone.h:pfn_valid trusts the subsection map; mm/sparse-vmemmap.c:section_activate and section_deactivate',
  needs: ['memory-hotplug'],
  exceptions: ['assumes-populated'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, pagesPerSubsection: sub } = subject.geometry;
    const first = slots[0]! * pagesPerSection;
    const bytes = sub * machine.model.structPageSize;
    const start = machine.offsetOfPage(first);
    const present = new RangeSet();
    // Where a leaf goes with the first part of it that is freed, others lose theirs: FREE-10 is about that.
    const keeps = !declares(subject.arch, 'frees-whole-leaves');
    for (const [sign, nr, count] of ORDER) {
      const span = { pfn: first + nr * sub, pages: count * sub };
      if (sign === '+') {
        mustSucceed(
          machine,
          machine.addPages(machine.memory.nodes[0]!, span),
          `${count} subsections from ${nr} on`,
          fail,
        );
        present.add(nr, nr + count);
      } else if (keeps) {
        machine.removePages(span);
        present.remove(nr, nr + count);
      } else break;
      for (const [from, to] of present) {
        const memmap = { start: start + from * bytes, end: start + to * bytes };
        mustBeMapped(machine, memmap, fail, `subsections ${from} to ${to - 1} mapped after ${sign}${nr}`);
      }
    }
  },
});

const LIFE_2: Clause = defineClause({
  id: 'LIFE-2',
  level: 'required',
  area,
  title:
    'the memmap counter of added memory is what the struct pages of each section fill, and so much is behind them, but for the rest of leaves',
  why: 'nr_memmap_pages: mm/sparse-vmemmap.c:section_nr_vmemmap_pages',
  needs: ['memory-hotplug'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection, sectionsPerLeaf, leafBytes, memmapBytes } = subject.geometry;
    const page = pageSize(machine.model);
    const count = 2 * sectionsPerLeaf;
    const nr = slots[0]!;
    const span = { pfn: nr * pagesPerSection, pages: count * pagesPerSection };
    mustSucceed(machine, machine.addPages(machine.memory.nodes[0]!, span), `${count} sections`, fail);
    const memmap = memmapOf(machine, nr, count);
    const backed = uniqueBytes(leavesOf(machine, [memmap])) / page;
    const counted = machine.counters.nr_memmap_pages;
    const wanted = count * Math.ceil(memmapBytes / page);
    if (counted !== wanted)
      fail({ ...place(machine, memmap.start), expected: `nr_memmap_pages ${wanted}`, found: `${counted}` });
    const filled = Math.ceil((count * memmapBytes) / page);
    const rest = (2 * leafBytes) / page;
    if (backed >= filled && backed <= filled + rest) return;
    fail({
      ...place(machine, memmap.start),
      expected: `${filled} to ${filled + rest} pages behind the struct pages of ${count} sections`,
      found: `${backed}`,
    });
  },
});

const LIFE_3: Clause = defineClause({
  id: 'LIFE-3',
  level: 'required',
  area,
  title: 'memory that is added, removed and added again is mapped as memory of boot is',
  why: 'mm/memory_hotplug.c:add_memory_resource and try_remove_memory',
  needs: ['memory-hotplug'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, sectionBytes, sectionsPerLeaf } = subject.geometry;
    const node = machine.memory.nodes[0]!;
    const start = slots[0]! * sectionBytes;
    const end = start + sectionsPerLeaf * sectionBytes;
    mustSucceed(machine, machine.hotplug.add({ node, start, end }), 'adding memory', fail);
    mustSucceed(machine, machine.hotplug.remove(start, end), 'removing it', fail);
    if (subject.has('free'))
      mustNotBeMapped(
        machine,
        memmapOf(machine, slots[0]!, sectionsPerLeaf),
        fail,
        'nothing mapped for removed memory',
      );
    mustSucceed(machine, machine.hotplug.add({ node, start, end }), 'adding memory again', fail);
    const [problem] = machine.verify().problems;
    if (problem !== undefined) fail({ machine, expected: 'no problem', found: problem });
  },
});

/** Memory blocks of up to so many sections are tried: their struct pages have to be whole PMDs and pageblocks. */
const MOST_SECTIONS = 8192;
/** As many where none is to hold its own. */
const MOST_WITHOUT = 4;

/** Where a memory block of so many bytes has a place: between boot RAM, or after it. Its leaves are its own. */
function placeFor({ geometry }: Subject, machine: Machine, blockSize: number): number | undefined {
  const room = geometry.sectionsPerLeaf * geometry.sectionBytes;
  const [low, high] = machine.memory.ranges;
  const after = (end: number): number => Math.ceil((end + room) / blockSize) * blockSize;
  const between = after(low!.end);
  if (between + blockSize + room <= high!.start) return between;
  const start = after(high!.end);
  const { end } = memmapOf(machine, start / geometry.sectionBytes, blockSize / geometry.sectionBytes);
  return BigInt(end) <= machine.window.end - machine.window.start ? start : undefined;
}

const LIFE_4: Clause = defineClause({
  id: 'LIFE-4',
  level: 'required',
  area,
  title:
    'a memory block that is large enough holds its own struct pages where declared, and no block does elsewhere; nothing is left of it when it is removed',
  why: 'mm/memory_hotplug.c:create_altmaps_and_memory_blocks and altmap_free; arch_supports_memmap_on_memory(). Without altmap there is nothing to hold them by: x86 without PSE refuses the block',
  needs: ['memory-hotplug'],
  when: {
    text: '`altmap` is declared, or `memmap-on-memory` is not',
    holds: ({ capabilities }) => capabilities.includes('altmap') || !capabilities.includes('memmap-on-memory'),
  },
  check(subject, fail) {
    const declared = subject.has('memmap-on-memory');
    for (let count = 1; count <= (declared ? MOST_SECTIONS : MOST_WITHOUT); count *= 2) {
      const machine = subject.fresh();
      const blockSize = count * subject.geometry.sectionBytes;
      const start = placeFor(subject, machine, blockSize);
      if (start === undefined) break;
      const end = start + blockSize;
      const memmap = memmapOf(machine, start / subject.geometry.sectionBytes, count);
      const node = machine.memory.nodes[0]!;
      const added = machine.hotplug.add({ node, start, end, blockSize, memmapOnMemory: true });
      mustSucceed(machine, added, `a memory block of ${hex(blockSize)} bytes`, fail);
      mustBeMapped(machine, memmap, fail, 'struct pages of the block');
      const leaves = [...leavesIn(machine, memmap.start, memmap.end)];
      const inside = leaves.filter(({ pa, size }) => pa >= start && pa + size <= end).length;
      const where = place(machine, memmap.start);
      if (inside > 0 && inside < leaves.length)
        fail({ ...where, expected: 'all struct pages in the block or none', found: `${inside} of ${leaves.length}` });
      if (inside > 0 && !declared) fail({ ...where, expected: 'struct pages in RAM', found: 'they are in the block' });
      mustSucceed(machine, machine.hotplug.remove(start, end), 'removing the block', fail);
      if (machine.altmapPages !== 0)
        fail({ ...where, expected: 'no page of the altmap left', found: `${machine.altmapPages}` });
      if (inside > 0) return;
    }
    if (!declared) return;
    fail({
      machine: subject.fresh(),
      expected: `a memory block of up to ${MOST_SECTIONS} sections with its own struct pages, as memmap-on-memory declares`,
      found: 'none',
    });
  },
});

const LIFE_5: Clause = defineClause({
  id: 'LIFE-5',
  level: 'required',
  area,
  title: 'a section of boot keeps all of its struct pages until its last subsection goes, and then none',
  why: 'mm/sparse-vmemmap.c:section_deactivate frees the memmap of an early section when it is empty only; pfn_valid() is true in all of it, whatever the subsection map says',
  needs: ['memory-hotplug', 'free'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { pagesPerSection, pagesPerSubsection, sectionBytes } = subject.geometry;
    const nr = Math.floor(machine.memory.ranges.at(-1)!.start / sectionBytes);
    const pfn = nr * pagesPerSection;
    const memmap = memmapOf(machine, nr);
    const remove = (first: number, count: number): void =>
      machine.removePages({ pfn: pfn + first * pagesPerSubsection, pages: count * pagesPerSubsection });
    remove(0, 1);
    mustBeMapped(machine, memmap, fail, 'all struct pages, while subsections are there');
    remove(2, pagesPerSection / pagesPerSubsection - 2);
    mustBeMapped(machine, memmap, fail, 'all struct pages, while a subsection is there');
    remove(1, 1);
    mustNotBeMapped(machine, memmap, fail, 'nothing mapped once the last subsection went');
  },
});

const LIFE_6: Clause = defineClause({
  id: 'LIFE-6',
  level: 'required',
  area,
  title: 'memory that comes and goes is nothing to warn about',
  why: 'WARN_ON() in populate and free stands for what cannot be; with panic_on_warn it stops the host. arch/arm64/mm/mmu.c:unmap_hotplug_range checks every entry that way',
  needs: ['memory-hotplug', 'free'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { pagesPerSection, slots } = subject.geometry;
    const [first, second] = [slots[0]!, slots[0]! + 1].map((nr) => nr * pagesPerSection) as [number, number];
    const before = machine.events.length;
    const add = (pfn: number): void => {
      const errno = machine.addPages(machine.memory.nodes[0]!, { pfn, pages: pagesPerSection });
      mustSucceed(machine, errno, 'a section', fail);
    };
    const remove = (pfn: number): void => machine.removePages({ pfn, pages: pagesPerSection });
    add(first);
    add(second);
    remove(first);
    add(first);
    remove(second);
    remove(first);
    const [warned] = machine.events.slice(before);
    if (warned === undefined) return;
    fail({ machine, expected: 'no word of it', found: `${warned.kind} in ${warned.source}: ${warned.message}` });
  },
});

/** Memory that comes and goes after boot. */
export const sectionLife: readonly Clause[] = [LIFE_1, LIFE_2, LIFE_3, LIFE_4, LIFE_5, LIFE_6];
