import { hex, type MemoryModel, VmemmapError, type VmemmapWindow } from '@vmemmap/core';
import type { X86Config } from './config.ts';

/** asm/sparsemem.h: MAX_PHYSMEM_BITS, 52 with 5 levels and 46 with 4. */
function maxPhysmemBits(la57: boolean): number {
  return la57 ? 52 : 46;
}

/** asm/pgtable_64_types.h: __VMEMMAP_BASE_L5 and __VMEMMAP_BASE_L4. */
const BASE_L5 = 0xffd4_0000_0000_0000n;
const BASE_L4 = 0xffff_ea00_0000_0000n;

/** Where the vmemmap begins without KASLR. */
export function fixedBase(la57: boolean): bigint {
  return la57 ? BASE_L5 : BASE_L4;
}

/** Documentation/arch/x86/x86_64/mm.rst: what the memory map sets aside, 0.5 PiB and 1 TiB. */
const SIZE_L5 = 1n << 49n;
const SIZE_L4 = 1n << 40n;
const TIB = 1n << 40n;

/** asm/cpu_entry_area.h: CPU_ENTRY_AREA_BASE, -4 << 39: where the randomised regions end (mm/kaslr.c). */
const CPU_ENTRY_AREA_BASE = 0xffff_fe00_0000_0000n;

/** PAGE_OFFSET without KASLR, where the randomised regions begin (asm/page_64_types.h). */
const PAGE_OFFSET_L5 = 0xff11_0000_0000_0000n;
const PAGE_OFFSET_L4 = 0xffff_8880_0000_0000n;

/** The memory model of a configuration. */
export function memoryModel(config: X86Config): MemoryModel {
  return {
    pageShift: 12,
    sectionSizeBits: 27, // asm/sparsemem.h
    maxPhysmemBits: maxPhysmemBits(config.la57),
    structPageSize: config.structPageSize,
    maxPageOrder: 10, // include/linux/mmzone.h: MAX_PAGE_ORDER
    bootGoal: 16 * 1024 * 1024, // asm/dma.h: MAX_DMA_PFN
  };
}

/** Bytes of the struct pages of all the physical memory there can be, in whole TiB as mm/kaslr.c counts them. */
function arraySize(config: X86Config): bigint {
  const bytes = (1n << BigInt(maxPhysmemBits(config.la57) - 12)) * BigInt(config.structPageSize);
  return ((bytes + TIB - 1n) / TIB) * TIB;
}

/**
 * Where the vmemmap lies. There is no physical bias: it starts with the struct page of pfn 0. The kernel knows no end;
 * it is that of what the memory map sets aside, or of the array where larger struct pages need more.
 */
export function vmemmapWindow(config: X86Config): VmemmapWindow {
  const base = config.vmemmapBase ?? fixedBase(config.la57);
  const setAside = config.la57 ? SIZE_L5 : SIZE_L4;
  const array = arraySize(config);
  return { base, start: base, end: base + (array > setAside ? array : setAside) };
}

/** @throws VmemmapError `BAD_CONFIG` when the keys contradict each other */
export function checkConfig(config: X86Config): void {
  const bad = (message: string): never => {
    throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/x86');
  };
  if (config.kaslr && config.vmemmapBase === undefined)
    bad('kaslr needs vmemmapBase: the base that this boot has drawn');
  const size = arraySize(config);
  const { start } = vmemmapWindow(config);
  const lowest = config.la57 ? PAGE_OFFSET_L5 : PAGE_OFFSET_L4;
  if (start < lowest || start + size > CPU_ENTRY_AREA_BASE) {
    bad(
      `vmemmapBase 0x${start.toString(16)} is outside of 0x${lowest.toString(16)}-0x${(CPU_ENTRY_AREA_BASE - size).toString(16)}`,
    );
  }
  if (config.structPageSize % 8 !== 0) bad(`structPageSize must be a multiple of 8, not ${config.structPageSize}`);
  if (config.memoryEncryption && config.encryptionBit >= config.physicalAddressBits) {
    bad(`encryptionBit ${config.encryptionBit} must be below physicalAddressBits ${config.physicalAddressBits}`);
  }
}

/**
 * MAX_PHYSMEM_BITS is what the kernel can have; what this CPU can address may be less. An entry for memory beyond would
 * have reserved bits set, or another meaning: the C-bit is an address bit to whoever does not know of it.
 * @param end first byte after the highest RAM
 * @throws VmemmapError `BAD_MEMORY_MAP`
 */
export function checkMemory(config: X86Config, end: number): void {
  const { memoryEncryption, encryptionBit, physicalAddressBits } = config;
  const bad = (why: string, what: string): never => {
    throw new VmemmapError('BAD_MEMORY_MAP', `RAM ends at ${hex(end)}, but ${why}; give ${what}`, '@vmemmap/x86');
  };
  if (end > 2 ** physicalAddressBits) {
    bad(
      `physicalAddressBits ${physicalAddressBits} end at ${hex(2 ** physicalAddressBits)}`,
      `less RAM, or a CPU with more physicalAddressBits (${bitsFor(end)})`,
    );
  }
  // The CPU gives the C-bit and all above it up: kernel/cpu/amd.c:early_detect_mem_encrypt lowers x86_phys_bits.
  if (memoryEncryption && end > 2 ** encryptionBit) {
    bad(
      `the C-bit, encryptionBit ${encryptionBit}, leaves addresses below ${hex(2 ** encryptionBit)} only`,
      'less RAM, or a higher encryptionBit',
    );
  }
}

/** Address bits that memory up to `end` needs. */
function bitsFor(end: number): number {
  return Math.ceil(Math.log2(end));
}
