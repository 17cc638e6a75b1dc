import { hex, hex64, toU64 } from '../bits.ts';
import { entryText } from '../contract/entry-text.ts';
import type { TableView } from '../contract/translation.ts';
import type { Machine } from '../machine/machine.ts';
import { ENTRY_KIND, entryReading } from '../pagetable/table-walker.ts';
import type { Differences } from './difference.ts';
import type { CaptureExpected, CaptureTable } from './format.ts';
import type { Outside } from './outside.ts';

interface ExpectedEntry {
  readonly raw: bigint;
  readonly kind: 'table' | 'invalid';
}

/**
 * Compares every table of the window: that it is there, which of its entries are used, their flag bits, and that each
 * points to the table below it. Where a table lies is the allocator's choice and no difference.
 * @returns how many tables were compared
 */
export function compareTables(
  machine: Machine,
  expected: CaptureExpected,
  outside: Outside,
  differences: Differences,
): number {
  const names = machine.levels.map(({ name }) => name);
  const key = (level: string, va: bigint): string => `${level} ${hex64(va)}`;
  const found = new Map<string, TableView>();
  for (const table of machine.tables()) found.set(key(names[table.level]!, table.va), table);
  const captured = new Map<string, CaptureTable>();
  for (const table of expected.tables) {
    if (outside.isBelow(table.level, table.va)) continue;
    const name = key(table.level, table.va);
    if (captured.has(name)) differences.add('capture', `table ${name}`, 'listed once', 'listed twice in the capture');
    captured.set(name, table);
  }
  let compared = 0;
  for (const [name, table] of captured) {
    const view = found.get(name);
    if (view === undefined) {
      differences.add('table', `table ${name}`, `at ${hex(table.pa)}`, 'no such table');
      continue;
    }
    compared++;
    compareTable(machine, name, table, view, captured, key, outside, differences);
  }
  for (const [name, { pa, va, level }] of found) {
    if (!captured.has(name) && !outside.isBelow(names[level]!, va))
      differences.add('table', `table ${name}`, 'no such table', `at ${hex(pa)}`);
  }
  return compared;
}

function compareTable(
  machine: Machine,
  name: string,
  table: CaptureTable,
  view: TableView,
  captured: ReadonlyMap<string, CaptureTable>,
  key: (level: string, va: bigint) => string,
  outside: Outside,
  differences: Differences,
): void {
  const { entryLayouts } = machine.arch;
  differences.compare('table', `table ${name}: first index in the window`, table.windowFirstIndex, view.firstIndex);
  differences.compare('table', `table ${name}: last index in the window`, table.windowLastIndex, view.lastIndex);
  const wanted = expandEntries(table, name, differences);
  const found = new Map(view.entries.map((entry) => [entry.index, entry]));
  const level = machine.levels[view.level]!;
  const below = machine.levels[view.level + 1]?.name ?? '';
  const theirs = entryReading();
  const ours = entryReading();
  for (const index of new Set([...wanted.keys(), ...found.keys()])) {
    const out = outside.at(table.level, table.va, index);
    if (out === 'subtree') continue;
    const where = `${level.name} entry ${index} for ${hex64(BigInt.asUintN(64, table.va + (BigInt(index) << BigInt(level.shift))))}`;
    const entry = wanted.get(index);
    const mine = found.get(index);
    const expectedText =
      entry === undefined ? 'empty' : `${entry.kind} ${entryText(entryLayouts, level.name, 'table', entry.raw)}`;
    const foundText =
      mine === undefined
        ? 'empty'
        : `${mine.kind} ${entryText(entryLayouts, level.name, 'table', toU64(mine.lo, mine.hi))}`;
    if (entry === undefined || mine === undefined || entry.kind !== mine.kind) {
      differences.add('entry', where, expectedText, foundText);
      continue;
    }
    if (entry.kind === 'invalid') {
      differences.compare('entry', where, expectedText, foundText);
      continue;
    }
    machine.ops.walker.readEntry!(
      view.level,
      Number(BigInt.asIntN(32, entry.raw)),
      Number(BigInt.asIntN(32, entry.raw >> 32n)),
      theirs,
    );
    machine.ops.walker.readEntry!(view.level, mine.lo | 0, mine.hi | 0, ours);
    if (
      theirs.kind !== ENTRY_KIND.table ||
      (out !== 'flags' && (theirs.flagsLo !== ours.flagsLo || theirs.flagsHi !== ours.flagsHi))
    ) {
      differences.add('entry', where, expectedText, foundText);
      continue;
    }
    const va = BigInt.asUintN(64, table.va + (BigInt(index) << BigInt(level.shift)));
    const child = captured.get(key(below, va));
    if (child === undefined)
      differences.add('capture', where, `a ${below} table for ${hex64(va)}`, 'not listed in the capture');
    else if (child.pa !== theirs.address) {
      differences.add(
        'entry',
        where,
        `the ${below} table at ${hex(child.pa)}`,
        `${expectedText} in the capture points to ${hex(theirs.address)}`,
      );
    }
  }
}

function expandEntries(table: CaptureTable, name: string, differences: Differences): Map<number, ExpectedEntry> {
  const entries = new Map<number, ExpectedEntry>();
  for (const { index, count, firstRaw, step, kind } of table.entries) {
    if (index + count - 1 > table.windowLastIndex || index < table.windowFirstIndex) {
      differences.add(
        'capture',
        `table ${name}: entries ${index} to ${index + count - 1}`,
        'inside the window',
        'outside of it in the capture',
      );
      continue;
    }
    for (let n = 0; n < count; n++)
      entries.set(index + n, { raw: BigInt.asUintN(64, firstRaw + BigInt(n) * (step ?? 0n)), kind });
  }
  return entries;
}
