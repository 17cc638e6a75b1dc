import { mountRandomMachines } from '@vmemmap/conformance/random';
import { x86 } from '@vmemmap/x86';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountRandomMachines({ describe, it }, x86, { configs });
