import { ENTRY_KIND, entryReading, hex, hex64, type Machine, toU64, translation } from '@vmemmap/core';
import { type Clause, defineClause } from '../clause.ts';
import { entryAt } from '../entry-at.ts';
import { leavesIn } from '../leaf.ts';
import { machineText } from '../machine-text.ts';
import { bootMemmaps, memmapOf } from '../memmap.ts';
import { place } from '../place.ts';
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
  why: 'walk(), translate(), walkMany() and walkRange() are one walk of the hardware; tools use whichever is handy',
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
  why: 'what the hardware reports as a fault; readers pass over holes by their size',
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
  why: 'the capability page-tables: captures and costs are made from the list',
  applies: ({ capabilities }) => capabilities.includes('page-tables'),
  check(subject, fail) {
    const machine = subject.fresh();
    const listed = new Set<number>();
    for (const { pa, level } of tableFrames(machine)) {
      if (listed.has(pa))
        fail({
          machine: machineText(machine),
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
      machine: machineText(machine),
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
  why: 'p?d_none(), p?d_leaf(), pte_pfn() against the hardware; the reader shares nothing with the writer',
  applies: ({ capabilities }) => capabilities.includes('page-tables'),
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
          machine: machineText(machine),
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
  why: 'the walker is the hardware: an entry that is damaged must show, whatever the writer believes',
  applies: ({ capabilities }) => capabilities.includes('page-tables'),
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
  why: 'tools print entries by these fields',
  applies: ({ capabilities }) => capabilities.includes('page-tables'),
  check(subject, fail) {
    for (const { levels, kind, fields } of subject.arch.entryLayouts) {
      const address = `the ${kind} layout of ${levels.join(', ')}`;
      let used = 0n;
      for (const { name, low, high } of fields) {
        if (!(low >= 0 && low <= high && high <= 63)) {
          fail({ address, expected: 'bits from 63 to 0', found: `${name} ${high}:${low}` });
        }
        const mask = ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
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

function mapsOrPoints(kind: number): boolean {
  return kind === ENTRY_KIND.leaf || kind === ENTRY_KIND.table;
}

function kindText(kind: number): string {
  return Object.entries(ENTRY_KIND).find(([, value]) => value === kind)?.[0] ?? String(kind);
}

/** What stands in the tables, and how it is read. */
export const tables: readonly Clause[] = [TAB_1, TAB_2, TAB_3, TAB_4, TAB_5, TAB_6];
