import { mountRandomMachines } from '@vmemmap/conformance/random';
import { s390 } from '@vmemmap/s390';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountRandomMachines({ describe, it }, s390, { configs });
