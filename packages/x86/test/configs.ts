import { type X86Config, x86 } from '@vmemmap/x86';

/** Configurations that the kit and the random tests run with. */
export const configs: readonly Partial<X86Config>[] = [
  ...x86.variants.map(({ config }) => config),
  { la57: false, pse: false },
  { memoryEncryption: true, encryptionBit: 51 },
  { memoryEncryption: true, encryptionBit: 47, physicalAddressBits: 48 },
  { physicalAddressBits: 39 },
  { la57: false, kaslr: true, vmemmapBase: 0xffff_f1bf_c000_0000n },
  { structPageSize: 72 },
  { structPageSize: 80, pse: false },
];
