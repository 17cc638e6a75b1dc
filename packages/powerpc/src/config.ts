import type { ConfigFields } from '@vmemmap/core';

/** What of a 64-bit Book3S machine and kernel decides about the vmemmap. */
export interface PowerpcConfig {
  /** The MMU the kernel uses: radix trees, or the hashed page table. */
  mmu: 'radix' | 'hash';
  /** PAGE_SIZE in bytes. */
  pageSize: number;
  /**
   * Hash: bytes that one bolted entry maps (mmu_vmemmap_psize); 0 for the kernel's own choice, 16 MiB on a machine with
   * 1 GiB of RAM or more and the page size below.
   */
  vmemmapPageSize: number;
  /** Hash: log2 of the bytes of the hashed page table; 0 for the size that the kernel takes for the RAM. */
  hashTableOrder: number;
  /** Hash: the kernel uses segments of 1 TiB (MMU_FTR_1T_SEGMENT), else of 256 MiB. */
  segment1T: boolean;
  /** Hash: virtual addresses have 68 bits (MMU_FTR_68_BIT_VA), else 65. */
  va68: boolean;
  /** Hash: a hypervisor holds the hashed page table; without, it takes RAM. */
  lpar: boolean;
  /** Hash without a hypervisor: entries have the format of Power ISA 3.0 (POWER9 and later), else that of 2.07. */
  isa300: boolean;
  /** Hash: KUAP or KUEP is on, so that kernel mappings have storage key 3. */
  kernelKey: boolean;
  /** sizeof(struct page) in bytes. */
  structPageSize: number;
}

/** The same as data, with ranges and defaults: a POWER9 or later with Debian's kernel. */
export const config: ConfigFields = {
  mmu: { type: 'choice', default: 'radix', oneOf: ['radix', 'hash'], about: 'radix trees, or the hashed page table' },
  pageSize: {
    type: 'number',
    default: 4096,
    min: 4096,
    max: 65536,
    oneOf: [4096, 65536],
    about: 'bytes of a page',
  },
  vmemmapPageSize: {
    type: 'number',
    default: 0,
    min: 0,
    max: 2 ** 24,
    oneOf: [0, 4096, 65536, 2 ** 24],
    about: "hash: bytes of a bolted mapping; 0: 16 MiB with 1 GiB of RAM, a page with less, as the kernel's",
  },
  hashTableOrder: {
    type: 'number',
    default: 0,
    min: 0,
    max: 46,
    about: 'hash: log2 of the bytes of the hashed page table, 18 to 46; 0: by the RAM',
  },
  segment1T: { type: 'boolean', default: true, about: 'hash: segments of 1 TiB; 256 MiB without' },
  va68: { type: 'boolean', default: true, about: 'hash: virtual addresses of 68 bits; 65 without (POWER4, POWER5)' },
  lpar: { type: 'boolean', default: true, about: 'hash: a hypervisor holds the table; else it takes RAM' },
  isa300: {
    type: 'boolean',
    default: true,
    about: 'hash without a hypervisor: entries as in Power ISA 3.0; else 2.07',
  },
  kernelKey: { type: 'boolean', default: true, about: 'hash: KUAP or KUEP: kernel mappings have storage key 3' },
  structPageSize: { type: 'number', default: 64, min: 8, max: 512, about: 'sizeof(struct page) in bytes' },
};
