import { type SparcConfig, sparc } from '@vmemmap/sparc';

/** What the kit and the random machines run with: every variant, and struct pages of the other size. */
export const configs: readonly Partial<SparcConfig>[] = [
  ...sparc.variants.map(({ config }) => config),
  { chip: 'niagara4', memcg: false },
  { chip: 'unknown', structPageSize: 80 },
];
