import type { ConfigFields } from '@vmemmap/core';

/** The page-based virtual-memory systems of RV64, as `satp` selects them. */
export type PagingMode = 'sv39' | 'sv48' | 'sv57';

/** What of a riscv machine and kernel decides about the vmemmap. */
export interface RiscvConfig {
  /** Paging mode that the kernel found at boot (arch/riscv/mm/init.c:set_satp_mode): 3, 4 or 5 levels. */
  mode: PagingMode;
  /** CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP: the struct pages of a folio of 16 GiB must be naturally aligned. */
  hugetlbVmemmapOptimize: boolean;
  /** The CPU has Svpbmt: bits 62:61 of a leaf are a memory type. */
  svpbmt: boolean;
  /** The CPU has Svnapot: bit 63 of a leaf means 64 KiB. */
  svnapot: boolean;
  /** The CPU has XTheadMae (T-Head C9xx), memory attributes in bits 63:59 of a leaf, and the kernel knows it. */
  theadMae: boolean;
  /** sizeof(struct page) in bytes. */
  structPageSize: number;
}

/** The same as data, with ranges and defaults. */
export const config: ConfigFields = {
  mode: {
    type: 'choice',
    default: 'sv57',
    oneOf: ['sv39', 'sv48', 'sv57'],
    about: 'paging mode: 3, 4 or 5 levels (no4lvl, no5lvl)',
  },
  // mm/Kconfig and arch/riscv/Kconfig: no choice of its own; on wherever HUGETLB_PAGE and SPARSEMEM_VMEMMAP are.
  hugetlbVmemmapOptimize: {
    type: 'boolean',
    default: true,
    about: 'CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP: since 7.x the vmemmap starts at a multiple of 16 GiB of RAM',
  },
  svpbmt: { type: 'boolean', default: true, about: 'CPU with Svpbmt: bits 62:61 of a leaf are a memory type' },
  svnapot: { type: 'boolean', default: true, about: 'CPU with Svnapot: bit 63 of a leaf means 64 KiB' },
  theadMae: {
    type: 'boolean',
    default: false,
    about: 'T-Head C9xx with XTheadMae: memory attributes in bits 63:59; needs svpbmt and svnapot false',
  },
  // Larger ones would reach below the kernel's half of the address space with Sv48.
  structPageSize: { type: 'number', default: 64, min: 8, max: 256, about: 'sizeof(struct page) in bytes' },
};
