import { hex, hex64, OK, pageSize, releases, sectionNrVmemmapPages } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { hotAdd, hotRemove } from '../hot-add.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { place } from '../place.ts';
import { leavesOf } from '../snapshot.ts';
import { uniqueBytes } from '../unique-bytes.ts';

const area = 'sections';

const SEC_1: Clause = defineClause({
  id: 'SEC-1',
  level: 'required',
  area,
  title: 'section_mem_map holds vmemmap in every section, with room for the flags below it',
  why: 'mm/sparse.c:sparse_encode_mem_map BUG_ON(coded_mem_map & ~SECTION_MAP_MASK)',
  check(subject, fail) {
    const machine = subject.fresh();
    for (const section of machine.sections()) {
      const value = machine.sectionMemMap(section);
      const decoded = value ^ BigInt(section.flags);
      const flagBits = (1n << (machine.release.preinitSections ? 6n : 5n)) - 1n;
      if (decoded === machine.window.base && (decoded & flagBits) === 0n) continue;
      fail({
        machine,
        address: `section ${section.nr}`,
        expected: `vmemmap ${hex64(machine.window.base)} with the flags ${hex(section.flags)}, and no other bit below ${hex(flagBits + 1n)}`,
        found: `section_mem_map ${hex64(value)}`,
      });
    }
  },
});

const SEC_2: Clause = defineClause({
  id: 'SEC-2',
  level: 'required',
  area,
  title: 'the window has a place for the struct pages of all RAM, and ends below 2^64',
  why: 'struct pages beyond it would overwrite what lies next; arch/x86/mm/kaslr.c and arch/s390/boot/startup.c lay the regions out',
  check(subject, fail) {
    for (const memory of ['partial', 'one-node', 'two-nodes'] as const) {
      const machine = subject.fresh({ memory, booted: false });
      const { start, end } = machine.window;
      if (!(start < end && end <= 1n << 64n)) {
        fail({
          machine,
          expected: 'a window below 2^64',
          found: `${hex64(start)} to ${hex(end)}`,
        });
      }
      for (const range of machine.memory.ranges) {
        const { sectionBytes } = subject.geometry;
        const nr = Math.floor(range.start / sectionBytes);
        const memmap = memmapOf(machine, nr, Math.ceil(range.end / sectionBytes) - nr);
        if (memmap.start >= 0 && BigInt(memmap.end) <= end - start) continue;
        fail({
          machine,
          address: `the struct pages of sections from ${nr} on, ${hex(memmap.start)} to ${hex(memmap.end)} from the window's start`,
          expected: `inside the window of ${hex(end - start)} bytes`,
          found: 'outside',
        });
      }
    }
  },
});

const SEC_3: Clause = defineClause({
  id: 'SEC-3',
  level: 'required',
  area,
  title:
    'the memmap counter of boot is what the struct pages of each section fill, and so much is behind them, but for the rest of leaves',
  why: 'nr_memmap_boot_pages: mm/sparse-vmemmap.c:section_nr_vmemmap_pages counts struct pages, not leaves, and whole pages for a section that fills less',
  check(subject, fail) {
    const machine = subject.fresh();
    const page = pageSize(machine.model);
    const { leafBytes, memmapBytes } = subject.geometry;
    const memmaps = bootMemmaps(machine);
    const backed = uniqueBytes(leavesOf(machine, memmaps)) / page;
    const counted = machine.counters.nr_memmap_boot_pages;
    const sections = memmaps.reduce((sum, { start, end }) => sum + (end - start) / memmapBytes, 0);
    const wanted = sections * Math.ceil(memmapBytes / page);
    if (counted !== wanted) {
      fail({
        machine,
        expected: `nr_memmap_boot_pages ${wanted}, for ${sections} sections`,
        found: `${counted}`,
      });
    }
    const filled = Math.ceil((sections * memmapBytes) / page);
    // Each stretch of struct pages may use a part only of its first and of its last leaf.
    const rest = (memmaps.length * 2 * leafBytes) / page;
    if (backed >= filled && backed <= filled + rest) return;
    fail({
      machine,
      expected: `${filled} to ${filled + rest} pages behind the struct pages of ${sections} sections`,
      found: `${backed}`,
    });
  },
});

