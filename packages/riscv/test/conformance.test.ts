import { mountConformance } from '@vmemmap/conformance';
import { riscv } from '@vmemmap/riscv';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, riscv, {
  configs,
  releases: ['6.12', '7.2'],
  knownFailures: [
    {
      clause: 'ERR-2',
      release: '6.12',
      why: 'vmemmap_check_pmd() takes a table for a leaf, so what a table lacks is not made up for: arch/riscv/mm/init.c',
    },
    { clause: 'ERR-8', release: '6.12', why: 'it does not look: arch/riscv/mm/init.c:vmemmap_populate' },
  ],
});
