import {
  CAPABILITIES,
  checkArch,
  checkOps,
  checkPlugin,
  isVmemmapError,
  type Machine,
  releases,
  type TraceStep,
} from '@vmemmap/core';
import { type Clause, defineClause, type Fail } from '../clause.ts';
import { deviceAltmap, hotAdd } from '../hot-add.ts';
import { bootMemmaps, memmapOf, type Stretch } from '../memmap.ts';
import { mustBeMapped } from '../must-be-mapped.ts';
import { place } from '../place.ts';
import { firstChange, leavesOf } from '../snapshot.ts';

const area = 'contract';

const CON_1: Clause = defineClause({
  id: 'CON-1',
  level: 'required',
  area,
  title: 'the plugin is what it declares: contract version, limits of the model, members for its capabilities',
  why: 'mm/sparse-vmemmap.c:__populate_section_memmap believes ARCH_WANT_OPTIMIZE_DAX_VMEMMAP as Kconfig declares it, and asks no function first',
  check(subject) {
    const plugin = checkPlugin(subject.plugin);
    checkArch(plugin, subject.arch);
    checkOps(subject.arch, subject.fresh().ops);
  },
});

const CON_2: Clause = defineClause({
  id: 'CON-2',
  level: 'required',
  area,
  title: 'an option that does not exist is refused with BAD_CONFIG, and the same options give the same architecture',
  why: 'init/main.c:unknown_bootoption takes a misspelt nopti for an argument of init, and PTI stays on: another kernel is tested than was meant',
  check(subject, fail) {
    try {
      subject.plugin({ ...subject.config, noSuchOption: true });
      fail({ address: 'option noSuchOption', expected: 'VmemmapError BAD_CONFIG', found: 'an architecture' });
    } catch (error) {
      if (!isVmemmapError(error) || error.code !== 'BAD_CONFIG') throw error;
    }
    const text = (): string => {
      const { name, config, model, capabilities } = subject.plugin({ ...subject.config });
      return JSON.stringify([name, config, model, capabilities], (_, value) =>
        typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
      );
    };
    const first = text();
    // Others that are made in between are none of its business.
    for (const { config } of subject.plugin.variants) subject.plugin({ ...config });
    const second = text();
    if (first !== second) fail({ address: subject.label, expected: first, found: second });
  },
});

const CON_3: Clause = defineClause({
  id: 'CON-3',
  level: 'required',
  area,
  title: 'machines share nothing: what one does cannot be seen in another',
  why: 'arch/x86/mm/init_64.c:unused_pmd_start is static, one for a kernel; kept in the architecture it would be one for all machines',
  check(subject, fail) {
    const alone = subject.fresh();
    const other = subject.fresh({ booted: false });
    const { slots } = subject.geometry;
    hotAdd(alone, slots[1]!, 1);
    other.boot();
    hotAdd(alone, slots[0]!, 1);
    const untouched = leavesOf(other, [memmapOf(other, slots[0]!), memmapOf(other, slots[1]!)]);
    if (untouched.length > 0) {
      fail({
        ...place(other, untouched[0]!.offset),
        expected: 'nothing mapped that another machine added',
        found: 'a leaf',
      });
    }
    hotAdd(other, slots[1]!, 1);
    hotAdd(other, slots[0]!, 1);
    // What has leaked long ago makes all machines alike.
    for (const memmap of [...bootMemmaps(other), ...slots.slice(0, 2).map((nr) => memmapOf(other, nr))])
      mustBeMapped(other, memmap, fail, 'struct pages that no other machine has seen');
    mustBeTheSame(alone, other, slots, 'a machine of its own', fail);
  },
});

const CON_4: Clause = defineClause({
  id: 'CON-4',
  level: 'required',
  area,
  title: 'watching changes nothing',
  why: 'arch/x86/mm/init_64.c:vmemmap_set_pmd says with pr_debug() what it maps, and maps the same when nobody listens',
  check(subject, fail) {
    const steps: TraceStep[] = [];
    const watched = subject.fresh({ trace: (step) => steps.push(step) });
    const { slots } = subject.geometry;
    hotAdd(watched, slots[0]!, 1);
    const plain = subject.fresh();
    hotAdd(plain, slots[0]!, 1);
    mustBeTheSame(plain, watched, slots, 'being watched', fail);
  },
});

const CON_5: Clause = defineClause({
  id: 'CON-5',
  level: 'required',
  area,
  title: 'blocks that come one at a time give the same result as blocks that come in runs',
  why: 'mm/sparse-vmemmap.c:vmemmap_alloc_block_buf hands out one; allocBlocks() may hand out any number, and runs only save time',
  check(subject, fail) {
    // A rule that never fires makes allocators work block by block.
    const failures = [{ nth: Number.POSITIVE_INFINITY }] as const;
    const single = subject.fresh({ failures });
    const { slots } = subject.geometry;
    hotAdd(single, slots[0]!, 1);
    const runs = subject.fresh();
    hotAdd(runs, slots[0]!, 1);
    mustBeTheSame(runs, single, slots, 'getting blocks one by one', fail);
  },
});

const CON_6: Clause = defineClause({
  id: 'CON-6',
  level: 'required',
  area,
  title: 'a pgmap without compound pages has no effect',
  why: 'patches 1 to 4 of "Generalize vmemmap optimization for DAX and HugeTLB" only pass it through vmemmap_populate()',
  check(subject, fail) {
    const release = 'series-04';
    const { slots, sectionBytes } = subject.geometry;
    const start = slots[0]! * sectionBytes;
    const pgmap = { ranges: [{ start, end: start + sectionBytes }], nrRange: 0, vmemmapShift: 0 };
    const withPgmap = subject.fresh({ release });
    hotAdd(withPgmap, slots[0]!, 1, { pgmap });
    const without = subject.fresh({ release });
    hotAdd(without, slots[0]!, 1);
    mustBeTheSame(without, withPgmap, slots, 'getting a pgmap', fail);
  },
});

