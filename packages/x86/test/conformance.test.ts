import { mountConformance } from '@vmemmap/conformance';
import { x86 } from '@vmemmap/x86';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, x86, {
  configs,
  releases: ['6.12', '7.2'],
});
