import type { VmemmapArch } from '../contract/arch.ts';
import { type MemoryModel, pageSize } from '../contract/model.ts';

/** HUGETLB_VMEMMAP_RESERVE_PAGES (mm/hugetlb_vmemmap.h): pages of struct pages that an optimised HugeTLB page keeps. */
const RESERVE_PAGES = 1;

/** HugeTLB pages of one size (struct hstate), as far as their struct pages go. */
export interface Hstate {
  /** Bytes of a huge page. */
  readonly size: number;
  /** huge_page_order(): log2 of its base pages. */
  readonly order: number;
  /** hugetlb_vmemmap_size(): bytes of its struct pages. */
  readonly vmemmapSize: number;
}

/** The hstate for a size in bytes. */
export function hstateOf(model: MemoryModel, size: number): Hstate {
  const pages = size / pageSize(model);
  return { size, order: Math.log2(pages), vmemmapSize: pages * model.structPageSize };
}

/** hugetlb_vmemmap_optimizable_size(): bytes of struct pages that can be given up. Struct pages must not cross pages. */
function optimizableSize(model: MemoryModel, hstate: Hstate): number {
  if (!Number.isInteger(Math.log2(model.structPageSize))) return 0;
  return Math.max(0, hstate.vmemmapSize - RESERVE_PAGES * pageSize(model));
}

/** hstate_is_gigantic(): larger than the page allocator's largest block. */
export function isGigantic(model: MemoryModel, hstate: Hstate): boolean {
  return hstate.order > model.maxPageOrder;
}

/**
 * Why HugeTLB pages of a size keep all of their struct pages on a machine, in words; undefined where they can be optimised.
 */
export function whyNotOptimizable(
  arch: Pick<VmemmapArch, 'name' | 'capabilities' | 'without'>,
  model: MemoryModel,
  size: number,
): string | undefined {
  const hstate = hstateOf(model, size);
  if (!arch.capabilities.includes('optimize-hugetlb-vmemmap')) {
    return arch.without?.['optimize-hugetlb-vmemmap'] ?? `${arch.name} does not optimise the vmemmap of HugeTLB pages`;
  }
  if (!Number.isInteger(Math.log2(model.structPageSize)))
    return `sizeof(struct page) is ${model.structPageSize}, no power of two: nothing is optimised, and nothing is said (mm/hugetlb_vmemmap.h:hugetlb_vmemmap_optimizable_size)`;
  if (optimizableSize(model, hstate) === 0)
    return `its struct pages take ${hstate.vmemmapSize} bytes, no more than the page that is kept`;
  return undefined;
}
