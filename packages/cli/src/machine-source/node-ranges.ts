import type { MemoryRange } from '@vmemmap/core';

/**
 * Cuts RAM where nodes begin and end.
 * @param ram `[start, end)`
 * @param nodes which addresses belong to which node; the first that holds an address has it
 * @returns the same RAM; what no node claims is on node 0
 */
export function assignNodes(
  ram: readonly { readonly start: number; readonly end: number }[],
  nodes: readonly MemoryRange[],
): MemoryRange[] {
  const result: MemoryRange[] = [];
  let rest = [...ram];
  for (const { node, start, end } of nodes) {
    const left: { start: number; end: number }[] = [];
    for (const range of rest) {
      const from = Math.max(range.start, start);
      const to = Math.min(range.end, end);
      if (from >= to) {
        left.push(range);
        continue;
      }
      result.push({ node, start: from, end: to });
      if (range.start < from) left.push({ start: range.start, end: from });
      if (to < range.end) left.push({ start: to, end: range.end });
    }
    rest = left;
  }
  return [...result, ...rest.map(({ start, end }) => ({ node: 0, start, end }))];
}
