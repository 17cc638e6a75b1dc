import { hex, hex64, isVmemmapError, type Machine, releases, toU64 } from '@vmemmap/core';
import { type Clause, defineClause, type Fail } from '../clause.ts';
import { compoundDevice, mustRemap } from '../compound-device.ts';
import { entryAt } from '../entry-at.ts';
import { hotAdd, hotRemove } from '../hot-add.ts';
import { leafText, leavesIn } from '../leaf.ts';
import { bootMemmaps, memmapOf, type Stretch } from '../memmap.ts';
import { place } from '../place.ts';
import type { Subject } from '../subject.ts';

const area = 'sync';

/** Fails where another address space sees anything else than init_mm. */
function mustSeeTheSame(machine: Machine, root: number, name: string, { start, end }: Stretch, fail: Fail): void {
  const own = leavesIn(machine, start, end, root);
  for (const leaf of leavesIn(machine, start, end)) {
    const seen = own.next();
    const text = seen.done === true ? 'nothing mapped' : leafText(seen.value);
    if (text === leafText(leaf)) continue;
    fail({
      ...place(machine, leaf.offset, root),
      expected: `${name} to see what init_mm does: ${leafText(leaf)}`,
      found: text,
    });
  }
}

/** The section furthest from boot RAM that has a place in the window: it most likely needs a top-level entry of its own. */
function furthestSection(subject: Subject, machine: Machine): number {
  const { sectionBytes } = subject.geometry;
  const end = Number(machine.window.end - machine.window.start);
  let nr = 2 ** machine.model.maxPhysmemBits / sectionBytes - 1;
  while (memmapOf(machine, nr).end > end) nr = Math.floor(nr / 2);
  return Math.max(nr, subject.geometry.slots[0]!);
}

const SYNC_1: Clause = defineClause({
  id: 'SYNC-1',
  level: 'required',
  area,
  title: 'on every release, an address space made before boot sees all that boot maps',
  why: 'include/linux/pgalloc.h:pgd_populate_kernel; a process without the entry faults on struct pages, as it did on those of compound device memory',
  needs: ['page-directory-sync'],
  check(subject, fail) {
    for (const release of releases) {
      const machine = subject.fresh({ release, booted: false });
      const mm = machine.createAddressSpace('early');
      machine.boot();
      for (const memmap of bootMemmaps(machine)) mustSeeTheSame(machine, mm.root, mm.name, memmap, fail);
    }
  },
});

const SYNC_2: Clause = defineClause({
  id: 'SYNC-2',
  level: 'required',
  area,
  title: 'an address space sees what was mapped before it was made, and what is added later, wherever it lies',
  why: 'arch/x86/mm/pgtable.c:pgd_ctor copies the kernel half; arch/x86/mm/init_64.c:sync_global_pgds',
  needs: ['page-directory-sync'],
  check(subject, fail) {
    const machine = subject.fresh();
    const mm = machine.createAddressSpace('process');
    for (const memmap of bootMemmaps(machine)) mustSeeTheSame(machine, mm.root, mm.name, memmap, fail);
    for (const nr of [subject.geometry.slots[0]!, furthestSection(subject, machine)]) {
      const memmap = memmapOf(machine, nr);
      if (!hotAdd(machine, nr, 1))
        fail({ ...place(machine, memmap.start), expected: `section ${nr} to be added`, found: 'an error' });
      mustSeeTheSame(machine, mm.root, mm.name, memmap, fail);
    }
  },
});

const SYNC_3: Clause = defineClause({
  id: 'SYNC-3',
  level: 'required',
  area,
  title: 'a new top-level entry is known to every address space even when populate fails below it',
  why: 'mm/sparse-vmemmap.c:vmemmap_pgd_populate tells them at once; a sync at the end of populate is not reached on error',
  needs: ['page-directory-sync', 'page-tables'],
  check(subject, fail) {
    for (const nth of [1, 2, 3, 4]) {
      const machine = subject.fresh({
        booted: false,
        failures: [{ source: 'memblock', nth: nth + 1, times: Number.POSITIVE_INFINITY }],
      });
      // The address space's own root table is the first allocation.
      const mm = machine.createAddressSpace('early');
      try {
        machine.boot();
      } catch (error) {
        // A kernel that stops has nobody to tell.
        if (isVmemmapError(error) && error.code === 'KERNEL_PANIC') continue;
        throw error;
      }
      mustHaveTheSameRoot(machine, mm.root, fail, `allocations fail from number ${nth} on`);
    }
  },
});

function mustHaveTheSameRoot(machine: Machine, root: number, fail: Fail, when: string): void {
  const [top] = machine.tables();
  if (top === undefined) return;
  const { name, shift } = machine.levels[0]!;
  for (let index = top.firstIndex; index <= top.lastIndex; index++) {
    const wanted = entryAt(machine, top.pa, index);
    const seen = entryAt(machine, root, index);
    if (seen.lo === wanted.lo && seen.hi === wanted.hi) continue;
    fail({
      machine,
      address: hex64(top.va + (BigInt(index) << BigInt(shift))),
      expected: `${name} entry ${index} ${hex64(toU64(wanted.lo, wanted.hi))} in every address space (${when})`,
      found: `${hex64(toU64(seen.lo, seen.hi))} in the table at ${hex(root)}`,
    });
  }
}

