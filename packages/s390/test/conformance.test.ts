import { mountConformance } from '@vmemmap/conformance';
import { s390 } from '@vmemmap/s390';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, s390, { configs });
