import { isSince, type KernelRelease } from '@vmemmap/core';

/** What differs from one kernel release to another on powerpc only. */
export interface PowerpcPolicies {
  /**
   * Radix, without an altmap: populate starts at the 2 MiB boundary below, and so never meets an empty PMD inside of it.
   * Before, it starts at the page below, and an empty PMD met inside of its 2 MiB gets base pages
   * (arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_populate).
   */
  readonly startsAtPmd: boolean;
}

/** The policies of a release. Linux 6.12 starts at a page, 7.2 at a PMD. */
export function policiesOf(release: KernelRelease): PowerpcPolicies {
  return { startsAtPmd: isSince(release, 7, 2) };
}
