import { hex64 } from '../bits.ts';
import type { MachineCost } from '../machine/cost.ts';
import type { Machine } from '../machine/machine.ts';
import type { ScenarioRun } from '../scenario/run.ts';
import { type Change, Changes } from './change.ts';
import { diffLeaves } from './leaves.ts';
import { diffProcesses } from './processes.ts';
import { sameBytes } from './same-bytes.ts';
import { diffSections } from './sections.ts';
import { diffSteps } from './steps.ts';
import { diffTables } from './tables.ts';

/** What is otherwise in one run of a scenario than in another. */
export interface RunDiff {
  /** Nothing that was looked at differs. */
  readonly equal: boolean;
  /** Besides, every table has the same bytes at the same address. Only where both runs end with tables of one shape. */
  readonly sameBytes: boolean;
  /** How many `steps`, `sections`, `tables`, `leaves` and `processes` there were to look at, in the second run. */
  readonly looked: {
    readonly steps: number;
    readonly sections: number;
    readonly tables: number;
    readonly leaves: number;
    readonly processes: number;
  };
  /** The first changes, at most as many as asked for; neighbours that changed alike are one. */
  readonly changes: readonly Change[];
  /** All single changes. */
  readonly changeCount: number;
  /** What the memmap costs after the last step of the first run (`from`) and of the second (`to`). */
  readonly cost: { readonly from: MachineCost; readonly to: MachineCost };
}

/** Changes that {@link diffRuns} keeps unless told otherwise. */
export const DEFAULT_CHANGES = 100;

/**
 * Compares two runs of a scenario: on two releases, in two configurations, or of two plugins. Where in RAM a frame lies
 * is no change; which leaves share one is.
 * @param most how many changes to keep
 */
export function diffRuns(from: ScenarioRun, to: ScenarioRun, most: number = DEFAULT_CHANGES): RunDiff {
  const changes = new Changes(most);
  const [a, b] = [from.machine, to.machine];
  diffSteps(from, to, changes);
  changes.compare('base', 'vmemmap', hex64(a.window.base), hex64(b.window.base));
  changes.compare('base', 'window', windowText(a), windowText(b));
  changes.compare('base', 'memory model', modelText(a), modelText(b));
  changes.compare('base', 'levels', levelsText(a), levelsText(b));
  const bytes = sameBytes(a, b);
  if (a.model.sectionSizeBits === b.model.sectionSizeBits) diffSections(a, b, changes);
  if (!bytes) {
    if (levelsText(a) === levelsText(b)) diffTables(a, b, changes);
    if (modelText(a) === modelText(b)) diffLeaves(a, b, changes);
  }
  diffProcesses(a, b, changes);
  const cost = { from: a.cost(), to: b.cost() };
  for (const [where, key] of [
    ['struct pages', 'structPages'],
    ['page tables', 'tables'],
  ] as const) {
    changes.compare('cost', `${where}, in RAM`, `${cost.from.total[key]} bytes`, `${cost.to.total[key]} bytes`);
  }
  changes.compare('cost', 'struct pages, in altmaps', `${cost.from.elsewhere} bytes`, `${cost.to.elsewhere} bytes`);
  return {
    equal: changes.total === 0,
    sameBytes: bytes,
    looked: looked(to),
    changes: changes.list,
    changeCount: changes.total,
    cost,
  };
}

function looked({ machine, steps }: ScenarioRun): RunDiff['looked'] {
  let sections = 0;
  for (const { count } of machine.sections()) sections += count;
  let tables = 0;
  for (const _ of machine.tables()) tables++;
  let leaves = 0;
  for (const { count } of machine.leaves()) leaves += count;
  return { steps: steps.length, sections, tables, leaves, processes: machine.addressSpaces.length };
}

function windowText({ window }: Machine): string {
  return `${hex64(window.start)} to ${hex64(window.end)}`;
}

function modelText({ model }: Machine): string {
  const { pageShift, sectionSizeBits, structPageSize } = model;
  return `pages of ${2 ** pageShift} bytes, sections of 2^${sectionSizeBits} bytes, struct pages of ${structPageSize} bytes`;
}

function levelsText({ levels }: Machine): string {
  return levels.map(({ name, shift, indexBits }) => `${name} ${shift}+${indexBits}`).join(', ') || 'none';
}
