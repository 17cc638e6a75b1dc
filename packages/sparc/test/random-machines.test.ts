import { mountRandomMachines } from '@vmemmap/conformance/random';
import { type SparcConfig, sparc } from '@vmemmap/sparc';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

// No chip has as many physical bits as MAX_PHYSMEM_BITS.
mountRandomMachines<SparcConfig>({ describe, it }, sparc, {
  configs,
  physicalBits: (config) => {
    const { maxPhysBits } = sparc(config).config;
    return Number(maxPhysBits);
  },
});
