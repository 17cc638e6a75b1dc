import { mountRandomMachines } from '@vmemmap/conformance/random';
import { sparc } from '@vmemmap/sparc';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountRandomMachines({ describe, it }, sparc, { configs });
