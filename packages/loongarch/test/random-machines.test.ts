import { mountRandomMachines } from '@vmemmap/conformance/random';
import { loongarch } from '@vmemmap/loongarch';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

// RAM of a random machine lies below 2^38, or where the CPU's addresses end.
for (const config of configs)
  mountRandomMachines({ describe, it }, loongarch, {
    configs: [config],
    top: 2 ** Math.min(38, loongarch(config).model.maxPhysmemBits),
  });
