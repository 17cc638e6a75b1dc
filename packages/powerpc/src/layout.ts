import { type MemoryModel, VmemmapError, type VmemmapWindow } from '@vmemmap/core';
import type { PowerpcConfig } from './config.ts';

/** asm/book3s/64/radix.h: RADIX_VMEMMAP_START and _END; asm/book3s/64/hash-64k.h gives the same. */
const WINDOW_512T: VmemmapWindow = {
  base: 0xc00c_0000_0000_0000n,
  start: 0xc00c_0000_0000_0000n,
  end: 0xc00e_0000_0000_0000n,
};

/** asm/book3s/64/hash-4k.h: H_KERN_VIRT_START and two regions of 1 TiB, then 1 TiB for the vmemmap. */
const WINDOW_1T: VmemmapWindow = {
  base: 0xc000_3f00_0000_0000n,
  start: 0xc000_3f00_0000_0000n,
  end: 0xc000_4000_0000_0000n,
};

/** The memory model of a configuration. */
export function memoryModel(config: PowerpcConfig): MemoryModel {
  return {
    pageShift: Math.log2(config.pageSize),
    sectionSizeBits: 24, // asm/sparsemem.h
    maxPhysmemBits: 51, // asm/book3s/64/pgtable.h: the larger of H_ and R_MAX_PHYSMEM_BITS
    structPageSize: config.structPageSize,
    maxPageOrder: config.pageSize === 4096 ? 12 : 8, // Kconfig: ARCH_FORCE_MAX_ORDER, 16 MiB either way
    bootGoal: 0, // asm/dma.h: MAX_DMA_ADDRESS is ~0, and no memory lies above that
  };
}

/** Where the vmemmap lies: it starts with the struct page of pfn 0. */
export function vmemmapWindow(config: PowerpcConfig): VmemmapWindow {
  return config.mmu === 'hash' && config.pageSize === 4096 ? WINDOW_1T : WINDOW_512T;
}

/** memblock_phys_mem_size() from which the kernel takes 16 MiB pages (hash_utils.c:htab_init_page_sizes). */
const RAM_FOR_16M = 2 ** 30;

/** mmu_vmemmap_psize: bytes of one bolted mapping, on a machine with `ram` bytes of RAM whose CPU has 16 MiB pages. */
export function vmemmapPageSize(config: PowerpcConfig, ram: number): number {
  if (config.vmemmapPageSize !== 0) return config.vmemmapPageSize;
  return ram >= RAM_FOR_16M ? 2 ** 24 : config.pageSize;
}

/** Smallest table that the architecture permits: 2^11 groups of 128 bytes. */
const MIN_HASH_TABLE_ORDER = 18;

/**
 * log2 of the bytes of the hashed page table (hash_utils.c:htab_shift_for_mem_size): a group of 128 bytes for two base
 * pages, for RAM rounded up to a power of two.
 */
export function hashTableOrder(config: PowerpcConfig, ram: number): number {
  if (config.hashTableOrder !== 0) return config.hashTableOrder;
  return Math.max(Math.ceil(Math.log2(ram)) - (Math.log2(config.pageSize) + 1) + 7, MIN_HASH_TABLE_ORDER);
}

/** @throws VmemmapError `BAD_CONFIG` when the keys contradict each other */
export function checkConfig(config: PowerpcConfig): void {
  const bad = (message: string): never => {
    throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/powerpc');
  };
  if (config.structPageSize % 8 !== 0) bad(`structPageSize must be a multiple of 8, not ${config.structPageSize}`);
  if (config.mmu === 'radix') {
    for (const key of ['vmemmapPageSize', 'hashTableOrder'] as const)
      if (config[key] !== 0) bad(`${key} is of the hash MMU; leave it out, or set mmu to hash`);
    return;
  }
  if (config.vmemmapPageSize === 65536 && config.pageSize === 4096)
    bad('vmemmapPageSize 65536 needs pageSize 65536; with pageSize 4096 the kernel takes 4096 or 16777216');
  if (config.hashTableOrder !== 0 && config.hashTableOrder < MIN_HASH_TABLE_ORDER)
    bad(`hashTableOrder must be 0 or ${MIN_HASH_TABLE_ORDER} to 46, not ${config.hashTableOrder}`);
}
