import { hex, hex64, type Machine, pagesPerSection, SECTION_FLAGS } from '@vmemmap/core';
import { declares } from '../declares.ts';
import { leavesIn } from '../leaf.ts';
import { memmapOf } from '../memmap.ts';

/** What the kernel prints once per boot (mm/sparse-vmemmap.c:vmemmap_verify). */
const OFFNODE = 'offnode-page-structs';

/**
 * Checks what must hold of any machine that has booted.
 * @returns what is wrong, empty when nothing is
 */
export function faultsOf(machine: Machine): readonly string[] {
  return [...machine.verify().problems, ...wrongSections(machine), ...strayLeaves(machine), ...offNodeLeaves(machine)];
}

// A section is present, with a memmap and counted, exactly where RAM is.
function wrongSections(machine: Machine): string[] {
  const bytes = 2 ** machine.model.sectionSizeBits;
  const wanted = new Set<number>();
  for (const { start, end } of machine.memory.ranges)
    for (let nr = Math.floor(start / bytes); nr * bytes < end; nr++) wanted.add(nr);
  const faults: string[] = [];
  for (const { nr, count, flags } of machine.sections()) {
    if ((flags & SECTION_FLAGS.HAS_MEM_MAP) === 0) faults.push(`section ${nr} has no memmap`);
    for (let n = nr; n < nr + count; n++) if (!wanted.delete(n)) faults.push(`section ${n} is present without RAM`);
  }
  for (const nr of wanted) faults.push(`section ${nr} has RAM and is not present`);
  return faults;
}

// Every leaf holds a struct page of a present section.
function strayLeaves(machine: Machine): string[] {
  const faults: string[] = [];
  const perSection = pagesPerSection(machine.model) * machine.model.structPageSize;
  const zero = machine.offsetOfPage(0);
  const present = new Set<number>();
  for (const { nr, count } of machine.sections()) for (let n = nr; n < nr + count; n++) present.add(n);
  for (const run of machine.leaves()) {
    for (let n = 0; n < run.count; n++) {
      const start = run.offset + n * run.size - zero;
      const last = Math.floor((start + run.size - 1) / perSection);
      let used = false;
      for (let nr = Math.floor(start / perSection); nr <= last && !used; nr++) used = present.has(nr);
      if (used) continue;
      const va = hex64(BigInt.asUintN(64, machine.window.start + BigInt(run.offset + n * run.size)));
      faults.push(`${va}: a leaf of ${hex(run.size)} bytes for no section`);
    }
  }
  return faults;
}

// A base page for one section alone lies on its node, or the kernel has warned.
function offNodeLeaves(machine: Machine): string[] {
  const warned = machine.events.some(({ id }) => id === OFFNODE);
  const mayBe = warned || declares(machine.arch, 'node-ignored') || declares(machine.arch, 'node-unchecked');
  const page = 2 ** machine.model.pageShift;
  const faults: string[] = [];
  let offNode = 0;
  for (const { nr, count, nid } of machine.sections()) {
    for (let n = nr; n < nr + count; n++) {
      const { start, end } = memmapOf(machine, n);
      for (const { offset, pa, size } of leavesIn(machine, start, end)) {
        if (machine.memory.nodeOf(pa) === nid) continue;
        offNode++;
        if (size > page || offset < start || mayBe) continue;
        faults.push(`section ${n}: the leaf at ${hex(pa)} is not on node ${nid}, and nothing warned`);
      }
    }
  }
  if (warned && offNode === 0) faults.push('a warning of struct pages off their node, and there are none');
  return faults;
}
