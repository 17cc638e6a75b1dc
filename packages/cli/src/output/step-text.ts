import { type ByLevel, errnoName, hex, type KernelEvent, type ScenarioStep, type StepAccount } from '@vmemmap/core';
import { sizeText } from '../size.ts';
import { plural } from './plural.ts';
import { printable } from './printable.ts';

/** What a step is to do, in one line. */
export function stepText(step: ScenarioStep): string {
  const range = ({ start, end }: { start: number; end: number }): string =>
    `${hex(start)}-${hex(end)} (${sizeText(end - start)})`;
  switch (step.op) {
    case 'hotplug-add':
    case 'kmem-online':
      return `${range(step)} on node ${step.node}${step.memmapOnMemory ? ', memmap on memory' : ''}`;
    case 'hotplug-remove':
    case 'remove-pages':
      return range(step);
    case 'add-pages':
      return `${range(step)} on node ${step.node}${altmapText(step.altmap)}`;
    case 'memremap': {
      const compound = step.vmemmapShift === 0 ? '' : `, compounds of 2^${step.vmemmapShift} pages`;
      const ranges = step.ranges.map(range).join(', ');
      return printable(`${step.id}: ${ranges} on node ${step.node}${compound}${altmapText(step.altmap)}`);
    }
    case 'memunmap':
      return printable(step.id);
    case 'process':
      return printable(step.name);
    case 'hugetlb-optimize':
    case 'hugetlb-restore': {
      const count = step.pages.reduce((sum, pages) => sum + pages.count, 0);
      const boot = step.op === 'hugetlb-optimize' && step.boot ? ', of the command line' : '';
      return `${plural(count, 'page')} of ${sizeText(step.size)}${boot}`;
    }
  }
}

function altmapText(altmap: { basePfn: number; reserve: number; free: number } | undefined): string {
  if (altmap === undefined) return '';
  return `, altmap from pfn ${hex(altmap.basePfn)}: ${altmap.reserve} reserved, ${altmap.free} free`;
}

/** What a step came to, in a word or two. */
export function resultText({ errno, stopped, hugetlb, restored }: StepAccount): string {
  if (stopped !== undefined) return 'the kernel stopped';
  const parts = [errnoName(errno)];
  if (hugetlb?.inert === undefined && hugetlb !== undefined) {
    parts.push(`${hugetlb.optimized} optimised`);
    if (hugetlb.already > 0) parts.push(`${hugetlb.already} already`);
    if (hugetlb.refused.length > 0) parts.push(`${hugetlb.refused.length} refused`);
  }
  if (restored !== undefined) parts.push(`${restored} restored`);
  return parts.join(', ');
}

/** What a step did, a line for each thing that it did anything to. */
export function accountLines(account: StepAccount, pageSize: number): readonly string[] {
  const { frames, altmapPages, tables, leaves, counters, hugetlb, stopped } = account;
  const lines: string[] = [];
  const add = (name: string, parts: readonly string[]): void => {
    const said = parts.filter((part) => part !== '');
    if (said.length > 0) lines.push(`${name.padEnd(9)} ${said.join(', ')}`);
  };
  if (stopped !== undefined) add('stopped', [printable(stopped)]);
  if (hugetlb?.inert !== undefined) add('inert', [hugetlb.inert]);
  const ram = (bytes: number, verb: string): string =>
    bytes === 0 ? '' : `${plural(bytes / pageSize, 'page')} ${verb} (${sizeText(bytes)})`;
  add('RAM', [ram(frames.taken, 'taken'), ram(frames.returned, 'given back')]);
  add('altmap', [altmapPages === 0 ? '' : `${signed(altmapPages)} pages`]);
  add('tables', [levels(tables.made, 'made'), levels(tables.freed, 'freed')]);
  add('leaves', [
    levels(leaves.made, 'made'),
    levels(leaves.present, 'there already'),
    levels(leaves.split, 'split'),
    levels(leaves.remapped, 'remapped'),
    levels(leaves.cleared, 'cleared'),
  ]);
  add(
    'counters',
    (['nr_memmap_boot_pages', 'nr_memmap_pages'] as const).map((name) =>
      counters[name] === 0 ? '' : `${name} ${signed(counters[name])}`,
    ),
  );
  add('top level', [account.synced === 0 ? '' : `${plural(account.synced, 'entry', 'entries')} copied to processes`]);
  add('TLB', [account.flushes === 0 ? '' : plural(account.flushes, 'flush', 'flushes')]);
  return lines;
}

/** A warning of the kernel in one line. */
export function eventText({ kind, source, message, count }: KernelEvent): string {
  return `${kind} in ${source}: ${printable(message)}${count > 1 ? ` (${count} times)` : ''}`;
}

function levels(counts: ByLevel, verb: string): string {
  const parts = Object.entries(counts).map(([level, count]) => `${count} ${level}`);
  return parts.length === 0 ? '' : `${parts.join(' + ')} ${verb}`;
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}
