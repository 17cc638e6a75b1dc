import { ENOMEM, isVmemmapError, type Machine, releases, type VmemAltmap } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { type FailurePlan, failurePlans } from '../failure-plan.ts';
import type { Geometry } from '../geometry.ts';
import { deviceAltmap, hotAdd, hotRemove } from '../hot-add.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { mustBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { firstChange, leavesOf } from '../snapshot.ts';
import { uniqueBytes } from '../unique-bytes.ts';

const area = 'errors';
const FOREVER = Number.POSITIVE_INFINITY;

/** Adds the section of the first slot while memory runs out. */
function hotAddFailing(machine: Machine, geometry: Geometry, plan: FailurePlan, altmap?: VmemAltmap): boolean {
  for (const rule of plan.rules) machine.failures.add(rule);
  const added = hotAdd(machine, geometry.slots[0]!, 1, altmap === undefined ? {} : { altmap });
  machine.failures.clear();
  return added;
}

const ERR_1: Clause = defineClause({
  id: 'ERR-1',
  level: 'required',
  area,
  title: 'without memory, adding a section fails with an error and changes no other mapping',
  why: 'mm/sparse-vmemmap.c:section_activate turns any error into -ENOMEM; a success would let memmap_init_range() write to nowhere',
  check(subject, fail) {
    for (const plan of failurePlans(subject)) {
      const machine = subject.fresh();
      const boot = bootMemmaps(machine);
      const before = leavesOf(machine, boot);
      const memmap = memmapOf(machine, subject.geometry.slots[0]!);
      const added = hotAddFailing(machine, subject.geometry, plan);
      if (added) mustBeMapped(machine, memmap, fail, `an error, or struct pages (${plan.text})`);
      const change = firstChange(before, leavesOf(machine, boot));
      if (change !== undefined) {
        fail({ ...place(machine, change.offset), expected: 'boot mappings to stay as they are', found: change.text });
      }
    }
  },
});

const ERR_2: Clause = defineClause({
  id: 'ERR-2',
  level: 'required',
  area,
  title: 'after an error, adding the section again gives it all of its struct pages',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_hugepages has no rollback: what was made before the error is met again and must still be good',
  check(subject, fail) {
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    for (const plan of failurePlans(subject)) {
      const machine = subject.fresh();
      hotAddFailing(machine, geometry, plan);
      const stretch = memmapOf(machine, nr);
      if (!hotAdd(machine, nr, 1)) {
        fail({
          ...place(machine, stretch.start),
          expected: `success at the second try (${plan.text})`,
          found: 'an error with memory to be had',
        });
      }
      mustBeMapped(machine, stretch, fail, `every struct page mapped at the second try (${plan.text})`);
      const leaves = leavesOf(machine, [stretch]);
      const total = leaves.reduce((sum, { size }) => sum + size, 0);
      if (uniqueBytes(leaves) !== total) {
        fail({
          ...place(machine, stretch.start),
          expected: `memory of its own for each leaf (${plan.text})`,
          found: 'shared memory',
        });
      }
    }
  },
});

const ERR_3: Clause = defineClause({
  id: 'ERR-3',
  level: 'required',
  area,
  title: 'after an error, freeing the section gives back all memory it took',
  why: 'mm/sparse-vmemmap.c:section_activate calls section_deactivate() on what populate left behind',
  needs: ['free'],
  check(subject, fail) {
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    for (const plan of failurePlans(subject)) {
      const machine = subject.fresh();
      // Twice: the tables that stay for good are made the first time.
      hotAddFailing(machine, geometry, plan);
      hotRemove(machine, nr, 1);
      const before = machine.ram.freeBytes();
      hotAddFailing(machine, geometry, plan);
      hotRemove(machine, nr, 1);
      const lost = before - machine.ram.freeBytes();
      if (lost === 0) continue;
      fail({
        ...place(machine, memmapOf(machine, nr).start),
        expected: `as much free memory as after the same the first time (${plan.text})`,
        found: `${Math.abs(lost)} bytes ${lost > 0 ? 'less' : 'more'}`,
      });
    }
  },
});

const ERR_4: Clause = defineClause({
  id: 'ERR-4',
  level: 'required',
  area,
  title: 'boot without enough memory leaves out sections, or panics, as the release does; what has a memmap is mapped',
  why: 'mm/sparse.c:sparse_init_nid: 7.2 logs and goes on, 7.3 panics; both need a negative errno from vmemmap_populate()',
  exceptions: ['boot-tables-or-panic'],
  check(subject, fail) {
    const failures = [{ source: 'memblock', nth: 1, times: FOREVER }] as const;
    const machine = subject.fresh({ release: '7.2', failures });
    for (const memmap of bootMemmaps(machine))
      mustBeMapped(machine, memmap, fail, 'a section left out, or its struct pages');
    if (!machine.events.some(({ id }) => id === 'memmap-backing-failed')) {
      fail({
        machine,
        expected: 'the event memmap-backing-failed',
        found: 'boot without memory for struct pages',
      });
    }
    try {
      subject.fresh({ release: '7.3', failures });
    } catch (error) {
      if (isVmemmapError(error) && error.code === 'KERNEL_PANIC') return;
      throw error;
    }
    fail({ machine: 'the same on release 7.3', expected: 'a panic', found: 'boot without memory for struct pages' });
  },
});

