import type { PowerpcConfig } from '@vmemmap/powerpc';
import { powerpc } from '@vmemmap/powerpc';

/** Configurations that the kit runs with: those worth knowing, and some more. */
export const configs: readonly Partial<PowerpcConfig>[] = [
  ...powerpc.variants.map(({ config }) => config),
  { mmu: 'hash' },
  { mmu: 'hash', vmemmapPageSize: 4096, lpar: false, segment1T: false },
  // So large a table that every bit of the hash counts.
  { mmu: 'hash', hashTableOrder: 46 },
  { structPageSize: 128 },
  { structPageSize: 72 },
  { structPageSize: 80, pageSize: 65536 },
];
