import type { KernelFacts, Recognition } from '@vmemmap/core';

/** The privileged specification: satp.MODE, bits 63:60. */
const MODES: Readonly<Record<string, string>> = { 8: 'sv39', 9: 'sv48', 10: 'sv57' };
/** satp.PPN, bits 43:0, counts pages of 4 KiB. */
const PPN = (1n << 44n) - 1n;

/** The configuration of a kernel from what arch/riscv/kernel/vmcore_info.c:arch_crash_save_vmcoreinfo says of it. */
export function recognise(kernel: KernelFacts): Recognition | undefined {
  const offset = kernel.number('va_kernel_pa_offset');
  const pgd = kernel.symbol('swapper_pg_dir');
  if (offset === undefined || pgd === undefined) return undefined;
  // satp of whoever wrote the lines; its root is swapper_pg_dir at boot.
  const satp = kernel.number('satp');
  const vaBits = kernel.number('VA_BITS');
  const mode = satp === undefined ? (vaBits === undefined ? undefined : `sv${vaBits}`) : MODES[String(satp >> 60n)];
  const structPage = kernel.size('page');
  return {
    config: {
      ...(mode === undefined ? {} : { mode }),
      ...(structPage === undefined ? {} : { structPageSize: structPage }),
    },
    how: { mode: satp === undefined ? 'NUMBER(VA_BITS)' : 'NUMBER(satp)', structPageSize: 'SIZE(page)' },
    root: satp === undefined ? Number(BigInt.asUintN(64, pgd - offset)) : Number(satp & PPN) * 4096,
    direct: [],
  };
}
