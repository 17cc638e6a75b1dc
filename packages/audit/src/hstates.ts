// Sizes of HugeTLB pages that a kernel has.
import { KernelReader } from '@vmemmap/vmcore';
import type { DumpKernel } from './kernel.ts';

/** Pages of one size (mm/hugetlb.c: struct hstate). */
export interface Hstate {
  /** log2 of the base pages of one. */
  readonly order: number;
  /** nr_huge_pages: how many there are. */
  readonly pages: number;
}

/** include/linux/hugetlb.h: HUGE_MAX_HSTATE is 4 at most. */
const MOST_HSTATES = 16;

/** What sizes there are; undefined where the kernel does not say. */
export function readHstates({ facts, memory }: Pick<DumpKernel, 'facts' | 'memory'>): readonly Hstate[] | undefined {
  const [array, most] = [facts.symbol('hstates'), facts.symbol('hugetlb_max_hstate')];
  const size = facts.size('hstate');
  const [order, pages] = [facts.offset('hstate.order'), facts.offset('hstate.nr_huge_pages')];
  if (array === undefined || most === undefined || size === undefined || order === undefined || pages === undefined)
    return undefined;
  const reader = new KernelReader(memory);
  return Array.from({ length: Math.min(reader.u32(most), MOST_HSTATES) }, (_, n) => {
    const at = array + BigInt(n * size);
    return { order: reader.u32(at + BigInt(order)), pages: Number(reader.u64(at + BigInt(pages))) };
  });
}
