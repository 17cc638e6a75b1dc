import type { KernelFacts, Recognition } from '@vmemmap/core';

/** arch/sparc/include/asm/page_64.h: PAGE_SHIFT 13; no other architecture has pages of 8 KiB. */
const PAGE_SIZE = 8192;

/** arch/sparc/include/asm/sparsemem.h: SECTION_SIZE_BITS. */
const SECTION_SIZE_BITS = 30n;

/** arch/sparc/kernel/head_64.S: KERNBASE, where the kernel's image is mapped. */
const KERNBASE = 0x40_0000n;

/** arch/sparc/include/asm/pgtable_64.h: MODULES_VADDR, where something else begins. */
const MODULES_VADDR = 0x1000_0000n;

/** Sparc64 has no code of its own in VMCOREINFO: what generic code says (kernel/vmcore_info.c) has to do. */
export function recognise(kernel: KernelFacts): Recognition | undefined {
  const vmemmap = kernel.symbol('vmemmap');
  const pgd = kernel.symbol('swapper_pg_dir');
  if (
    kernel.pageSize !== PAGE_SIZE ||
    kernel.number('SECTION_SIZE_BITS') !== SECTION_SIZE_BITS ||
    vmemmap === undefined ||
    pgd === undefined
  )
    return undefined;
  // arch/sparc/mm/init_64.c:setup_page_offset(): VMEMMAP_BASE is VMALLOC_END, three quarters of sparc64_va_hole_bottom.
  const vaHoleBottom = (vmemmap / 3n) * 4n;
  const structPageSize = kernel.size('page');
  return {
    config: { vaHoleBottom, ...(structPageSize === undefined ? {} : { structPageSize }) },
    how: { vaHoleBottom: 'SYMBOL(vmemmap)', structPageSize: 'SIZE(page)' },
    // kern_base, where the image lies, is no part of VMCOREINFO: firmware loads it at 4 MiB of a bank at 0.
    root: Number(pgd),
    direct: [
      // PAGE_OFFSET is sparc64_va_hole_top, and the hole lies around the middle.
      { va: BigInt.asUintN(64, -vaHoleBottom), bytes: vaHoleBottom, pa: 0 },
      { va: KERNBASE, bytes: MODULES_VADDR - KERNBASE, pa: Number(KERNBASE) },
    ],
  };
}
