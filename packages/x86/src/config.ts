import type { ConfigFields } from '@vmemmap/core';

/** What of an x86-64 machine and kernel decides about the vmemmap. */
export interface X86Config {
  /** 5-level paging: the CPU has LA57 and the kernel uses it. */
  la57: boolean;
  /** The CPU has 2 MiB pages (X86_FEATURE_PSE). */
  pse: boolean;
  /** The CPU has global pages (X86_FEATURE_PGE). */
  pge: boolean;
  /** The CPU has no-execute pages and EFER.NXE is set. */
  nx: boolean;
  /** Page-table isolation is active: kernel mappings are not global. */
  pti: boolean;
  /** SME or SEV is active: the C-bit is set in every entry. */
  memoryEncryption: boolean;
  /** Number of the C-bit (CPUID 0x8000001F EBX 5:0). */
  encryptionBit: number;
  /** Physical address bits of the CPU (MAXPHYADDR): entries with an address bit above are reserved. */
  physicalAddressBits: number;
  /** The kernel randomised its memory regions; then `vmemmapBase` says where to. */
  kaslr: boolean;
  /** VA of the struct page of pfn 0. Default: where it is without KASLR. */
  vmemmapBase: bigint | undefined;
  /** sizeof(struct page) in bytes. */
  structPageSize: number;
}

/** The same as data, with ranges and defaults. */
export const config: ConfigFields = {
  la57: { type: 'boolean', default: true, about: '5-level paging (LA57); 4-level without' },
  pse: { type: 'boolean', default: true, about: '2 MiB pages; base pages only without (clearcpuid=pse)' },
  pge: { type: 'boolean', default: true, about: 'global pages' },
  nx: { type: 'boolean', default: true, about: 'no-execute pages' },
  pti: { type: 'boolean', default: false, about: 'page-table isolation: kernel pages are not global' },
  memoryEncryption: { type: 'boolean', default: false, about: 'SME or SEV: the C-bit is set in every entry' },
  encryptionBit: { type: 'number', default: 51, min: 32, max: 51, about: 'number of the C-bit' },
  physicalAddressBits: {
    type: 'number',
    default: 52,
    min: 36,
    max: 52,
    about: 'physical address bits of the CPU (MAXPHYADDR)',
  },
  kaslr: { type: 'boolean', default: false, about: 'memory regions are randomised; vmemmapBase says where to' },
  vmemmapBase: {
    type: 'address',
    default: undefined,
    align: 1n << 30n,
    about: 'VA of the struct page of pfn 0, a multiple of 1 GiB',
  },
  structPageSize: { type: 'number', default: 64, min: 8, max: 512, about: 'sizeof(struct page) in bytes' },
};
