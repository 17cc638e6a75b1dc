import { ENTRY_KIND, type EntryField, entryReading, hex, hex64, type Machine, toU64, translation } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { entryAt } from '../entry-at.ts';
import { farSections } from '../far-sections.ts';
import { hotAdd, hotRemove } from '../hot-add.ts';
import { leavesIn } from '../leaf.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { place } from '../place.ts';
import { entryPlaces, roundTrip } from '../round-trip.ts';
import { tableFrames } from '../table-frames.ts';
import { NOT_MAPPED, translateAll, translateRange } from '../translate-all.ts';

const area = 'tables';
/** Addresses in a run. */
const RANGE = 4096;

/** Addresses worth looking at: both ends of struct pages and leaves, and of what is not mapped. */
function offsetsOf(machine: Machine, hole: number): readonly number[] {
  const found = new Set<number>([0, Number(machine.window.end - machine.window.start) - 1]);
  for (const { start, end } of [...bootMemmaps(machine), memmapOf(machine, hole)]) {
    for (const edge of [start, end]) for (const offset of [edge - 1, edge, edge + 8]) found.add(offset);
    for (const { offset, size } of leavesIn(machine, start, Math.min(end, start + 2 ** 24))) {
      found.add(Math.max(start, offset));
      found.add(Math.min(end, offset + size) - 1);
    }
  }
  const last = Number(machine.window.end - machine.window.start);
  return [...found].filter((offset) => offset >= 0 && offset < last).sort((a, b) => a - b);
}

const TAB_1: Clause = defineClause({
  id: 'TAB-1',
  level: 'required',
  area,
  title: 'all ways to translate an address find the same',
  why: 'mm/vmalloc.c:vmalloc_to_page and mm/ptdump.c:ptdump_walk_pgd read by software what one hardware walks, and must agree with it',
  check(subject, fail) {
    const machine = subject.fresh();
    const { root } = machine.ops.initMm;
    const offsets = offsetsOf(machine, subject.geometry.slots[0]!);
    const many = translateAll(machine, offsets);
    const at = translation();
    for (const [n, offset] of offsets.entries()) {
      machine.ops.walker.walk(root, offset, at);
      const walked = at.mapped ? hex(at.pa) : NOT_MAPPED;
      const { result } = machine.translate(machine.window.start + BigInt(offset));
      const translated = result.mapped ? hex(result.pa) : NOT_MAPPED;
      const where = place(machine, offset);
      if (walked !== translated) fail({ ...where, expected: `translate(): ${walked}, as walk()`, found: translated });
      if (walked !== many[n])
        fail({ ...where, expected: `translateMany(): ${walked}, as walk()`, found: `${many[n]}` });
      for (const field of ['span', 'inside', 'level', 'lo', 'hi'] as const) {
        if (at[field] === result[field]) continue;
        fail({
          ...where,
          expected: `${field} ${at[field]} from translate(), as from walk()`,
          found: `${result[field]}`,
        });
      }
      if (at.mapped && at.access !== result.access) {
        fail({ ...where, expected: `access ${at.access} from translate(), as from walk()`, found: `${result.access}` });
      }
    }
    // Struct pages one after the other.
    const { structPageSize } = machine.model;
    const first = memmapOf(machine, 0).start;
    const range = translateRange(machine, first, structPageSize, RANGE);
    const single = translateAll(
      machine,
      range.map((_, n) => first + n * structPageSize),
    );
    const n = range.findIndex((found, at) => found !== single[at]);
    if (n >= 0) {
      const where = place(machine, first + n * structPageSize);
      fail({ ...where, expected: `translateRange(): ${single[n]}, as translateMany()`, found: `${range[n]}` });
    }
  },
});

