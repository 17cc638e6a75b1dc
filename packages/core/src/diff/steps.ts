import { errnoName } from '../errno.ts';
import type { KernelEvent } from '../events.ts';
import type { ByLevel, StepAccount } from '../scenario/account.ts';
import type { ScenarioRun } from '../scenario/run.ts';
import type { Changes } from './change.ts';

/** Compares what boot and each step came to: result, counters, events, and what it cost. */
export function diffSteps(from: ScenarioRun, to: ScenarioRun, changes: Changes): void {
  diffStep('boot', from.boot, to.boot, changes);
  for (const [index, { op }] of to.scenario.steps.entries())
    diffStep(`step ${index + 1} (${op})`, from.steps[index], to.steps[index], changes);
}

function diffStep(where: string, from: StepAccount | undefined, to: StepAccount | undefined, changes: Changes): void {
  changes.compare('step', where, resultText(from), resultText(to));
  if (from === undefined || to === undefined) return;
  for (const name of ['nr_memmap_pages', 'nr_memmap_boot_pages'] as const)
    changes.compare('counter', `${where}: ${name}`, signed(from.counters[name]), signed(to.counters[name]));
  diffEvents(where, from.events, to.events, changes);
  changes.compare('event', `${where}: top-level entries copied to other address spaces`, from.synced, to.synced);
  changes.compare('event', `${where}: TLB flushes`, from.flushes, to.flushes);
  changes.compare('cost', `${where}: RAM taken`, bytes(from.frames.taken), bytes(to.frames.taken));
  changes.compare('cost', `${where}: RAM given back`, bytes(from.frames.returned), bytes(to.frames.returned));
  changes.compare('cost', `${where}: pages of altmaps`, signed(from.altmapPages), signed(to.altmapPages));
  changes.compare('cost', `${where}: tables made`, byLevel(from.tables.made), byLevel(to.tables.made));
  changes.compare('cost', `${where}: tables freed`, byLevel(from.tables.freed), byLevel(to.tables.freed));
}

function resultText(account: StepAccount | undefined): string {
  if (account === undefined) return 'not run';
  if (account.stopped !== undefined) return account.stopped;
  const { errno, hugetlb, restored } = account;
  const parts = [errnoName(errno)];
  if (hugetlb?.inert !== undefined) parts.push(`nothing to optimise: ${hugetlb.inert}`);
  else if (hugetlb !== undefined) parts.push(`${hugetlb.optimized} optimised, ${hugetlb.refused.length} refused`);
  if (restored !== undefined) parts.push(`${restored} restored`);
  return parts.join(', ');
}

function diffEvents(where: string, from: readonly KernelEvent[], to: readonly KernelEvent[], changes: Changes): void {
  const ours = counted(from);
  const theirs = counted(to);
  for (const name of new Set([...ours.keys(), ...theirs.keys()]))
    changes.compare('event', `${where}: ${name}`, times(ours.get(name)), times(theirs.get(name)));
}

// Events of one kind and place are one, however often; addresses in their words may differ.
function counted(events: readonly KernelEvent[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, id, source } of events) {
    const name = `${kind} ${id} in ${source}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function times(count: number | undefined): string {
  return count === undefined ? 'none' : count === 1 ? 'once' : `${count} times`;
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}

function bytes(value: number): string {
  return `${value} bytes`;
}

function byLevel(counts: ByLevel): string {
  return (
    Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([level, count]) => `${count} ${level}`)
      .join(', ') || 'none'
  );
}
