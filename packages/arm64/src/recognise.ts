import type { KernelFacts, Recognition } from '@vmemmap/core';

/** The configuration of a kernel from what arch/arm64/kernel/vmcore_info.c:arch_crash_save_vmcoreinfo says of it. */
export function recognise(kernel: KernelFacts): Recognition | undefined {
  const offset = kernel.number('kimage_voffset');
  const t1sz = kernel.number('TCR_EL1_T1SZ');
  const pgd = kernel.symbol('swapper_pg_dir');
  const { pageSize } = kernel;
  if (offset === undefined || t1sz === undefined || pgd === undefined || pageSize === undefined) return undefined;
  const vaBits = kernel.number('VA_BITS');
  const paBits = kernel.number('MAX_PHYSMEM_BITS');
  const structPage = kernel.size('page');
  const actual = 64 - Number(t1sz);
  return {
    config: {
      pageSize,
      vaBitsActual: actual,
      // Without LPA2 a CPU has 52 bits with 64K pages alone.
      lpa2: pageSize < 65536 && actual === 52,
      ...(vaBits === undefined ? {} : { vaBits: Number(vaBits) }),
      // With smaller pages it follows from the other two, and is what the CPU has, not what was configured.
      ...(paBits === undefined || pageSize < 65536 ? {} : { paBits: Number(paBits) }),
      ...(structPage === undefined ? {} : { structPageSize: structPage }),
    },
    how: {
      pageSize: 'PAGESIZE',
      vaBits: 'NUMBER(VA_BITS)',
      vaBitsActual: 'NUMBER(TCR_EL1_T1SZ)',
      lpa2: 'PAGESIZE and NUMBER(TCR_EL1_T1SZ)',
      paBits: 'NUMBER(MAX_PHYSMEM_BITS)',
      structPageSize: 'SIZE(page)',
    },
    root: Number(BigInt.asUintN(64, pgd - offset)),
    direct: [],
  };
}
