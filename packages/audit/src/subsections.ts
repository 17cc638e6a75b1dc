import { subsectionsPerSection } from '@vmemmap/core';
import type { DumpKernel } from './kernel.ts';
import type { DumpSection } from './sections.ts';

/** include/linux/mmzone.h: struct mem_section_usage begins with a struct rcu_head, then has subsection_map. */
const SUBSECTION_MAP = 16;

/** The subsections of a section that are there: bit n stands for its n-th 2 MiB. */
export function subsectionMap(
  { memory, context }: Pick<DumpKernel, 'memory' | 'context'>,
  section: DumpSection,
): bigint {
  const bits = subsectionsPerSection(context.model);
  const words = Math.ceil(bits / 64);
  const bytes = memory.read(section.usage + BigInt(SUBSECTION_MAP), 8 * words);
  const view = new DataView(bytes.buffer);
  let map = 0n;
  for (let n = words - 1; n >= 0; n--) map = (map << 64n) | view.getBigUint64(8 * n, memory.byteOrder === 'little');
  return BigInt.asUintN(bits, map);
}
