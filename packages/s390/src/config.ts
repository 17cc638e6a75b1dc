import type { ConfigFields } from '@vmemmap/core';

/** What of a s390x machine and kernel decides about the vmemmap. */
export interface S390Config {
  /** The CPU has 1 MiB frames: enhanced DAT facility 1 (facility 8), switched on in CR0. */
  edat1: boolean;
  /** The CPU has 2 GiB frames: enhanced DAT facility 2 (facility 78). The vmemmap never uses them. */
  edat2: boolean;
  /** The CPU has the instruction-execution-protection facility (facility 130). */
  nx: boolean;
  /** The kernel lies at a random address; `kaslrSlot` says which. */
  kaslr: boolean;
  /** Which slot the boot has drawn, counted down from the end of the address space; -1 without KASLR. */
  kaslrSlot: number;
  /** CONFIG_RANDOMIZE_BASE: the layout keeps 2 GiB to place the kernel in. */
  randomizeBase: boolean;
  /** CONFIG_KASAN: 4 levels, everything below the shadow. */
  kasan: boolean;
  /** CONFIG_KMSAN: two thirds of the vmalloc area are its own. */
  kmsan: boolean;
  /** CONFIG_NR_CPUS: each has a page pair in the absolute lowcore area. */
  nrCpus: number;
  /** CONFIG_MAX_PHYSMEM_BITS. */
  maxPhysmemBits: number;
  /** SECTION_SIZE_BITS (asm/sparsemem.h); 0 for that of the release. */
  sectionSizeBits: number;
  /** CONFIG_KERNEL_IMAGE_BASE: where the kernel lies without KASLR. */
  kernelImageBase: bigint | undefined;
  /** KERNEL_IMAGE_SIZE: room for the kernel at that place. */
  kernelImageSize: bigint | undefined;
  /** Bytes that the kernel image takes from its base on, with what lies before its text and its bss. */
  kernelSize: bigint | undefined;
  /** What the identity mapping may have to reach: the end of RAM that is there, standby or reserved. */
  identMapSize: bigint | undefined;
  /** The kernel parameter vmalloc=. */
  vmallocSize: bigint | undefined;
  /** max_sec_stor_addr of the ultravisor: end of the address space of a host of protected guests (prot_virt=1). */
  maxSecStorAddr: bigint | undefined;
  /** sizeof(struct page) in bytes. */
  structPageSize: number;
}

const PAGE = 1n << 12n;
const SEGMENT = 1n << 20n;

/** The same as data, with ranges and defaults: those of Debian's kernel on a current machine. */
export const config: ConfigFields = {
  edat1: { type: 'boolean', default: true, about: '1 MiB frames (EDAT1); base pages only without' },
  edat2: { type: 'boolean', default: true, about: '2 GiB frames (EDAT2); needs edat1, the vmemmap has none' },
  nx: { type: 'boolean', default: true, about: 'instruction-execution protection (no-execute)' },
  kaslr: { type: 'boolean', default: false, about: 'the kernel lies at a random address; kaslrSlot says which' },
  kaslrSlot: {
    type: 'number',
    default: -1,
    min: -1,
    max: 2 ** 40,
    about: 'with kaslr: the slot this boot has drawn, 0 is the highest; -1 without',
  },
  randomizeBase: { type: 'boolean', default: true, about: 'CONFIG_RANDOMIZE_BASE: 2 GiB are kept for KASLR' },
  kasan: { type: 'boolean', default: false, about: 'CONFIG_KASAN: 4 levels, below the shadow' },
  kmsan: { type: 'boolean', default: false, about: 'CONFIG_KMSAN: two thirds of the vmalloc area are its own' },
  nrCpus: { type: 'number', default: 256, min: 2, max: 512, about: 'CONFIG_NR_CPUS' },
  maxPhysmemBits: { type: 'number', default: 46, min: 42, max: 53, about: 'CONFIG_MAX_PHYSMEM_BITS' },
  sectionSizeBits: {
    type: 'number',
    default: 0,
    min: 0,
    max: 28,
    oneOf: [0, 27, 28],
    about: 'SECTION_SIZE_BITS; 0: that of the release, 28 up to Linux 6.12 and 27 since',
  },
  kernelImageBase: {
    type: 'address',
    default: undefined,
    align: 1n << 14n,
    about: 'CONFIG_KERNEL_IMAGE_BASE (default 0x3ffe0000000, with KASAN 0x7fffe0000000)',
  },
  kernelImageSize: {
    type: 'address',
    default: undefined,
    align: SEGMENT,
    about: 'KERNEL_IMAGE_SIZE (default 0x20000000)',
  },
  kernelSize: {
    type: 'address',
    default: undefined,
    align: PAGE,
    about: 'bytes from the base of the kernel to its end (default 0x1c56000); counts where the base is not fixed',
  },
  identMapSize: {
    type: 'address',
    default: undefined,
    align: PAGE,
    about: 'end of memory there may ever be: online, standby, reserved (default: end of RAM)',
  },
  vmallocSize: {
    type: 'address',
    default: undefined,
    align: SEGMENT,
    about: 'the kernel parameter vmalloc= in bytes (default: an eighth of memory, 510 GiB at least)',
  },
  maxSecStorAddr: {
    type: 'address',
    default: undefined,
    align: SEGMENT,
    about: 'on a host of protected guests: end of the address space (default: no limit)',
  },
  structPageSize: { type: 'number', default: 64, min: 8, max: 512, about: 'sizeof(struct page) in bytes' },
};