const ERR_5: Clause = defineClause({
  id: 'ERR-5',
  level: 'recommended',
  area,
  title: 'the error for want of memory is -ENOMEM',
  why: 'mm/sparse-vmemmap.c:vmemmap_populate_basepages; powerpc hash returns -EFAULT when the hash table is full, which nobody looks at',
  check(subject, fail) {
    const machine = subject.fresh();
    const nr = subject.geometry.slots[0]!;
    const { start, end } = memmapOf(machine, nr);
    machine.failures.add({ times: FOREVER });
    const errno = machine.ops.vmemmapPopulate(start, end, 0, undefined, undefined);
    if (errno !== ENOMEM) {
      fail({ ...place(machine, start), expected: `${ENOMEM} (-ENOMEM)`, found: `vmemmapPopulate() returned ${errno}` });
    }
  },
});

const ERR_6: Clause = defineClause({
  id: 'ERR-6',
  level: 'required',
  area,
  title: 'after an error with an altmap, freeing the section empties the altmap',
  why: 'mm/sparse-vmemmap.c:section_deactivate is handed the same altmap; mm/memremap.c:memunmap_pages warns about pages still out',
  needs: ['altmap', 'free'],
  check(subject, fail) {
    const { geometry } = subject;
    const nr = geometry.slots[0]!;
    for (const plan of failurePlans(subject)) {
      const machine = subject.fresh();
      const altmap = deviceAltmap(geometry, nr, 1);
      hotAddFailing(machine, geometry, plan, altmap);
      hotRemove(machine, nr, 1, altmap);
      if (altmap.alloc === 0) continue;
      fail({
        ...place(machine, memmapOf(machine, nr).start),
        expected: `an altmap with nothing handed out (${plan.text})`,
        found: `alloc ${altmap.alloc}`,
      });
    }
  },
});

const ERR_7: Clause = defineClause({
  id: 'ERR-7',
  level: 'required',
  area,
  title: 'where a boot without memory for a table is declared to panic, it does so on every release',
  why: 'arch/powerpc/mm/book3s64/radix_pgtable.c:early_alloc_pgtable',
  declared: 'boot-tables-or-panic',
  check(subject, fail) {
    for (const release of releases) {
      try {
        subject.fresh({ release, failures: [{ source: 'memblock', nth: 1, times: FOREVER }] });
      } catch (error) {
        if (isVmemmapError(error) && error.code === 'KERNEL_PANIC') continue;
        throw error;
      }
      fail({ machine: `release ${release.name}`, expected: 'a panic', found: 'boot without memory for page tables' });
    }
  },
});

/** Offsets of the first address that the root table has an entry for, and of the first behind them. */
function rootReach({ levels, window }: Machine): { start: number; end: number } {
  const { shift, indexBits } = levels[0]!;
  const bits = BigInt(shift + indexBits);
  const start = Number(((window.start >> bits) << bits) - window.start);
  return { start, end: start + 2 ** (shift + indexBits) };
}

const ERR_8: Clause = defineClause({
  id: 'ERR-8',
  level: 'required',
  area,
  title: 'where ranges outside of the vmemmap are declared to be warned about, each of them is, and none inside',
  why: 'arch/arm64/mm/mmu.c:vmemmap_populate and arch/riscv/mm/init.c:vmemmap_populate begin with WARN_ON((start < VMEMMAP_START) || (end > VMEMMAP_END)): what lies there belongs to others',
  declared: 'checks-window',
  check(subject, fail) {
    const machine = subject.fresh();
    const { pageBytes } = subject.geometry;
    const bytes = Number(machine.window.end - machine.window.start);
    const node = machine.memory.nodes[0]!;
    // Tables that would be taken for those of other addresses are beyond the model.
    const warnings = (call: () => unknown): number | 'refused' => {
      const before = machine.events.length;
      try {
        call();
      } catch (error) {
        if (!isVmemmapError(error)) throw error;
        return 'refused';
      }
      return machine.events.slice(before).filter(({ kind }) => kind === 'WARN').length;
    };
    const { start, end } = rootReach(machine);
    for (const [what, offset, expected] of [
      ['the last page', bytes - pageBytes, 0],
      ['the page behind the last', bytes, 1],
      ['another one behind it', bytes + pageBytes, 1],
      ['the first page of the root table', start, 1],
      ['the last page of the root table', end - pageBytes, end === bytes ? 0 : 1],
      ['the page before the root table', start - pageBytes, 'refused'],
      ['the page behind the root table', end, 'refused'],
    ] as const) {
      const range = [offset, offset + pageBytes] as const;
      const found = warnings(() => machine.ops.vmemmapPopulate(...range, node, undefined, undefined));
      if (found !== expected)
        fail({ ...place(machine, offset), expected: `warnings about ${what}: ${expected}`, found: `${found}` });
      const freed = warnings(() => machine.ops.vmemmapFree?.(...range, undefined));
      if ((freed === 'refused') !== (expected === 'refused'))
        fail({ ...place(machine, offset), expected: `vmemmap_free() of ${what}: ${expected}`, found: `${freed}` });
    }
  },
});

/** What happens without memory, and outside of it. */
export const errors: readonly Clause[] = [ERR_1, ERR_2, ERR_3, ERR_4, ERR_5, ERR_6, ERR_7, ERR_8];