const TAB_2: Clause = defineClause({
  id: 'TAB-2',
  level: 'required',
  area,
  title: 'a walk that ends nowhere says why, and how far the hole goes',
  why: 'mm/ptdump.c:ptdump_walk_pgd passes over holes by the size of the entry that is none; arch/s390/mm/fault.c:dump_pagetable says where a walk ended',
  check(subject, fail) {
    const machine = subject.fresh();
    const { start } = memmapOf(machine, subject.geometry.slots[1]!);
    const at = translation();
    machine.ops.walker.walk(machine.ops.initMm.root, start, at);
    const where = place(machine, start);
    if (at.mapped) fail({ ...where, expected: 'a hole', found: `it is mapped to ${hex(at.pa)}` });
    if (at.fault === '') fail({ ...where, expected: 'a fault that says why', found: 'an empty one' });
    const good = at.span > 0 && at.inside >= 0 && at.inside < at.span;
    if (!good) fail({ ...where, expected: 'the size of the hole', found: `span ${at.span}, inside ${at.inside}` });
    const walk = machine.translate(machine.window.start + BigInt(start));
    if (walk.result.fault === '') fail({ ...where, expected: 'a fault from translate()', found: 'an empty one' });
    if (walk.steps.at(-1)?.kind === 'leaf')
      fail({ ...where, expected: 'no leaf at the end of the walk', found: 'one' });
  },
});

const TAB_3: Clause = defineClause({
  id: 'TAB-3',
  level: 'required',
  area,
  title: 'the tables listed are those that walks go through, each once, and hold all leaves',
  why: 'mm/ptdump.c:ptdump_walk_pgd visits every table once; captures and costs are made from the same list',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const listed = new Set<number>();
    for (const { pa, level } of tableFrames(machine)) {
      if (listed.has(pa))
        fail({
          machine,
          address: `the ${level} table at ${hex(pa)}`,
          expected: 'listed once',
          found: 'listed twice',
        });
      listed.add(pa);
    }
    let leaves = 0;
    for (const { offset } of leavesIn(machine, 0, Number(machine.window.end - machine.window.start))) {
      leaves++;
      const { steps } = machine.translate(machine.window.start + BigInt(offset));
      for (const { table, level } of steps) {
        if (listed.has(table)) continue;
        fail({ ...place(machine, offset), expected: `the ${level} table at ${hex(table)} listed`, found: 'it is not' });
      }
    }
    const counted = [...machine.tables()].reduce((sum, table) => sum + table.leaves, 0);
    if (counted === leaves) return;
    fail({
      machine,
      expected: `${leaves} leaves in the tables listed, as walks find`,
      found: `${counted}`,
    });
  },
});

const TAB_4: Clause = defineClause({
  id: 'TAB-4',
  level: 'required',
  area,
  title: 'the code that writes entries and the reader from the manual agree on every one',
  why: "mm/debug_vm_pgtable.c:pmd_leaf_tests holds the kernel's writers against its own readers; a bit that both have wrong shows against the manual only",
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { format } = machine.ops.pageTable!;
    const reading = entryReading();
    for (const { level, pa, firstIndex, lastIndex } of machine.tables()) {
      for (let index = firstIndex; index <= lastIndex; index++) {
        const { lo, hi } = entryAt(machine, pa, index);
        machine.ops.walker.readEntry!(level, lo, hi, reading);
        const { kind, address } = reading;
        const written = format.isNone(level, lo, hi)
          ? { kind: ENTRY_KIND.absent, address: 0 }
          : format.isLeaf(level, lo, hi)
            ? { kind: ENTRY_KIND.leaf, address: format.leafAddress(level, lo, hi) }
            : { kind: ENTRY_KIND.table, address: format.tableAddress(level, lo, hi) };
        if (written.kind === kind && (kind === ENTRY_KIND.absent || written.address === address)) continue;
        fail({
          machine,
          address: `entry ${index} of the ${format.levels[level]!.name} table at ${hex(pa)}`,
          entry: hex64(toU64(lo, hi)),
          expected: `${kindText(written.kind)} ${hex(written.address)}, as it was written`,
          found: mapsOrPoints(kind) ? `${kindText(kind)} ${hex(address)}` : `${kindText(kind)}: ${reading.fault}`,
        });
      }
    }
  },
});