const SEC_4: Clause = defineClause({
  id: 'SEC-4',
  level: 'required',
  area,
  title: 'a failed add counts for nothing once it is undone',
  why: 'mm/sparse-vmemmap.c:populate_section_memmap counts on NULL too; section_deactivate() takes the same away',
  check(subject, fail) {
    const machine = subject.fresh();
    const nr = subject.geometry.slots[0]!;
    machine.failures.add({ times: Number.POSITIVE_INFINITY });
    const added = hotAdd(machine, nr, 1);
    machine.failures.clear();
    if (added)
      fail({ ...place(machine, memmapOf(machine, nr).start), expected: 'an error without memory', found: 'success' });
    const pages = sectionNrVmemmapPages(machine.model, subject.geometry.pagesPerSection);
    if (machine.counters.nr_memmap_pages !== pages) {
      fail({
        machine,
        expected: `nr_memmap_pages ${pages}`,
        found: `${machine.counters.nr_memmap_pages}`,
      });
    }
    hotRemove(machine, nr, 1);
    if (machine.counters.nr_memmap_pages === 0) return;
    fail({
      machine,
      expected: 'nr_memmap_pages 0',
      found: `${machine.counters.nr_memmap_pages}`,
    });
  },
});

const SEC_5: Clause = defineClause({
  id: 'SEC-5',
  level: 'required',
  area,
  title: 'vmemmap is a multiple of the struct pages of the largest folio where tails find their head by a mask',
  why: 'include/linux/page-flags.h:compound_info_has_mask; arch/riscv/mm/init.c: VMEMMAP_ADDR_ALIGN',
  needs: ['optimize-hugetlb-vmemmap'],
  check(subject, fail) {
    const { hugePageSizes = [], model } = subject.arch;
    const largest = hugePageSizes.at(-1);
    if (largest === undefined || !Number.isInteger(Math.log2(model.structPageSize))) return;
    for (const release of releases.filter(({ compoundInfoMask }) => compoundInfoMask)) {
      const { window } = subject.fresh({ release, booted: false });
      const align = BigInt((largest / pageSize(model)) * model.structPageSize);
      if (window.base % align === 0n) continue;
      fail({
        machine: `${subject.label} on ${release.name}`,
        expected: `vmemmap at a multiple of ${hex(align)}, the struct pages of a huge page of ${hex(largest)} bytes`,
        found: hex64(window.base),
      });
    }
  },
});

const SEC_6: Clause = defineClause({
  id: 'SEC-6',
  level: 'required',
  area,
  title: 'memory that could not be added counts for nothing',
  why: 'mm/sparse-vmemmap.c:section_activate calls section_deactivate() when there is no memmap, which takes back what was counted',
  needs: ['memory-hotplug'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { slots, pagesPerSection } = subject.geometry;
    const pfn = slots[0]! * pagesPerSection;
    machine.failures.add({ times: Number.POSITIVE_INFINITY });
    const err = machine.addPages(machine.memory.nodes[0]!, { pfn, pages: pagesPerSection });
    machine.failures.clear();
    if (err === OK)
      fail({ ...place(machine, memmapOf(machine, slots[0]!).start), expected: 'an error without memory', found: 'OK' });
    if (machine.counters.nr_memmap_pages === 0) return;
    fail({ machine, expected: 'nr_memmap_pages 0', found: `${machine.counters.nr_memmap_pages}` });
  },
});

/** Sections, the window, and the counters. */
export const sections: readonly Clause[] = [SEC_1, SEC_2, SEC_3, SEC_4, SEC_5, SEC_6];