const SYNC_4: Clause = defineClause({
  id: 'SYNC-4',
  level: 'required',
  area,
  title: 'root entries outside of the window are left alone',
  why: 'arch/x86/mm/init_64.c:sync_global_pgds touches kernel entries only; the user half belongs to the process',
  needs: ['page-directory-sync', 'page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const mm = machine.createAddressSpace('process');
    const [top] = machine.tables();
    if (top === undefined) return;
    const { firstIndex, lastIndex } = top;
    const outside = Array.from({ length: machine.levels[0]!.bytes / 8 }, (_, index) => index).filter(
      (index) => index < firstIndex || index > lastIndex,
    );
    const roots = [top.pa, mm.root];
    const before = roots.map((root) => outside.map((index) => machine.entryLanes(root, index).join()));
    hotAdd(machine, furthestSection(subject, machine), 1);
    hotAdd(machine, subject.geometry.slots[0]!, 1);
    for (const [n, root] of roots.entries()) {
      for (const [i, index] of outside.entries()) {
        if (machine.entryLanes(root, index).join() === before[n]![i]) continue;
        fail({
          machine,
          address: `entry ${index} of the root table at ${hex(root)}`,
          expected: `no change outside of the window's entries ${firstIndex} to ${lastIndex}`,
          found: 'it changed',
        });
      }
    }
  },
});

const SYNC_5: Clause = defineClause({
  id: 'SYNC-5',
  level: 'required',
  area,
  title: 'other address spaces can be made just where page-directory-sync is declared',
  why: 'arch/x86/mm/init_64.c:arch_sync_kernel_mappings; arm64 and s390 reach the kernel through tables of its own, with nothing to copy',
  check(subject, fail) {
    const machine = subject.fresh();
    const declared = subject.has('page-directory-sync');
    let made = true;
    try {
      machine.createAddressSpace('process');
    } catch (error) {
      if (!isVmemmapError(error) || error.code !== 'NOT_MODELLED') throw error;
      made = false;
    }
    if (made === declared) return;
    fail({
      machine,
      expected: declared ? 'an address space' : 'NOT_MODELLED, since page-directory-sync is not declared',
      found: made ? 'an address space' : 'NOT_MODELLED',
    });
  },
});

const SYNC_6: Clause = defineClause({
  id: 'SYNC-6',
  level: 'required',
  area,
  title:
    'a new top-level entry for compound device memory is known to every address space just where the release or the architecture tells them',
  why: 'mm/sparse-vmemmap.c:__populate_section_memmap passes the architecture by for compounds, and with it sync_global_pgds(); pgd_populate_kernel() tells at once since 6.17',
  needs: ['page-directory-sync', 'page-tables', 'optimize-dax-vmemmap'],
  check(subject, fail) {
    for (const release of releases) {
      const machine = subject.fresh({ release });
      const device = compoundDevice(subject, machine, 'small');
      if (device === undefined) return;
      const { start, end } = device.options.ranges[0]!;
      const at = Math.floor((furthestSection(subject, machine) * subject.geometry.sectionBytes) / (end - start));
      const ranges = [{ start: at * (end - start), end: (at + 1) * (end - start) }];
      const mm = machine.createAddressSpace('process');
      const [top] = machine.tables();
      const indexes = Array.from({ length: top!.lastIndex - top!.firstIndex + 1 }, (_, n) => top!.firstIndex + n);
      const rootOf = (root: number): readonly string[] =>
        indexes.map((index) => machine.entryLanes(root, index).join());
      const before = rootOf(top!.pa);
      mustRemap(machine, { ...device, options: { ...device.options, ranges } }, fail);
      const after = rootOf(top!.pa);
      const seen = rootOf(mm.root);
      const told = release.syncsNewTopLevelEntries || release.compoundPages === 'arch';
      for (const [n, entry] of after.entries()) {
        if (seen[n] === (told ? entry : before[n])) continue;
        fail({
          machine,
          address: `entry ${indexes[n]} of the root table at ${hex(mm.root)}`,
          expected: told ? 'what init_mm has' : 'what was there before: nobody tells',
          found: told ? 'another entry' : 'it changed',
        });
      }
    }
  },
});

const SYNC_7: Clause = defineClause({
  id: 'SYNC-7',
  level: 'required',
  area,
  title: 'an address space sees the same as init_mm after memory went, and after it came back',
  why: 'arch/riscv/mm/init.c:free_pmd_table leaves what root entries point to, since a root entry cannot be taken out of every address space; arch/x86/mm/init_64.c:remove_pagetable frees no such table either',
  needs: ['page-directory-sync', 'free'],
  check(subject, fail) {
    const machine = subject.fresh();
    const mm = machine.createAddressSpace('process');
    const nr = furthestSection(subject, machine);
    const memmap = memmapOf(machine, nr);
    hotAdd(machine, nr, 1);
    hotRemove(machine, nr, 1);
    mustSeeTheSame(machine, mm.root, mm.name, memmap, fail);
    if (subject.has('page-tables')) mustHaveTheSameRoot(machine, mm.root, fail, 'after memory went');
    hotAdd(machine, nr, 1);
    mustSeeTheSame(machine, mm.root, mm.name, memmap, fail);
  },
});

/** What other address spaces see. */
export const sync: readonly Clause[] = [SYNC_1, SYNC_2, SYNC_3, SYNC_4, SYNC_5, SYNC_6, SYNC_7];
