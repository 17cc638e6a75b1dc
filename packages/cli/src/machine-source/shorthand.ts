import { alignDown, VmemmapError } from '@vmemmap/core';
import { parseSize, sizeText } from '../size.ts';
import { parseWholeNumber } from '../whole-number.ts';
import type { MachineSource } from './source.ts';

/** `--ram 64G --nodes 2`: RAM without holes from 0 on, split evenly where a section begins. */
export function shorthandSource(ram: string, nodes: string | undefined): MachineSource {
  const bytes = parseSize(ram, '--ram');
  const count = nodes === undefined ? 1 : parseWholeNumber(nodes, '--nodes', 1, 1024);
  if (bytes === 0) {
    throw new VmemmapError(
      'BAD_MEMORY_MAP',
      `--ram ${ram}: a machine with no memory; write it like 64G`,
      '@vmemmap/cli',
    );
  }
  return {
    title: `${sizeText(bytes)} of RAM`,
    memory: ({ sectionSizeBits }) => {
      const section = 2 ** sectionSizeBits;
      const cut = (node: number): number => (node === count ? bytes : alignDown((bytes / count) * node, section));
      const ranges = Array.from({ length: count }, (_, node) => ({ node, start: cut(node), end: cut(node + 1) }));
      const empty = ranges.find(({ start, end }) => start === end);
      if (empty !== undefined) {
        throw new VmemmapError(
          'BAD_MEMORY_MAP',
          `--ram ${ram} --nodes ${count}: node ${empty.node} has no memory; a node needs at least a section of ${sizeText(section)}`,
          '@vmemmap/cli',
        );
      }
      return { ranges };
    },
  };
}
