import { type Change, type ChangePart, hex, type RunDiff, type ScenarioRun } from '@vmemmap/core';
import type { Colors } from './colors.ts';
import { plural } from './plural.ts';
import { printable } from './printable.ts';
import { wrapped } from './wrap.ts';

/** What the parts of a difference are called, in the order they are shown. */
const PARTS: Readonly<Record<ChangePart, string>> = {
  step: 'results',
  process: 'address spaces',
  base: 'layout',
  section: 'sections',
  table: 'tables',
  entry: 'table entries',
  leaf: 'leaves',
  protection: 'protection',
  sharing: 'sharing',
  counter: 'counters',
  event: 'events',
  cost: 'cost',
};

/** A difference as it goes into a review: plain text, old lines with a minus, new ones with a plus. */
export function diffText(diff: RunDiff, from: ScenarioRun, to: ScenarioRun, colors: Colors): string {
  const name = printable(to.scenario.title ?? to.scenario.name);
  const lines = [
    ...wrapped('', name).map(colors.bold),
    ...wrapped('- ', sideText(from, to)),
    ...wrapped('+ ', sideText(to, from)),
    '',
  ];
  if (diff.equal) lines.push(...wrapped('', equalText(diff)).map(colors.green));
  for (const [part, title] of Object.entries(PARTS)) {
    const changes = diff.changes.filter((change) => change.part === part);
    if (changes.length === 0) continue;
    lines.push(colors.bold(title));
    for (const change of changes) lines.push(...changeLines(change, colors));
    lines.push('');
  }
  if (!diff.equal) lines.push(summaryText(diff));
  return lines.join('\n');
}

// A side, with the keys of the configuration in which it is not the other.
function sideText({ machine: { arch, release } }: ScenarioRun, { machine: other }: ScenarioRun): string {
  const keys = Object.entries(arch.config)
    .filter(([key, value]) => other.arch.name === arch.name && value !== other.arch.config[key])
    .map(([key, value]) => `${key}=${typeof value === 'bigint' ? hex(value) : (value ?? 'default')}`);
  return `${[arch.name, ...keys, release.name].join(', ')}: ${release.title}`;
}

function changeLines({ where, from, to, count }: Change, colors: Colors): string[] {
  const many = count > 1 ? ` (${count})` : '';
  return [
    ...wrapped('  ', `${printable(where)}${many}`),
    ...wrapped('    - ', printable(from)).map(colors.red),
    ...wrapped('    + ', printable(to)).map(colors.green),
  ];
}

function equalText({ looked, sameBytes }: RunDiff): string {
  const { steps, sections, tables, leaves, processes } = looked;
  const bytes = sameBytes ? ' with the same bytes' : ', placed elsewhere in RAM';
  const parts = [
    plural(steps, 'step'),
    plural(sections, 'section'),
    `${plural(tables, 'table')}${bytes}`,
    plural(leaves, 'leaf', 'leaves'),
    plural(processes, 'address space'),
  ];
  return `no difference: ${parts.join(', ')}`;
}

function summaryText({ changes, changeCount, sameBytes }: RunDiff): string {
  const shown = changes.reduce((sum, { count }) => sum + count, 0);
  const more = changeCount > shown ? `, ${changeCount - shown} not shown (see --most)` : '';
  const tables = sameBytes ? '; all tables of init_mm have the same bytes' : '';
  return `${plural(changeCount, 'difference')}${more}${tables}`;
}
