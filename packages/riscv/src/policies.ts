import { isSince, type KernelRelease } from '@vmemmap/core';

/** What differs between releases on riscv alone. */
export interface RiscvPolicies {
  /**
   * vmemmap_start_pfn is rounded down so that the struct pages of the largest folio are naturally aligned
   * (arch/riscv/mm/init.c: VMEMMAP_ADDR_ALIGN with MAX_FOLIO_VMEMMAP_ALIGN). 6.12 rounds down to a section only.
   * Before 6.12.10, where that came to stable, it did not round at all.
   */
  readonly alignsToLargestFolio: boolean;
  /** vmemmap_populate() warns about a range outside of the window. 6.12 says nothing. */
  readonly warnsOutsideWindow: boolean;
  /**
   * A PMD that is not empty is looked at for a leaf (mm/sparse-vmemmap.c: the weak vmemmap_check_pmd()). 6.12 has a
   * vmemmap_check_pmd() in arch/riscv/mm/init.c that takes anything for one: below a table nothing is populated.
   */
  readonly checksPmdLeaf: boolean;
}

/** The policies of a release. */
export function policiesOf(release: KernelRelease): RiscvPolicies {
  const since72 = isSince(release, 7, 2);
  return { alignsToLargestFolio: since72, warnsOutsideWindow: since72, checksPmdLeaf: since72 };
}