const TAB_5: Clause = defineClause({
  id: 'TAB-5',
  level: 'required',
  area,
  title: 'walks read the tables as they stand in memory',
  why: 'arch/x86/mm/fault.c:spurious_kernel_fault reads the entry again as it stands; a damaged one must show, whatever its writer believes',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    const { start } = memmapOf(machine, 0);
    const va = machine.window.start + BigInt(start);
    const { result, steps } = machine.translate(va);
    const { table, index } = steps.at(-1)!;
    const lanes = machine.entryLanes(table, index);
    // An entry that is none need not be 0: on s390 that would map page 0.
    const none = { lo: 0, hi: 0 };
    machine.ops.pageTable!.format.emptyEntry?.(result.level, none);
    const { lo, hi } = entryAt(machine, table, index);
    const at = translation();
    const look = (): Readonly<Record<string, boolean>> => {
      machine.ops.walker.walk(machine.ops.initMm.root, start, at);
      return {
        walk: at.mapped,
        translate: machine.translate(va).result.mapped,
        translateMany: translateAll(machine, [start])[0] !== NOT_MAPPED,
        translateRange: translateRange(machine, start, 8, 1)[0] !== NOT_MAPPED,
      };
    };
    // Once before, for a reader that remembers.
    look();
    lanes.set([none.lo, none.hi]);
    const seen = look();
    lanes.set([lo, hi]);
    for (const [reader, mapped] of Object.entries(seen)) {
      if (!mapped) continue;
      fail({
        ...place(machine, start),
        expected: `${reader}() to find nothing while the entry is none`,
        found: 'it is mapped',
      });
    }
    machine.ops.walker.walk(machine.ops.initMm.root, start, at);
    if (!at.mapped) fail({ ...place(machine, start), expected: 'the leaf, once its entry is back', found: at.fault });
  },
});

const TAB_6: Clause = defineClause({
  id: 'TAB-6',
  level: 'recommended',
  area,
  title: 'the fields of the entries of every level are described, no bit twice',
  why: 'arch/x86/mm/dump_pagetables.c:printk_prot names the bits of an entry; tools print entries by these fields',
  needs: ['page-tables'],
  check(subject, fail) {
    for (const { levels, kind, fields } of subject.arch.entryLayouts) {
      const address = `the ${kind} layout of ${levels.join(', ')}`;
      let used = 0n;
      for (const field of fields) {
        const { name, low, high } = field;
        if (!(low >= 0 && low <= high && high <= 63)) {
          fail({ address, expected: 'bits from 63 to 0', found: `${name} ${high}:${low}` });
        }
        const mask = maskOf(field);
        if ((used & mask) !== 0n)
          fail({ address, expected: 'each bit in one field', found: `${name} ${high}:${low} twice` });
        used |= mask;
      }
    }
    for (const { name } of subject.fresh().levels) {
      const described = subject.arch.entryLayouts.some(({ levels }) => levels.includes(name));
      if (!described) fail({ address: `level ${name}`, expected: 'a layout of its entries', found: 'none' });
    }
  },
});

const TAB_7: Clause = defineClause({
  id: 'TAB-7',
  level: 'required',
  area,
  title: 'an entry holds any physical address there can be',
  why: 'arch/arm64/include/asm/pgtable.h:__phys_to_pte_val moves bits 51:48; an address bit that is lost maps other memory, on large machines only',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    for (const { kind, level, align, bits } of entryPlaces(subject, machine)) {
      // Each bit alone, and all of them: what moves a bit, or lets it run into another, shows in one of the two.
      const all = 2 ** bits - align;
      for (let pa = align; pa < 2 ** bits; pa *= 2) mustRead(kind, level, pa);
      mustRead(kind, level, all);
    }

    function mustRead(kind: 'table' | 'leaf', level: number, pa: number): void {
      const [fault] = roundTrip(machine, { kind, level, pa });
      if (fault === undefined) return;
      fail({ machine, expected: `a ${kind} entry for ${hex(pa)} that reads back as it was written`, found: fault });
    }
  },
});

