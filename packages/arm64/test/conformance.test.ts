import { arm64 } from '@vmemmap/arm64';
import { mountConformance } from '@vmemmap/conformance';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, arm64, {
  configs,
  releases: ['6.12', '7.2'],
  knownFailures: [
    {
      clause: 'ERR-2',
      release: '6.12',
      config: { pageSize: 4096 },
      why: 'vmemmap_check_pmd() takes a table for a leaf, so what a table lacks is not made up for: arch/arm64/mm/mmu.c',
    },
    {
      clause: 'IDEM-2',
      release: '6.12',
      config: { pageSize: 4096 },
      why: 'vmemmap_check_pmd() takes a table for a leaf, so what a table lacks is not made up for: arch/arm64/mm/mmu.c',
    },
  ],
});
