import { hex64 } from '../bits.ts';
import type { Machine } from '../machine/machine.ts';
import type { Changes } from './change.ts';

/** A top-level entry of init_mm that an address space does not have as it is. */
export interface UnsyncedEntry {
  /** Name of the address space. */
  readonly mm: string;
  /** Name of the top level. */
  readonly level: string;
  /** Index of the entry. */
  readonly index: number;
  /** First address that it stands for. */
  readonly va: bigint;
  /** It is empty there: an access faults. Otherwise it is another entry. */
  readonly missing: boolean;
}

/** Entries over the vmemmap in which address spaces differ from init_mm: what an access there would fault on. */
export function unsyncedEntries(machine: Machine): readonly UnsyncedEntry[] {
  const [root] = machine.tables();
  const level = machine.levels[0];
  if (root === undefined || level === undefined) return [];
  const list: UnsyncedEntry[] = [];
  for (const mm of machine.addressSpaces) {
    if (mm.root === root.pa) continue;
    for (let index = root.firstIndex; index <= root.lastIndex; index++) {
      const ours = machine.entryLanes(root.pa, index);
      const theirs = machine.entryLanes(mm.root, index);
      if (ours[0] === theirs[0] && ours[1] === theirs[1]) continue;
      const va = BigInt.asUintN(64, root.va + (BigInt(index) << BigInt(level.shift)));
      list.push({ mm: mm.name, level: level.name, index, va, missing: (theirs[0]! | theirs[1]!) === 0 });
    }
  }
  return list;
}

/** Compares what address spaces lack of init_mm's top-level entries. */
export function diffProcesses(a: Machine, b: Machine, changes: Changes): void {
  const key = ({ mm, index }: UnsyncedEntry): string => `${mm} ${index}`;
  const ours = new Map(unsyncedEntries(a).map((entry) => [key(entry), entry]));
  const theirs = new Map(unsyncedEntries(b).map((entry) => [key(entry), entry]));
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  for (const name of names) {
    const { mm, level, index } = (ours.get(name) ?? theirs.get(name))!;
    changes.compare('process', `${mm}: ${level} entry ${index}`, text(ours.get(name)), text(theirs.get(name)));
  }
}

function text(entry: UnsyncedEntry | undefined): string {
  if (entry === undefined) return 'as in init_mm';
  return entry.missing ? `missing: an access to ${hex64(entry.va)} and on faults` : "other than init_mm's";
}
