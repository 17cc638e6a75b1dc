// Entries of root tables over the vmemmap: each address space has its own copies, where the architecture has to copy them.
import type { DumpContext } from './dump-context.ts';
import type { DumpKernel } from './kernel.ts';
import { type Process, readProcesses } from './processes.ts';

/** An entry as its two lanes, low first. */
export type Lanes = readonly [lo: number, hi: number];

/** The entries of one address space. */
export interface TopLevelEntries {
  /** The process. */
  readonly process: Process;
  /** Its entries over the window, by index from `first` on; undefined where its root table is not in memory. */
  readonly entries: readonly Lanes[] | undefined;
}

/** The same entries of init_mm and of every process; undefined where all share one root table, or nothing is known of them. */
export function readTopLevel(
  kernel: DumpKernel,
):
  | { readonly first: number; readonly init: readonly Lanes[]; readonly processes: readonly TopLevelEntries[] }
  | undefined {
  const { context, arch } = kernel;
  const top = context.ops.pageTable?.format.levels[0];
  if (!arch.capabilities.includes('page-directory-sync') || top === undefined) return undefined;
  const processes = readProcesses(kernel.facts, kernel.memory);
  if (processes === undefined) return undefined;
  const { start, end } = context.window;
  const first = Number((start >> BigInt(top.shift)) & ((1n << BigInt(top.indexBits)) - 1n));
  // The window need not begin where an entry does.
  const into = Number(start & ((1n << BigInt(top.shift)) - 1n));
  const count = Math.floor((into + Number(end - start) - 1) / 2 ** top.shift) + 1;
  const bytes = 8 * 2 ** top.indexBits;
  const of = (root: number): readonly Lanes[] | undefined => entriesOf(context, root, bytes, first, count);
  return {
    first,
    init: of(context.ops.initMm.root) ?? [],
    processes: processes.map((process) => ({ process, entries: of(process.root) })),
  };
}

function entriesOf(
  { tables }: DumpContext,
  root: number,
  bytes: number,
  first: number,
  count: number,
): readonly Lanes[] | undefined {
  const slot = root < 0 ? -1 : tables.findTable(root, bytes);
  if (slot < 0) return undefined;
  const base = tables.base[slot]! + 2 * first;
  return Array.from({ length: count }, (_, n) => [tables.lanes[base + 2 * n]!, tables.lanes[base + 2 * n + 1]!]);
}