const CON_7: Clause = defineClause({
  id: 'CON-7',
  level: 'required',
  area,
  title: 'every release boots with all struct pages mapped and no assertion failed',
  why: 'mm/sparse.c:sparse_buffer_alloc of 6.12 carves leaves upwards out of a buffer, later releases ask memblock for each',
  check(subject, fail) {
    for (const release of releases) {
      const machine = subject.fresh({ release, memory: 'two-nodes' });
      for (const memmap of bootMemmaps(machine)) mustBeMapped(machine, memmap, fail, `struct pages on ${release.name}`);
      const asserted = machine.events.find(({ kind }) => kind !== 'pr_warn_once');
      if (asserted === undefined) continue;
      fail({
        machine,
        expected: 'no failed assertion at boot',
        found: `${asserted.kind} ${asserted.id} in ${asserted.source}: ${asserted.message}`,
      });
    }
  },
});

const CON_8: Clause = defineClause({
  id: 'CON-8',
  level: 'required',
  area,
  title: 'a pgmap with compound pages has no effect on a release that only passes it on',
  why: 'patch 4 of "Generalize vmemmap optimization for DAX and HugeTLB" adds an argument that nobody reads',
  needs: ['memory-hotplug'],
  check(subject, fail) {
    const { slots, sectionsPerLeaf, sectionBytes, pagesPerSubsection } = subject.geometry;
    const nr = slots[0]!;
    const start = nr * sectionBytes;
    const range = { start, end: start + sectionsPerLeaf * sectionBytes };
    // With an altmap nothing is optimised, and the architecture populates.
    for (const altmap of [undefined, deviceAltmap(subject.geometry, nr, sectionsPerLeaf)]) {
      const [without, withPgmap] = ['7.3', 'series-04'].map((release) => {
        const machine = subject.fresh({ release });
        machine.devices.memremap({
          id: 'dax0.0',
          node: machine.memory.nodes[0]!,
          ranges: [range],
          vmemmapShift: Math.log2(pagesPerSubsection),
          altmap: altmap && { ...altmap },
        });
        return machine;
      });
      mustBeTheSame(without!, withPgmap!, slots, 'a pgmap of compound pages', fail);
    }
  },
});

const CON_9: Clause = defineClause({
  id: 'CON-9',
  level: 'required',
  area,
  title: 'what is declared of huge pages, zones and missing capabilities makes sense',
  why: 'tools show it, and HugeTLB pages are optimised by it: hugetlb_add_hstate(), free_area_init(), the Kconfig of the architecture',
  check({ arch, has, fresh }, fail) {
    const { hugePageSizes = [], zoneLimits = [], without = {} } = arch;
    for (const [what, list, least] of [
      ['hugePageSizes', hugePageSizes, 2 ** arch.model.pageShift],
      ['zoneLimits', zoneLimits, 0],
    ] as const) {
      const wrong = list.find((value, n) => !Number.isSafeInteger(value) || value <= (list[n - 1] ?? least));
      if (wrong !== undefined)
        fail({ address: what, expected: `whole numbers above ${least}, upwards`, found: list.join(', ') });
    }
    if (zoneLimits.length > 2)
      fail({ address: 'zoneLimits', expected: 'two at most: DMA, DMA32', found: zoneLimits.join(', ') });
    for (const [capability, why] of Object.entries(without)) {
      const address = `without.${capability}`;
      if (!CAPABILITIES.some((name) => name === capability))
        fail({ address, expected: 'the name of a capability', found: 'another' });
      if (arch.capabilities.some((name) => name === capability))
        fail({ address, expected: 'a capability that is missing', found: 'it is declared' });
      if (why.trim() === '') fail({ address, expected: 'why it is missing', found: 'nothing' });
    }
    if (!has('hugetlb-vmemmap-preinit') || fresh().ops.pageTable?.format.writeProtect !== undefined) return;
    fail({
      address: 'PageTableFormat.writeProtect',
      expected: 'it, since hugetlb-vmemmap-preinit is declared',
      found: 'none',
    });
  },
});

/** Two machines that were treated alike must have the same leaves, free memory and events. */
function mustBeTheSame(plain: Machine, other: Machine, slots: readonly number[], what: string, fail: Fail): void {
  const stretches = (machine: Machine): readonly Stretch[] => [
    ...bootMemmaps(machine),
    memmapOf(machine, slots[0]!),
    memmapOf(machine, slots[1]!),
  ];
  const change = firstChange(leavesOf(plain, stretches(plain)), leavesOf(other, stretches(other)));
  if (change !== undefined) {
    fail({ ...place(other, change.offset), expected: `the same leaves with and without ${what}`, found: change.text });
  }
  const free = [plain.ram.freeBytes(), other.ram.freeBytes()];
  if (free[0] !== free[1]) {
    fail({ machine: other, expected: `${free[0]} bytes free, as without ${what}`, found: `${free[1]}` });
  }
  const events = [plain, other].map((machine) => machine.events.map(({ id }) => id).join(', '));
  if (events[0] !== events[1]) {
    fail({
      machine: other,
      expected: `the events "${events[0]}", as without ${what}`,
      found: `"${events[1]}"`,
    });
  }
}

/** What a plugin promises to core. */
export const contract: readonly Clause[] = [CON_1, CON_2, CON_3, CON_4, CON_5, CON_6, CON_7, CON_8, CON_9];
