import { mountConformance } from '@vmemmap/conformance';
import { powerpc } from '@vmemmap/powerpc';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, powerpc, {
  configs,
  knownFailures: [
    {
      clause: 'ERR-3',
      config: { structPageSize: 72 },
      why: 'struct pages from the 2 MiB boundary below the section are populated too, and not freed with it: arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_populate',
    },
    {
      clause: 'ALT-1',
      config: { structPageSize: 80 },
      why: 'a page that holds struct pages of other memory too comes from RAM: arch/powerpc/mm/init_64.c:altmap_cross_boundary',
    },
  ],
});
