import type { KernelFacts, Recognition } from '@vmemmap/core';

/** asm/page.h: PAGE_OFFSET; the linear mapping ignores the bits above it. */
const PAGE_OFFSET = 0xc000_0000_0000_0000n;
/** What an address of the linear mapping is below, where VMALLOC_START is not known: asm/book3s/64/radix.h, RADIX_KERN_VIRT_START. */
const VMALLOC_START = 0xc008_0000_0000_0000n;

/** The configuration of a kernel from what arch/powerpc/kexec/vmcore_info.c:arch_crash_save_vmcoreinfo says of it. */
export function recognise(kernel: KernelFacts): Recognition | undefined {
  const radix = kernel.number('RADIX_MMU');
  const pgd = kernel.symbol('swapper_pg_dir');
  const { pageSize } = kernel;
  const end = kernel.number('VMALLOC_START') ?? VMALLOC_START;
  if (pgd === undefined || pageSize === undefined || pgd < PAGE_OFFSET || pgd >= end) return undefined;
  const mmu = radix === 1n ? 'radix' : 'hash';
  const structPage = kernel.size('page');
  return {
    config: { mmu, pageSize, ...(structPage === undefined ? {} : { structPageSize: structPage }) },
    how: { mmu: 'NUMBER(RADIX_MMU)', pageSize: 'PAGESIZE', structPageSize: 'SIZE(page)' },
    root: mmu === 'radix' ? Number(pgd - PAGE_OFFSET) : undefined,
    direct: [{ va: PAGE_OFFSET, bytes: end - PAGE_OFFSET, pa: 0 }],
  };
}
