import type { TableView } from '../contract/translation.ts';
import type { MemoryMap } from '../memory/memory-map.ts';
import { RangeSet } from '../memory/range-set.ts';
import type { LeafRun } from './leaf-runs.ts';

/** What the memmap costs on one node. All in bytes. */
export interface NodeCost {
  /** Number of the node. */
  readonly node: number;
  /** RAM at boot. */
  readonly ram: number;
  /** Memory of this node that backs struct pages. */
  readonly structPages: number;
  /** Page tables of the vmemmap on this node, shared upper levels included. */
  readonly tables: number;
}

/** What the memmap costs. */
export interface MachineCost {
  /** What it costs on each node. */
  readonly nodes: readonly NodeCost[];
  /** The sum over all nodes. */
  readonly total: Omit<NodeCost, 'node'>;
  /** Backing outside of boot RAM: the altmaps of devices, and hot-added memory. */
  readonly elsewhere: number;
  /** The `count` of leaves by `size` in bytes. */
  readonly leaves: readonly { readonly size: number; readonly count: number }[];
  /** The `count` of page tables by level, root first, and their `bytes`; a page that two levels share counts with the first. */
  readonly tables: readonly { readonly level: string; readonly count: number; readonly bytes: number }[];
}

/**
 * Adds up leaves and tables by node. Memory that several leaves share counts once.
 * @param page bytes of a page
 */
export function machineCost(
  memory: MemoryMap,
  runs: Iterable<LeafRun>,
  tables: Iterable<TableView>,
  levels: readonly { readonly name: string; readonly bytes: number }[],
  page: number,
): MachineCost {
  const structPages = new Map<number, number>();
  const tableBytes = new Map<number, number>();
  const leaves = new Map<number, number>();
  const counts = levels.map(() => 0);
  // A table takes whole pages, but small ones may share one (powerpc's page fragments).
  const tablePages = new Set<number>();
  const levelPages = levels.map(() => 0);
  const add = (map: Map<number, number>, key: number, value: number): void => {
    map.set(key, (map.get(key) ?? 0) + value);
  };
  const seen = new RangeSet();
  for (const run of runs) {
    add(structPages, run.node, newBytes(run, seen));
    add(leaves, run.size, run.count);
  }
  for (const { level, pa } of tables) {
    counts[level]!++;
    for (let at = pa - (pa % page); at < pa + levels[level]!.bytes; at += page) {
      if (tablePages.has(at)) continue;
      tablePages.add(at);
      levelPages[level]!++;
      add(tableBytes, memory.nodeOf(at), page);
    }
  }
  const nodes = memory.nodes.map((node) => ({
    node,
    ram: memory.bytes(node),
    structPages: structPages.get(node) ?? 0,
    tables: tableBytes.get(node) ?? 0,
  }));
  const sum = (key: 'ram' | 'structPages' | 'tables'): number => nodes.reduce((total, node) => total + node[key], 0);
  return {
    nodes,
    total: { ram: sum('ram'), structPages: sum('structPages'), tables: sum('tables') },
    elsewhere: structPages.get(-1) ?? 0,
    leaves: [...leaves].sort(([a], [b]) => b - a).map(([size, count]) => ({ size, count })),
    tables: levels.map(({ name }, level) => ({
      level: name,
      count: counts[level]!,
      bytes: levelPages[level]! * page,
    })),
  };
}

// Bytes of a run that no run before it maps.
function newBytes({ pa, size, count, paStep }: LeafRun, seen: RangeSet): number {
  // Leaves side by side in memory are one block, others are looked at one by one.
  const together = Math.abs(paStep) === size ? count : 1;
  const steps = paStep === 0 ? 1 : count / together;
  let bytes = 0;
  for (let n = 0; n < steps; n++) {
    const first = pa + n * paStep;
    const low = paStep < 0 ? first + (together - 1) * paStep : first;
    const high = low + together * size;
    if (!seen.intersects(low, high)) bytes += high - low;
    else for (let at = low; at < high; at += size) if (!seen.contains(at, at + size)) bytes += size;
    seen.add(low, high);
  }
  return bytes;
}
