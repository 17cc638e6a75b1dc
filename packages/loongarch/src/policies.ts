import { isSince, type KernelRelease } from '@vmemmap/core';

/** What changed about LoongArch alone from one kernel release to the next. */
export interface LoongarchPolicies {
  /**
   * How `vmemmap` is made from VMALLOC_END (asm/pgtable.h): the first PMD boundary `at-or-after` it, or the first one
   * `after` it. They differ when VMALLOC_END is a boundary itself, as without KFENCE.
   */
  readonly vmemmapBoundary: 'at-or-after' | 'after';
  /**
   * What sizeof(struct page) is a multiple of, in bytes (include/linux/mm_types.h: _struct_page_alignment): two words with
   * HAVE_ALIGNED_STRUCT_PAGE, which LoongArch did not select before, else one.
   */
  readonly structPageAlign: number;
}

/** The policies of a release. */
export function policiesOf(release: KernelRelease): LoongarchPolicies {
  return {
    // 6.12: (VMALLOC_END + PMD_SIZE) & PMD_MASK. 7.2: ALIGN(VMALLOC_END, VMEMMAP_ALIGN).
    vmemmapBoundary: isSince(release, 7, 2) ? 'at-or-after' : 'after',
    structPageAlign: isSince(release, 7, 2) ? 16 : 8,
  };
}