const TAB_8: Clause = defineClause({
  id: 'TAB-8',
  level: 'recommended',
  area,
  title: 'every bit that is set in an entry has a name',
  why: 'arch/x86/mm/dump_pagetables.c:printk_prot names the bits of an entry; one without a name is a slip, or a layout that is not complete',
  needs: ['page-tables'],
  check(subject, fail) {
    const machine = subject.fresh();
    hotAdd(machine, subject.geometry.slots[0]!, 1);
    const { format } = machine.ops.pageTable!;
    for (const { level, pa, firstIndex, lastIndex } of machine.tables()) {
      const { name } = format.levels[level]!;
      for (let index = firstIndex; index <= lastIndex; index++) {
        const { lo, hi } = entryAt(machine, pa, index);
        if (format.isNone(level, lo, hi)) continue;
        const kind = format.isLeaf(level, lo, hi) ? 'leaf' : 'table';
        const layout = subject.arch.entryLayouts.find((one) => one.kind === kind && one.levels.includes(name));
        const entry = toU64(lo, hi);
        const nameless = layout?.fields.reduce((rest, field) => rest & ~maskOf(field), entry) ?? 0n;
        if (nameless === 0n) continue;
        fail({
          machine,
          address: `entry ${index} of the ${name} table at ${hex(pa)}`,
          entry: hex64(entry),
          expected: `a field of the ${kind} layout of ${name} for each bit that is set`,
          found: `none for ${hex64(nameless)}`,
        });
      }
    }
  },
});

const TAB_9: Clause = defineClause({
  id: 'TAB-9',
  level: 'required',
  area,
  title: 'tables of memory that lies far apart are frames of their own, while it comes and goes',
  why: 'several tables can share a page, as objects of a cache or fragments of a page (arch/powerpc/mm/pgtable-frag.c:pte_fragment_alloc); one handed out twice maps two places at once',
  needs: ['page-tables', 'memory-hotplug', 'free'],
  check(subject, fail) {
    const machine = subject.fresh();
    const all = farSections(subject, machine);
    const [some, others] = [all.filter((_, n) => n % 2 === 0), all.filter((_, n) => n % 2 === 1)];
    for (const [what, numbers] of [
      ['added', all],
      ['removed', some],
      ['added', some],
      ['removed', others],
      ['added', others],
    ] as const) {
      for (const nr of numbers) {
        if (what === 'removed') hotRemove(machine, nr, 1);
        else if (!hotAdd(machine, nr, 1)) fail({ machine, expected: `section ${nr} to be added`, found: 'an error' });
      }
      const [problem] = machine.verify().problems;
      if (problem !== undefined)
        fail({
          machine,
          expected: `every struct page in its place after ${numbers.length} sections were ${what}`,
          found: problem,
        });
      framesOfTheirOwn(machine, (found) => fail({ machine, expected: 'each table in memory of its own', found }));
    }
  },
});

function framesOfTheirOwn(machine: Machine, fail: (found: string) => void): void {
  const sorted = [...tableFrames(machine)].sort((a, b) => a.pa - b.pa);
  for (const [n, { pa, bytes, level }] of sorted.entries()) {
    const before = sorted[n - 1];
    if (before !== undefined && before.pa + before.bytes > pa)
      fail(`the ${level} table at ${hex(pa)} in the ${before.level} table at ${hex(before.pa)}`);
    if (!machine.ram.isAllocated(pa, bytes)) fail(`the ${level} table at ${hex(pa)} in memory that is free or no RAM`);
  }
}

/** The bits of a field. */
function maskOf({ low, high }: EntryField): bigint {
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}

function mapsOrPoints(kind: number): boolean {
  return kind === ENTRY_KIND.leaf || kind === ENTRY_KIND.table;
}

function kindText(kind: number): string {
  return Object.entries(ENTRY_KIND).find(([, value]) => value === kind)?.[0] ?? String(kind);
}

/** What stands in the tables, and how it is read. */
export const tables: readonly Clause[] = [TAB_1, TAB_2, TAB_3, TAB_4, TAB_5, TAB_6, TAB_7, TAB_8, TAB_9];
