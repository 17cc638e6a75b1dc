import type { KernelFacts, Recognition } from '@vmemmap/core';

/** The configuration of a kernel from what arch/s390/kernel/vmcore_info.c:arch_crash_save_vmcoreinfo says of it. */
export function recognise(kernel: KernelFacts): Recognition | undefined {
  const physical = hex(kernel, 'KERNELOFFPHYS');
  const virtual = hex(kernel, 'KERNELOFFSET');
  const pgd = kernel.symbol('swapper_pg_dir');
  if (physical === undefined || virtual === undefined || pgd === undefined) return undefined;
  const maxPhysmem = kernel.number('MAX_PHYSMEM_BITS');
  const section = kernel.number('SECTION_SIZE_BITS');
  const structPage = kernel.size('page');
  return {
    config: {
      ...(maxPhysmem === undefined ? {} : { maxPhysmemBits: Number(maxPhysmem) }),
      ...(section === undefined ? {} : { sectionSizeBits: Number(section) }),
      ...(structPage === undefined ? {} : { structPageSize: structPage }),
    },
    how: {
      maxPhysmemBits: 'NUMBER(MAX_PHYSMEM_BITS)',
      sectionSizeBits: 'NUMBER(SECTION_SIZE_BITS)',
      structPageSize: 'SIZE(page)',
    },
    root: Number(pgd - virtual + physical),
    direct: [],
  };
}

// Written with %lx.
function hex(kernel: KernelFacts, key: string): bigint | undefined {
  const text = kernel.get(key);
  return text !== undefined && /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
