import { isSince, type KernelRelease } from '@vmemmap/core';

/** What of s390 alone differs from release to release. */
export interface S390Policies {
  /**
   * Segment entries have a software bit for "present", and read and write moved up to make room for it
   * (asm/pgtable.h: _SEGMENT_ENTRY_PRESENT). Before, pointers to page tables have no flag at all.
   */
  readonly segmentPresentBit: boolean;
  /**
   * Memory taken at boot can be freed (arch/s390/mm/vmem.c:vmem_free_pages, mm/pgalloc.c:page_table_free). Before, the
   * entry is cleared, a warning printed, and the memory is lost.
   */
  readonly freesBootMemory: boolean;
  /**
   * There is device memory with struct pages. Before 6.17 ZONE_DEVICE depended on ARCH_HAS_PTE_DEVMAP (mm/Kconfig), which
   * arch/s390/Kconfig did not select.
   */
  readonly zoneDevice: boolean;
  /** SECTION_SIZE_BITS (asm/sparsemem.h), unless the configuration says otherwise: 28 before, 27 since. */
  readonly sectionSizeBits: number;
}

/**
 * The policies of a release. `current` was read in 6.12, which has none of it, and 7.2, which has all. When between the two
 * each came is not known here; some may be in 6.13 already. 6.16 is taken as 6.12, as docs/releases.md says of it.
 */
export function policiesOf(release: KernelRelease): S390Policies {
  const current = isSince(release, 7, 2);
  return {
    segmentPresentBit: current,
    freesBootMemory: current,
    zoneDevice: isSince(release, 6, 17),
    sectionSizeBits: current ? 27 : 28,
  };
}
