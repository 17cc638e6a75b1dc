// Which node a page is on, if boot did not say.
import { pageSize } from '@vmemmap/core';
import type { DumpKernel } from '../../kernel.ts';
import { nodeAt } from '../../nodes.ts';
import { pageFlagsLayout, readPageFlags } from '../../page-flags.ts';
import { StructPages } from '../../struct-page.ts';

/** The node that a page's flags name, or, where the kernel does not say which bits those are, the node whose span it is in. */
export function pageNodes(kernel: DumpKernel): (pfn: number) => number {
  const layout = pageFlagsLayout(kernel);
  const pages = new StructPages(kernel);
  const page = pageSize(kernel.context.model);
  return (pfn) => {
    const struct = pages.read(pfn);
    const node = struct === undefined || struct.poisoned ? undefined : readPageFlags(struct.flags, layout).node;
    return node ?? nodeAt(kernel.nodes, { start: pfn * page, end: (pfn + 1) * page })[0]?.node ?? 0;
  };
}
