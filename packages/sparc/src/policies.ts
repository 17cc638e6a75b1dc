import { isSince, type KernelRelease } from '@vmemmap/core';

/** What differs between kernel revisions on sparc64 alone. */
export interface SparcPolicies {
  /**
   * vmemmap_populate() (arch/sparc/mm/init_64.c) has a loop of its own over whole PMDs, without base pages to fall back
   * on. So in 6.12; in 7.2 it calls the generic vmemmap_populate_hugepages().
   */
  readonly ownPmdLoop: boolean;
}

/** The policies of a release. */
export function policiesOf(release: KernelRelease): SparcPolicies {
  return { ownPmdLoop: !isSince(release, 7, 2) };
}
