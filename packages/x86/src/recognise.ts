import type { KernelFacts, Recognition } from '@vmemmap/core';
import { fixedBase } from './layout.ts';

/** asm/page_64_types.h: __START_KERNEL_map, where the kernel image is mapped. */
const START_KERNEL_MAP = 0xffff_ffff_8000_0000n;

/** The configuration of a kernel from what arch/x86/kernel/vmcore_info_64.c:arch_crash_save_vmcoreinfo says of it. */
export function recognise(kernel: KernelFacts): Recognition | undefined {
  const physBase = kernel.number('phys_base');
  const la57 = kernel.number('pgtable_l5_enabled');
  const pgd = kernel.symbol('init_top_pgt') ?? kernel.symbol('swapper_pg_dir');
  if (physBase === undefined || la57 === undefined || pgd === undefined) return undefined;
  const vmemmap = kernel.symbol('vmemmap');
  const smeMask = kernel.number('sme_mask') ?? 0n;
  const structPage = kernel.size('page');
  return {
    config: {
      la57: la57 !== 0n,
      ...(vmemmap === undefined || vmemmap === fixedBase(la57 !== 0n) ? {} : { kaslr: true, vmemmapBase: vmemmap }),
      ...(smeMask === 0n ? {} : { memoryEncryption: true, encryptionBit: smeMask.toString(2).length - 1 }),
      ...(structPage === undefined ? {} : { structPageSize: structPage }),
    },
    how: {
      la57: 'NUMBER(pgtable_l5_enabled)',
      kaslr: 'SYMBOL(vmemmap)',
      vmemmapBase: 'SYMBOL(vmemmap)',
      memoryEncryption: 'NUMBER(sme_mask)',
      structPageSize: 'SIZE(page)',
    },
    root: Number(pgd - START_KERNEL_MAP + physBase),
    direct: [],
  };
}
