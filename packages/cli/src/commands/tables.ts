import { decodeEntry, hex, hex64, type LeafRun, type Machine, toU64 } from '@vmemmap/core';
import { buildMachine } from '../build-machine.ts';
import { type Command, EXIT } from '../command.ts';
import { type MachineArguments, machineOptions } from '../machine-options.ts';
import { accessNames } from '../output/access.ts';
import { machineJson, machineTitle } from '../output/machine-text.ts';
import type { Session } from '../session.ts';
import { sizeText } from '../size.ts';
import { type LeafEntries, type OtherEntries, type TableNode, tableTree } from '../table-tree.ts';
import { parseWholeNumber } from '../whole-number.ts';

interface Arguments extends MachineArguments {
  readonly depth?: string;
}

/** `vmemmap tables`: the page tables of the vmemmap as a tree. */
export const tables: Command<Arguments> = {
  usage: 'tables',
  about: 'draw the page tables of the vmemmap',
  examples: [
    ['tables --ram 2G', 'a small machine'],
    ['tables --depth 3', 'the upper three levels of the built-in server'],
    ['tables --ram 1G --config no-pse', 'base pages'],
  ],
  options: {
    ...machineOptions,
    depth: { type: 'string', requiresArg: true, describe: 'so many levels of tables (default: all)' },
  },

  run(args: Arguments, session: Session): number {
    const depth = args.depth === undefined ? Number.POSITIVE_INFINITY : parseWholeNumber(args.depth, '--depth', 1);
    const built = buildMachine(args, session);
    const { machine } = built;
    const tree = tableTree(machine, depth);
    if (session.json) {
      const levels = machine.levels;
      const root = tree === undefined ? null : nodeJson(tree, machine);
      session.printJson({ machine: machineJson(built), levels, tables: root });
      return EXIT.ok;
    }
    session.print(session.colors.bold(machineTitle(built)));
    if (tree === undefined) {
      session.print('this architecture maps the vmemmap without page tables; its leaves are');
      for (const run of machine.leaves())
        session.print(`${runVa(machine, run)}  ${leafText(machine, run, run.pa, run.count)}`);
    } else {
      for (const line of nodeLines(tree, machine)) session.print(line);
    }
    return EXIT.ok;
  },
};

function levelName(machine: Machine, level: number): string {
  return machine.levels[level]!.name;
}

function runVa({ window }: Machine, { offset }: LeafRun): string {
  return hex64(window.start + BigInt(offset));
}

function* nodeLines({ view, entries }: TableNode, machine: Machine): Generator<string> {
  const { level, pa, va, firstIndex, lastIndex } = view;
  const part = `[${firstIndex}..${lastIndex}]`;
  yield `${levelName(machine, level)} table at ${hex(pa)} for ${hex64(va)}, vmemmap in ${part}`;
  for (const [n, entry] of entries.entries()) {
    const last = n === entries.length - 1;
    const [text, ...below] = entryLines(entry, machine, level);
    yield `${last ? '└─ ' : '├─ '}${text}`;
    for (const line of below) yield `${last ? '   ' : '│  '}${line}`;
  }
}

function* entryLines(entry: LeafEntries | OtherEntries, machine: Machine, level: number): Generator<string> {
  const { index, count } = entry;
  if (entry.kind === 'leaves') {
    yield `${indexText(index, entriesOf(entry, machine, level))} ${leafText(machine, entry.run, entry.pa, count)}`;
    return;
  }
  const { first, below } = entry;
  const flags = flagText(machine, level, 'table', toU64(first.lo, first.hi));
  if (below === undefined) {
    const what = entry.kind === 'table' ? `${levelName(machine, level + 1)} table at ${hex(first.child)}` : entry.kind;
    yield `${indexText(index, count)} ${count} x ${what} ${flags}`;
    return;
  }
  const [head, ...rest] = nodeLines(below, machine);
  yield `${indexText(index, 1)} ${flags} → ${head}`;
  yield* rest;
}

// Entries that leaves take up: more than one each where the architecture joins entries to a larger leaf.
function entriesOf({ count, run }: LeafEntries, machine: Machine, level: number): number {
  return (count * run.size) / 2 ** machine.levels[level]!.shift;
}

function indexText(index: number, count: number): string {
  return count > 1 ? `[${index}..${index + count - 1}]` : `[${index}]`;
}

function leafText(machine: Machine, run: LeafRun, pa: number, count: number): string {
  const level = machine.levels[run.level]?.name;
  const flags = level === undefined ? '' : ` ${flagText(machine, run.level, 'leaf', toU64(run.flagsLo, run.flagsHi))}`;
  const step = count > 1 ? ` step ${sizeText(run.paStep)}` : '';
  const node = run.node < 0 ? 'outside of RAM' : `node ${run.node}`;
  return `${count} x ${sizeText(run.size)} leaf${flags} at ${hex(pa)}${step}, ${node}`;
}

function flagText(machine: Machine, level: number, kind: 'table' | 'leaf', entry: bigint): string {
  const fields = decodeEntry(machine.arch.entryLayouts, levelName(machine, level), kind, entry);
  return (
    fields
      .filter(({ address }) => !address)
      .map(({ name, value, flag }) => (flag ? name : `${name}=${value}`))
      .join(' ') || 'no flags'
  );
}

function nodeJson({ view, entries }: TableNode, machine: Machine): object {
  const { level, pa, va, firstIndex, lastIndex } = view;
  return {
    level: levelName(machine, level),
    pa: hex(pa),
    va: hex64(va),
    firstIndex,
    lastIndex,
    entries: entries.map((entry) => entryJson(entry, machine)),
  };
}

function entryJson(entry: LeafEntries | OtherEntries, machine: Machine): object {
  const { kind, index, count } = entry;
  if (entry.kind === 'leaves') {
    const { run, pa } = entry;
    return {
      kind,
      index,
      count,
      leafSize: run.size,
      pa: hex(pa),
      paStep: run.paStep,
      flags: hex64(toU64(run.flagsLo, run.flagsHi)),
      access: accessNames(run.access),
      node: run.node,
    };
  }
  const { first, below } = entry;
  return {
    kind,
    index,
    count,
    raw: hex64(toU64(first.lo, first.hi)),
    ...(entry.kind === 'table' && { table: below === undefined ? hex(first.child) : nodeJson(below, machine) }),
  };
}
