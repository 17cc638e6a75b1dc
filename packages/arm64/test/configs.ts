import { type Arm64Config, arm64 } from '@vmemmap/arm64';

/** Configurations that the kit and the random tests run with. */
export const configs: readonly Partial<Arm64Config>[] = [
  ...arm64.variants.map(({ config }) => config),
  { structPageSize: 72 },
  { lpa2: false, structPageSize: 80 },
  { pageSize: 16384, structPageSize: 80 },
  { pageSize: 65536, paBits: 48, structPageSize: 72 },
  { pageSize: 65536, vaBits: 48, paBits: 52 },
];
