import type { LeafRun, Machine, TableEntry, TableView } from '@vmemmap/core';

/** Leaves of one table that differ by a constant step only. */
export interface LeafEntries {
  readonly kind: 'leaves';
  readonly index: number;
  readonly count: number;
  readonly run: LeafRun;
  /** Of the first of them. */
  readonly pa: number;
}

/** Entries of one table that are not leaves; a table with `below` is one entry. */
export interface OtherEntries {
  readonly kind: TableEntry['kind'];
  readonly index: number;
  readonly count: number;
  /** The first of them. */
  readonly first: TableEntry;
  readonly below?: TableNode;
}

/** A table with what is in it, by index. */
export interface TableNode {
  readonly view: TableView;
  readonly entries: readonly (LeafEntries | OtherEntries)[];
}

/**
 * The tables of the window as a tree, with equal neighbours as runs.
 * @param depth levels of tables to go into; entries to the tables below become runs as well
 * @returns undefined without page tables
 */
export function tableTree(machine: Machine, depth: number): TableNode | undefined {
  const views = new Map<number, TableView>();
  let root: TableView | undefined;
  for (const view of machine.tables()) {
    root ??= view;
    views.set(view.pa, view);
  }
  if (root === undefined) return undefined;
  const leaves = [...machine.leaves()];

  const build = (view: TableView, left: number): TableNode => {
    const entries: (LeafEntries | OtherEntries)[] = leavesOf(machine, view, leaves);
    for (const entry of view.entries) {
      const child = entry.kind === 'table' && left > 1 ? views.get(entry.child) : undefined;
      if (child !== undefined) {
        entries.push({ kind: 'table', index: entry.index, count: 1, first: entry, below: build(child, left - 1) });
        continue;
      }
      const last = entries[entries.length - 1];
      if (
        last !== undefined &&
        last.kind === entry.kind &&
        last.index + last.count === entry.index &&
        !('below' in last)
      )
        entries[entries.length - 1] = { ...last, count: last.count + 1 };
      else entries.push({ kind: entry.kind, index: entry.index, count: 1, first: entry });
    }
    return { view, entries: entries.sort((a, b) => a.index - b.index) };
  };
  return build(root, depth);
}

// The runs of leaves that a table holds, cut at its edges.
function leavesOf(machine: Machine, view: TableView, leaves: readonly LeafRun[]): LeafEntries[] {
  const shift = machine.levels[view.level]!.shift;
  const span = 2 ** shift;
  // Offset of the entry with index 0; below the window for a table that begins before it.
  const base = Number(BigInt.asIntN(64, view.va - machine.window.start));
  const start = base + view.firstIndex * span;
  const end = base + (view.lastIndex + 1) * span;
  const found: LeafEntries[] = [];
  for (let i = firstEndingAfter(leaves, start); i < leaves.length; i++) {
    const run = leaves[i]!;
    if (run.offset >= end) break;
    if (run.level !== view.level) continue;
    // A leaf may take several entries; each of them is the leaf's.
    const from = Math.max(run.offset, start);
    const to = Math.min(run.offset + run.count * run.size, end);
    const skipped = Math.floor((from - run.offset) / run.size);
    found.push({
      kind: 'leaves',
      index: (from - base) / span,
      count: (to - from) / run.size,
      run,
      pa: run.pa + skipped * run.paStep,
    });
  }
  return found;
}

function firstEndingAfter(leaves: readonly LeafRun[], offset: number): number {
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { offset: start, count, size } = leaves[middle]!;
    if (start + count * size <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
