import type { MemoryMap, MemoryModel, Public, VmemmapWindow } from '@vmemmap/core';
import { alignDown, hex, VmemmapError } from '@vmemmap/core';
import type { PagingMode, RiscvConfig } from './config.ts';
import type { RiscvPolicies } from './policies.ts';

const FROM = '@vmemmap/riscv';
const PAGE_SHIFT = 12;
/** asm/sparsemem.h */
const SECTION_SIZE_BITS = 27;
const MAX_PHYSMEM_BITS = 56;
/** The model counts bytes in doubles: exact up to here. */
const MAX_MODELLED_BITS = 53;
/** asm/pgtable-64.h */
const PMD_SIZE = 2 ** 21;
/** include/linux/mmzone.h: MAX_FOLIO_ORDER with HugeTLB on 64 bits, in bytes. */
const MAX_FOLIO_SIZE = 2 ** 34;

/** asm/pgtable.h: VA_BITS, and asm/page.h: PAGE_OFFSET_L3, _L4 and _L5, the start of the linear mapping. */
const MODES: Readonly<Record<PagingMode, { readonly vaBits: number; readonly pageOffset: bigint }>> = {
  sv39: { vaBits: 39, pageOffset: 0xffff_ffd6_0000_0000n },
  sv48: { vaBits: 48, pageOffset: 0xffff_af80_0000_0000n },
  sv57: { vaBits: 57, pageOffset: 0xff60_0000_0000_0000n },
};

/** asm/pgtable.h: KERN_VIRT_SIZE, a quarter of the root table's entries; the linear mapping is as large. */
function kernVirtSize(mode: PagingMode): number {
  return 2 ** (MODES[mode].vaBits - 2);
}

/** The memory model of a configuration. */
export function memoryModel(config: RiscvConfig): MemoryModel {
  return {
    pageShift: PAGE_SHIFT,
    sectionSizeBits: SECTION_SIZE_BITS,
    maxPhysmemBits: Math.min(MAX_PHYSMEM_BITS, MAX_MODELLED_BITS),
    structPageSize: config.structPageSize,
    maxPageOrder: 10, // include/linux/mmzone.h: MAX_PAGE_ORDER
    bootGoal: 0, // asm-generic/dma.h: MAX_DMA_ADDRESS is PAGE_OFFSET, and that the start of RAM: no goal at all
  };
}

/** VMEMMAP_ADDR_ALIGN (arch/riscv/mm/init.c): bytes of RAM whose struct pages the window may begin with. */
function addrAlign(config: RiscvConfig, policies: RiscvPolicies): number {
  // MAX_FOLIO_VMEMMAP_ALIGN is 0 unless a struct page is a power of two: else HVO does nothing.
  const forFolio =
    policies.alignsToLargestFolio &&
    config.hugetlbVmemmapOptimize &&
    Number.isInteger(Math.log2(config.structPageSize));
  return forFolio ? MAX_FOLIO_SIZE : 2 ** SECTION_SIZE_BITS;
}

/** The physical addresses of the linear mapping: as much as there is address space for, from phys_ram_base on. */
export function linearMapping({ mode }: RiscvConfig, memory: Public<MemoryMap>): { start: number; end: number } {
  const start = alignDown(memory.ranges[0]!.start, PMD_SIZE);
  return { start, end: start + kernVirtSize(mode) };
}

/**
 * Where the vmemmap lies: right below vmalloc, which is right below the linear mapping (asm/pgtable.h). It begins with
 * the struct page of vmemmap_start_pfn (arch/riscv/mm/init.c:setup_bootmem), which is where RAM begins, rounded down.
 * @throws VmemmapError `BAD_MEMORY_MAP` when RAM reaches beyond the linear mapping
 */
export function vmemmapWindow(config: RiscvConfig, memory: Public<MemoryMap>, policies: RiscvPolicies): VmemmapWindow {
  const { mode, structPageSize } = config;
  const { vaBits, pageOffset } = MODES[mode];
  const { start: physRamBase, end: limit } = linearMapping(config, memory);
  if (memory.end > limit) {
    throw new VmemmapError(
      'BAD_MEMORY_MAP',
      `with ${mode} the kernel takes RAM from ${hex(limit)} on out of the machine, since the linear mapping does not reach it; end the ranges there${mode === 'sv57' ? '' : ', or use a mode with more levels'}`,
      FROM,
    );
  }
  // STRUCT_PAGE_MAX_SHIFT: one half of the virtual address space's pages, each with its struct page rounded up.
  const size = 1n << BigInt(vaBits - PAGE_SHIFT - 1 + Math.ceil(Math.log2(structPageSize)));
  const end = pageOffset - BigInt(kernVirtSize(mode) / 2);
  const start = end - size;
  const startPfn = alignDown(physRamBase, addrAlign(config, policies)) / 2 ** PAGE_SHIFT;
  return { base: start - BigInt(startPfn) * BigInt(structPageSize), start, end };
}

/** @throws VmemmapError `BAD_CONFIG` when the keys contradict each other */
export function checkConfig(config: RiscvConfig): void {
  const bad = (message: string): never => {
    throw new VmemmapError('BAD_CONFIG', message, FROM);
  };
  if (config.structPageSize % 8 !== 0) bad(`structPageSize must be a multiple of 8, not ${config.structPageSize}`);
  // XTheadMae, "Memory Attribute Extension": in conflict with Svpbmt and Svnapot, whose bits it uses.
  const taken = (['svpbmt', 'svnapot'] as const).filter((key) => config[key]);
  if (config.theadMae && taken.length > 0) {
    bad(`theadMae uses the bits of Svpbmt and Svnapot, which no CPU has besides; set ${taken.join(' and ')} to false`);
  }
}
