import { mountConformance } from '@vmemmap/conformance';
import { s390 } from '@vmemmap/s390';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, s390, {
  configs,
  releases: ['6.12', '7.2'],
  knownFailures: [
    { clause: 'FREE-9', release: '6.12', why: 'reserved pages stay: arch/s390/mm/vmem.c:vmem_free_pages' },
  ],
});
