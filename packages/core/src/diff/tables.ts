import { hex64, toU64 } from '../bits.ts';
import { entryText } from '../contract/entry-text.ts';
import type { TableEntry, TableView } from '../contract/translation.ts';
import type { Machine } from '../machine/machine.ts';
import { entryReading } from '../pagetable/table-walker.ts';
import { type Changes, piecesText, Stretches } from './change.ts';

/** Compares which tables there are, and those of their entries that are no leaves, by all but the address in them. */
export function diffTables(a: Machine, b: Machine, changes: Changes): void {
  const key = (machine: Machine, { level, va }: TableView): string => `${level} ${va - machine.window.base}`;
  const ours = new Map([...a.tables()].map((table) => [key(a, table), table]));
  const theirs = new Map([...b.tables()].map((table) => [key(b, table), table]));
  for (const [name, table] of ours) if (!theirs.has(name)) changes.add('table', whereOf(a, table), 'there', 'none');
  for (const [name, table] of theirs) {
    const other = ours.get(name);
    if (other === undefined) changes.add('table', whereOf(b, table), 'none', 'there');
    else diffEntries(a, b, other, table, changes);
  }
}

function whereOf(machine: Machine, { level, va, firstIndex }: TableView): string {
  const { name, shift } = machine.levels[level]!;
  return `${name} table for ${hex64(va + (BigInt(firstIndex) << BigInt(shift)))}`;
}

function diffEntries(a: Machine, b: Machine, x: TableView, y: TableView, changes: Changes): void {
  const { name, shift } = b.levels[y.level]!;
  const stretches = new Stretches();
  const ours = new Map(x.entries.map((entry) => [entry.index, entry]));
  const theirs = new Map(y.entries.map((entry) => [entry.index, entry]));
  const indexes = [...new Set([...ours.keys(), ...theirs.keys()])].sort((i, j) => i - j);
  for (const index of indexes) {
    const from = text(a, x.level, ours.get(index));
    const to = text(b, y.level, theirs.get(index));
    if (from !== to) stretches.add(index, index + 1, from, to, 1);
  }
  for (const stretch of stretches.all()) {
    const { start, end, from, to, count } = stretch;
    const first = hex64(y.va + (BigInt(start) << BigInt(shift)));
    const indexes = end - start === 1 ? `entry ${start}` : `entries ${start} to ${end - 1}${piecesText(stretch)}`;
    changes.add('entry', `${name} ${indexes}, for ${first}`, from, to, count);
  }
}

// The kind of an entry and its flags; where a table lies is no change.
function text(machine: Machine, level: number, entry: TableEntry | undefined): string {
  if (entry === undefined) return 'no table';
  const { kind, lo, hi } = entry;
  const name = machine.levels[level]!.name;
  if (kind === 'invalid') return `invalid ${entryText(machine.arch.entryLayouts, name, 'table', toU64(lo, hi))}`;
  const reading = entryReading();
  machine.ops.walker.readEntry!(level, lo, hi, reading);
  return `table ${entryText(machine.arch.entryLayouts, name, 'table', toU64(reading.flagsLo, reading.flagsHi))}`;
}
