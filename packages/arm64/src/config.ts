import type { ConfigFields } from '@vmemmap/core';

/** What of an arm64 machine and kernel decides about the vmemmap. */
export interface Arm64Config {
  /** PAGE_SIZE: the granule of the kernel's page tables, in bytes. */
  pageSize: number;
  /** sizeof(struct page) in bytes. */
  structPageSize: number;
  /** CONFIG_ARM64_VA_BITS. */
  vaBits: number;
  /** vabits_actual, 64 - TCR_EL1.T1SZ: what the CPU gave of `vaBits`. 0 on input: all that `lpa2` allows. */
  vaBitsActual: number;
  /** CONFIG_ARM64_PA_BITS. 0 on input: 52 with 52 bits of VA, else 48. */
  paBits: number;
  /**
   * TCR_EL1.DS: 52-bit addresses with 4K or 16K pages (FEAT_LPA2). On input: the CPU has it; where the kernel has no use
   * for it, it is off.
   */
  lpa2: boolean;
  /** CONFIG_ARM64_HAFT. Nothing in the vmemmap depends on it: table entries have the access flag either way. */
  haft: boolean;
  /** Page-table isolation is active: kernel mappings are not global. */
  kpti: boolean;
  /** When `kpti` made the mappings not global: by rewriting what boot had made, or from the start. */
  ngMappings: 'late' | 'early';
  /** memstart_addr (PHYS_OFFSET) that this boot has drawn, 64 bits in two's complement. Default: not randomised. */
  memstartAddr: bigint | undefined;
}

/** The same as data, with ranges and defaults: Debian's arm64 kernel on a CPU with LPA2. */
export const config: ConfigFields = {
  pageSize: {
    type: 'number',
    default: 4096,
    min: 4096,
    max: 65536,
    oneOf: [4096, 16384, 65536],
    about: 'page size in bytes',
  },
  structPageSize: { type: 'number', default: 64, min: 8, max: 512, about: 'sizeof(struct page) in bytes' },
  vaBits: {
    type: 'number',
    default: 52,
    min: 36,
    max: 52,
    oneOf: [36, 39, 42, 47, 48, 52],
    about: 'configured VA bits: 39, 48, 52 with 4K pages; 36, 47, 48, 52 with 16K; 42, 48, 52 with 64K',
  },
  vaBitsActual: {
    type: 'number',
    default: 0,
    min: 0,
    max: 52,
    oneOf: [0, 36, 39, 42, 47, 48, 52],
    about: 'VA bits that the CPU gave: vaBits, or 48 (47 with 16K pages) of 52; 0 for what follows from lpa2',
  },
  paBits: {
    type: 'number',
    default: 0,
    min: 0,
    max: 52,
    oneOf: [0, 48, 52],
    about: 'configured PA bits; 0 for 52 with 52 VA bits, else 48',
  },
  lpa2: {
    type: 'boolean',
    default: true,
    about: 'CPU with LPA2: 52-bit addresses with 4K and 16K pages; without effect elsewhere',
  },
  haft: { type: 'boolean', default: true, about: 'CONFIG_ARM64_HAFT; nothing depends on it' },
  kpti: { type: 'boolean', default: false, about: 'page-table isolation: kernel pages are not global' },
  ngMappings: {
    type: 'choice',
    default: 'late',
    oneOf: ['late', 'early'],
    about: 'kpti: late rewrites what boot has made (kpti=1), early is from the start (KASLR on a CPU without E0PD)',
  },
  // The smallest ARM64_MEMSTART_ALIGN, that of 64K pages.
  memstartAddr: {
    type: 'address',
    default: undefined,
    align: 1n << 29n,
    about: 'memstart_addr that KASLR has drawn (6.12 only), 64 bits in two’s complement',
  },
};
