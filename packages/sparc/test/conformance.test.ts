import { mountConformance } from '@vmemmap/conformance';
import { sparc } from '@vmemmap/sparc';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, sparc, {
  configs,
  releases: ['6.12', '7.2'],
  knownFailures: [
    {
      clause: 'ALLOC-7',
      release: '6.12',
      why: 'arch/sparc/mm/init_64.c:vmemmap_populate knows no base pages and returns -ENOMEM',
    },
  ],
});
