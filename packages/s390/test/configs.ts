import { type S390Config, s390 } from '@vmemmap/s390';

/** Configurations that the kit and the random tests run with. */
export const configs: readonly Partial<S390Config>[] = [
  ...s390.variants.map(({ config }) => config),
  { edat2: false, kmsan: true, nrCpus: 64 },
  { maxPhysmemBits: 53, kaslr: true, kaslrSlot: 7, identMapSize: 1n << 53n },
  { sectionSizeBits: 28 },
  { structPageSize: 72 },
  { structPageSize: 80 },
  { structPageSize: 72, edat1: false, edat2: false },
];
