import type { ConfigFields } from '@vmemmap/core';

/** What of a LoongArch machine and kernel decides about the vmemmap. */
export interface LoongarchConfig {
  /** PAGE_SIZE in bytes. */
  pageSize: number;
  /** CONFIG_PGTABLE_LEVELS. */
  levels: number;
  /** cpu_pabits: PALEN - 1 (CPUCFG word 1, bits 11:4). */
  cpuPabits: number;
  /** cpu_vabits: VALEN - 1 (CPUCFG word 1, bits 19:12). */
  cpuVabits: number;
  /** CONFIG_KFENCE: takes an area above the vmemmap, and 8 bytes of each struct page. */
  kfence: boolean;
  /** CONFIG_KFENCE_NUM_OBJECTS. */
  kfenceNumObjects: number;
  /** CONFIG_ARCH_FORCE_MAX_ORDER; 0 for what Kconfig has for the page size. */
  maxPageOrder: number;
  /** sizeof(struct page) in bytes; 0 for 80 with KFENCE and 64 without. */
  structPageSize: number;
  /** Kernel address of invalid_pte_table. Default: as Debian's kernel has it. */
  invalidPteTable: bigint | undefined;
  /** Kernel address of invalid_pmd_table; only with 3 and 4 levels. Default: the page after invalid_pte_table. */
  invalidPmdTable: bigint | undefined;
  /** Kernel address of invalid_pud_table; only with 4 levels. Default: the page after invalid_pmd_table. */
  invalidPudTable: bigint | undefined;
}

const PAGE: bigint = 4096n;

/** The same as data, with ranges and defaults. */
export const config: ConfigFields = {
  pageSize: { type: 'number', default: 16384, min: 4096, max: 65536, oneOf: [4096, 16384, 65536], about: 'PAGE_SIZE' },
  levels: {
    type: 'number',
    default: 3,
    min: 2,
    max: 4,
    about: 'levels of page tables (CONFIG_PGTABLE_LEVELS); 4 only with 4K pages',
  },
  cpuPabits: {
    type: 'number',
    default: 47,
    min: 31,
    max: 47,
    about: 'physical address bits of the CPU less one (PALEN - 1, CPUCFG1 11:4)',
  },
  cpuVabits: {
    type: 'number',
    default: 47,
    min: 31,
    max: 55,
    about: 'virtual address bits of the CPU less one (VALEN - 1, CPUCFG1 19:12)',
  },
  kfence: { type: 'boolean', default: true, about: 'KFENCE: an area above the vmemmap, larger struct pages' },
  kfenceNumObjects: {
    type: 'number',
    default: 255,
    min: 1,
    max: 65535,
    about: 'objects of KFENCE (CONFIG_KFENCE_NUM_OBJECTS)',
  },
  maxPageOrder: {
    type: 'number',
    default: 0,
    min: 0,
    max: 17,
    about: "largest block of the page allocator, 2^this pages; 0: Kconfig's 10, 11 and 13 for 4K, 16K and 64K pages",
  },
  structPageSize: {
    type: 'number',
    default: 0,
    min: 0,
    max: 512,
    about: 'sizeof(struct page) in bytes; 0: 80 with KFENCE, 64 without',
  },
  invalidPteTable: {
    type: 'address',
    default: undefined,
    align: PAGE,
    about: 'kernel address of invalid_pte_table, which empty pmd entries point to',
  },
  invalidPmdTable: {
    type: 'address',
    default: undefined,
    align: PAGE,
    about: 'kernel address of invalid_pmd_table, which empty pud entries point to (3 and 4 levels)',
  },
  invalidPudTable: {
    type: 'address',
    default: undefined,
    align: PAGE,
    about: 'kernel address of invalid_pud_table, which empty pgd entries point to (4 levels)',
  },
};
