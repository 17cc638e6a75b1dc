import { ACCESS, hex, type KernelRelease, type Machine, releases } from '@vmemmap/core';
import type { BasePage } from '../base-pages.ts';
import { type Clause, defineClause, type Fail } from '../clause.ts';
import { type CompoundDevice, compoundDevice, compoundsOf, mustRemap } from '../compound-device.ts';
import { mustNotBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import type { Subject } from '../subject.ts';

const area = 'device memory';

/** Releases that populate compounds differently: past the architecture, through it, and with a tail of the zone. */
const RELEASES: readonly KernelRelease[] = releases.filter(({ name }) =>
  ['7.3', 'series-05', 'series-49'].includes(name),
);

/** A machine of each release with the device on it, where compounds can be optimised at all. */
function* withDevice(
  subject: Subject,
  size: 'small' | 'spanning',
  fail: Fail,
): Generator<readonly [Machine, CompoundDevice]> {
  for (const release of RELEASES) {
    const machine = subject.fresh({ release });
    const device = compoundDevice(subject, machine, size);
    if (device === undefined) return;
    mustRemap(machine, device, fail);
    yield [machine, device];
  }
}

/** Each compound must have a first page of its own, and one page for all others. */
function mustShareTails(machine: Machine, compounds: readonly BasePage[][], fail: Fail): void {
  const ofZone = machine.release.daxTail === 'zone';
  const heads = new Set<number>();
  const tails = new Set<number>();
  const wrong = (page: BasePage, expected: string): never =>
    fail({
      ...place(machine, page.offset),
      expected,
      found: page.pa < 0 ? 'nothing mapped' : `memory at ${hex(page.pa)}`,
    });
  for (const [head, ...rest] of compounds) {
    const tail = rest[0]!;
    if (head!.pa < 0 || heads.has(head!.pa) || tails.has(head!.pa)) wrong(head!, 'a page of its own for the head');
    heads.add(head!.pa);
    if (tail.pa < 0 || heads.has(tail.pa)) wrong(tail, 'a page for the tails that no head is in');
    if (ofZone && tails.size > 0 && !tails.has(tail.pa)) wrong(tail, 'the tail page of the zone');
    if (!ofZone && tails.has(tail.pa)) wrong(tail, 'a tail page that no other compound uses');
    tails.add(tail.pa);
    const other = rest.find(({ pa }) => pa !== tail.pa);
    if (other !== undefined) wrong(other, `the tail page at ${hex(tail.pa)}, as all of the compound's`);
  }
}

const DAX_1: Clause = defineClause({
  id: 'DAX-1',
  level: 'required',
  area,
  title: 'a compound of device memory has its first page of struct pages to itself and one page for all others',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_compound_pages; arch/powerpc/mm/book3s64/radix_pgtable.c has its own',
  needs: ['optimize-dax-vmemmap'],
  check(subject, fail) {
    for (const [machine, device] of withDevice(subject, 'small', fail))
      mustShareTails(machine, compoundsOf(machine, device), fail);
  },
});

const DAX_2: Clause = defineClause({
  id: 'DAX-2',
  level: 'required',
  area,
  title: 'a compound that spans sections shares one page in all of them',
  why: 'mm/sparse-vmemmap.c:reuse_compound_section takes what the page before the section is mapped to',
  needs: ['optimize-dax-vmemmap'],
  check(subject, fail) {
    for (const [machine, device] of withDevice(subject, 'spanning', fail))
      mustShareTails(machine, compoundsOf(machine, device), fail);
  },
});

const DAX_3: Clause = defineClause({
  id: 'DAX-3',
  level: 'required',
  area,
  title: 'a shared page of device memory has as many references as mappings',
  why: 'VMEMMAP_POPULATE_PAGEREF in mm/sparse-vmemmap.c:vmemmap_pte_populate; with one too few it is freed while it is mapped',
  needs: ['optimize-dax-vmemmap'],
  check(subject, fail) {
    for (const size of ['small', 'spanning'] as const) {
      for (const [machine, device] of withDevice(subject, size, fail)) {
        const mappings = new Map<number, number>();
        for (const { pa } of compoundsOf(machine, device).flat()) mappings.set(pa, (mappings.get(pa) ?? 0) + 1);
        for (const [pa, count] of mappings) {
          // The zone keeps a reference to its own.
          const wanted = count > 1 && machine.release.daxTail === 'zone' ? count + 1 : count;
          if (machine.pageCount(pa) === wanted) continue;
          fail({
            ...place(machine, device.memmap.start),
            expected: `page_count() ${wanted} of the page at ${hex(pa)}, mapped ${count} times`,
            found: `${machine.pageCount(pa)}`,
          });
        }
      }
    }
  },
});

const DAX_4: Clause = defineClause({
  id: 'DAX-4',
  level: 'required',
  area,
  title: 'the memmap counter of compound device memory is the pages that are behind its struct pages',
  why: 'mm/sparse-vmemmap.c:section_nr_vmemmap_pages counts what is reserved for each compound, in its first section',
  needs: ['optimize-dax-vmemmap'],
  check(subject, fail) {
    for (const size of ['small', 'spanning'] as const) {
      for (const [machine, device] of withDevice(subject, size, fail)) {
        const pages = new Set(compoundsOf(machine, device).flatMap((compound) => compound.map(({ pa }) => pa)));
        // The tail of the zone is nobody's.
        const wanted = pages.size - (machine.release.daxTail === 'zone' ? 1 : 0);
        if (machine.counters.nr_memmap_pages === wanted) continue;
        fail({
          ...place(machine, device.memmap.start),
          expected: `as many pages behind the struct pages as nr_memmap_pages says, ${machine.counters.nr_memmap_pages}`,
          found: `${wanted}`,
        });
      }
    }
  },
});

const DAX_5: Clause = defineClause({
  id: 'DAX-5',
  level: 'required',
  area,
  title: 'unmapping compound device memory frees each page once, with its last reference',
  why: 'mm/memremap.c:memunmap_pages; a shared page goes to the page allocator when its last mapping is gone',
  needs: ['optimize-dax-vmemmap', 'free'],
  check(subject, fail) {
    for (const size of ['small', 'spanning'] as const) {
      for (const [machine, device] of withDevice(subject, size, fail)) {
        machine.devices.memunmap(device.options.id);
        mustNotBeMapped(machine, device.memmap, fail, 'nothing mapped for a device that is gone');
        // Tables of upper levels may stay for good, and the tail of a zone: they are not counted.
        const free = machine.ram.freeBytes();
        mustRemap(machine, device, fail);
        machine.devices.memunmap(device.options.id);
        const lost = free - machine.ram.freeBytes();
        if (lost !== 0) {
          fail({
            ...place(machine, device.memmap.start),
            expected: 'as much free memory as before the device came and went',
            found: `${lost} bytes less`,
          });
        }
        const bad = machine.events.find(({ id }) => id === 'bad-free');
        if (bad !== undefined) fail({ machine, expected: 'no free of what is not in use', found: bad.message });
        if (machine.counters.nr_memmap_pages === 0) continue;
        fail({
          machine,
          expected: 'nr_memmap_pages 0',
          found: `${machine.counters.nr_memmap_pages}`,
        });
      }
    }
  },
});

const DAX_6: Clause = defineClause({
  id: 'DAX-6',
  level: 'required',
  area,
  title:
    'pages of struct pages that compounds keep to themselves can be written, those of a zone only where there is no read-only kernel mapping',
  why: 'mm/sparse-vmemmap.c maps compounds with PAGE_KERNEL; patch 38 of "Generalize vmemmap optimization for DAX and HugeTLB" maps shared tails read-only',
  needs: ['optimize-dax-vmemmap'],
  check(subject, fail) {
    for (const [machine, device] of withDevice(subject, 'small', fail)) {
      const readOnly =
        machine.release.daxTail === 'zone' && machine.ops.pageTable!.format.makeReadOnlyLeaf !== undefined;
      for (const compound of compoundsOf(machine, device)) {
        for (const [n, { offset, access }] of compound.entries()) {
          const wanted = n === 0 || !readOnly;
          const good = (access & ACCESS.read) !== 0 && ((access & ACCESS.write) !== 0) === wanted;
          if (good) continue;
          fail({
            ...place(machine, offset),
            expected: wanted ? 'a page that the kernel reads and writes' : 'a shared page that nobody writes',
            found: `access ${access}`,
          });
        }
      }
    }
  },
});

/** Device memory in compound pages. */
export const deviceMemory: readonly Clause[] = [DAX_1, DAX_2, DAX_3, DAX_4, DAX_5, DAX_6];
