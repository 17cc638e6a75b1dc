// Nodes of a dump's machine, and what memory is on them.
import type { KernelFacts } from '@vmemmap/core';
import type { VirtualMemory } from './virtual-memory.ts';

/** Where the memory of a node lies, holes included. */
export interface NodeSpan {
  /** Its number. */
  readonly node: number;
  /** First byte. */
  readonly start: number;
  /** Behind the last. */
  readonly end: number;
}

/** MAX_NUMNODES with NODES_SHIFT 10. */
const MOST_NODES = 1024;

/**
 * Reads the pglist_data of each node (include/linux/mmzone.h). Empty where the kernel does not say where they are: then
 * all memory counts as that of node 0.
 */
export function readNodes(kernel: KernelFacts, memory: VirtualMemory, page: number): readonly NodeSpan[] {
  const array = kernel.symbol('node_data');
  const [start, spanned, id] = ['node_start_pfn', 'node_spanned_pages', 'node_id'].map((member) =>
    kernel.offset(`pglist_data.${member}`),
  );
  if (array === undefined || start === undefined || spanned === undefined || id === undefined) return [];
  const little = memory.byteOrder === 'little';
  const view = (va: bigint, length: number): DataView => {
    const bytes = memory.read(va, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const nodes: NodeSpan[] = [];
  const ids = kernel.symbol('nr_node_ids');
  try {
    const known = kernel.length('node_data') ?? (ids === undefined ? 1 : view(ids, 4).getUint32(0, little));
    const count = Math.min(known, MOST_NODES);
    const pointers = view(array, 8 * count);
    for (let n = 0; n < count; n++) {
      const at = pointers.getBigUint64(8 * n, little);
      if (at === 0n) continue;
      const long = (offset: number): number => Number(view(at + BigInt(offset), 8).getBigUint64(0, little));
      const node = view(at + BigInt(id), 4).getInt32(0, little);
      const [first, pages] = [long(start), long(spanned)];
      if (node !== n || pages === 0) continue;
      nodes.push({ node, start: first * page, end: (first + pages) * page });
    }
  } catch {
    // Where they cannot be read, nothing is known of them.
    return [];
  }
  return nodes;
}

/** A range by node. Where spans overlap, the shorter one counts: nodes that lie in the hole of another. */
export function nodeAt(nodes: readonly NodeSpan[], { start, end }: { start: number; end: number }): NodeSpan[] {
  const cuts = [start, end, ...nodes.flatMap((span) => [span.start, span.end])]
    .filter((at) => at >= start && at <= end)
    .sort((a, b) => a - b);
  const parts: { node: number; start: number; end: number }[] = [];
  for (let n = 1; n < cuts.length; n++) {
    const [from, to] = [cuts[n - 1]!, cuts[n]!];
    if (from === to) continue;
    const [span] = nodes
      .filter((one) => one.start <= from && to <= one.end)
      .sort((a, b) => a.end - a.start - (b.end - b.start));
    const node = span?.node ?? 0;
    const before = parts.at(-1);
    if (before?.node === node) before.end = to;
    else parts.push({ node, start: from, end: to });
  }
  return parts;
}
