import { mountConformance } from '@vmemmap/conformance';
import { powerpc } from '@vmemmap/powerpc';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

// Before 7.x radix__vmemmap_populate() starts at a page, not at a PMD.
const FROM_A_PAGE =
  'what lies before the first 2 MiB boundary of a section gets base pages: arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_populate';

mountConformance({ describe, it }, powerpc, {
  configs,
  releases: ['6.12', '7.2'],
  knownFailures: [
    {
      clause: 'ERR-3',
      release: '7.2',
      config: { structPageSize: 72 },
      why: 'struct pages from the 2 MiB boundary below the section are populated too, and not freed with it: arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_populate',
    },
    { clause: 'ALLOC-6', release: '6.12', config: { structPageSize: 72 }, why: FROM_A_PAGE },
    { clause: 'ALLOC-6', release: '6.12', config: { structPageSize: 80, pageSize: 65536 }, why: FROM_A_PAGE },
    {
      clause: 'ALT-1',
      config: { structPageSize: 80 },
      why: 'a page that holds struct pages of other memory too comes from RAM: arch/powerpc/mm/init_64.c:altmap_cross_boundary',
    },
  ],
});
