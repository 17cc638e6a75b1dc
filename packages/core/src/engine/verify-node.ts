import { hex64 } from '../bits.ts';
import type { PopulateContext } from '../contract/context.ts';

/** include/linux/topology.h: LOCAL_DISTANCE. */
const LOCAL_DISTANCE = 10;

/**
 * vmemmap_verify(): warns once per boot when struct pages lie on another node than they should. Never fails.
 * @param pa where `[start, end)` of the window is mapped
 * @param node where it should be
 * @param count how many leaves are so, `[start, end)` being the first: all of a run are on one node
 */
export function vmemmapVerify(
  m: PopulateContext,
  pa: number,
  node: number,
  start: number,
  end: number,
  count = 1,
): void {
  // early_pfn_to_nid(): a pfn that memblock does not know counts as the first node's.
  const known = m.memory.nodeOf(pa);
  const actual = known < 0 ? m.memory.nodes[0]! : known;
  if (m.memory.distance(actual, node) <= LOCAL_DISTANCE) return;
  const message = (): string => {
    const from = hex64(m.window.start + BigInt(start));
    const to = hex64(m.window.start + BigInt(end) - 1n);
    return `[${from}-${to}] potential offnode page_structs: on node ${actual}, wanted on node ${node}`;
  };
  m.events.record('pr_warn_once', 'offnode-page-structs', 'mm/sparse-vmemmap.c:vmemmap_verify', message, count);
}
