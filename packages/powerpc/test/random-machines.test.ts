import { mountRandomMachines } from '@vmemmap/conformance/random';
import { powerpc } from '@vmemmap/powerpc';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountRandomMachines({ describe, it }, powerpc, { configs });
