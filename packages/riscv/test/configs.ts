import { type RiscvConfig, riscv } from '@vmemmap/riscv';

/** The configurations that every clause and every random machine is tried with. */
export const configs: readonly Partial<RiscvConfig>[] = [
  ...riscv.variants.map(({ config }) => config),
  // A CPU with neither extension.
  { svpbmt: false, svnapot: false },
  // Struct pages of sections that share leaves.
  { structPageSize: 72 },
  { mode: 'sv48', structPageSize: 80 },
  { mode: 'sv39', structPageSize: 56 },
];
