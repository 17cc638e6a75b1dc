import { isSince, type KernelRelease } from '@vmemmap/core';

/** What differs between releases on arm64 alone. */
export interface Arm64Policies {
  /** Entries that point to tables have the access flag, bit 10 (asm/pgalloc.h: P?D_TABLE_AF). Came with HAFT in 6.13. */
  readonly tableAccessFlag: boolean;
  /**
   * Blocks are PAGE_KERNEL, with the software bit for dirty (mm/sparse-vmemmap.c: the weak vmemmap_set_pmd()). 6.12 has a
   * vmemmap_set_pmd() in arch/arm64/mm/mmu.c that uses PROT_SECT_NORMAL, without that bit.
   */
  readonly dirtyBlocks: boolean;
  /**
   * A PMD that is not empty is looked at for a leaf (mm/sparse-vmemmap.c: the weak vmemmap_check_pmd()). 6.12 has a
   * vmemmap_check_pmd() in arch/arm64/mm/mmu.c that takes anything for one: below a table nothing is populated.
   */
  readonly checksPmdLeaf: boolean;
  /** KASLR may move memstart_addr down (arch/arm64/mm/init.c:arm64_memblock_init). Gone in 7.2. */
  readonly randomisesMemstart: boolean;
}

/** The policies of a release. */
export function policiesOf(release: KernelRelease): Arm64Policies {
  const since72 = isSince(release, 7, 2);
  return {
    tableAccessFlag: isSince(release, 6, 13),
    dirtyBlocks: since72,
    checksPmdLeaf: since72,
    randomisesMemstart: !since72,
  };
}
