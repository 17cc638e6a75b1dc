import { mountConformance } from '@vmemmap/conformance';
import { loongarch } from '@vmemmap/loongarch';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, loongarch, {
  configs,
  releases: ['6.12', '7.2'],
});
