import type { MemoryModel } from '@vmemmap/core';
import { hex, VmemmapError } from '@vmemmap/core';
import type { S390Config } from './config.ts';

// asm/pgtable.h: what an entry of each level stands for.
const PAGE_SIZE = 1n << 12n;
const SEGMENT_SIZE = 1n << 20n;
const REGION3_SIZE = 1n << 31n;
const REGION2_SIZE = 1n << 42n;
const REGION1_SIZE = 1n << 53n;

const GIB = 1n << 30n;
/** asm/pgtable.h: MODULES_LEN, and KASLR_LEN with CONFIG_RANDOMIZE_BASE. */
const MODULES_LEN = 2n * GIB;
const KASLR_LEN = 2n * GIB;
/** asm/pgtable.h: VMALLOC_DEFAULT_SIZE. */
const VMALLOC_DEFAULT_SIZE = 512n * GIB - MODULES_LEN;
/** asm/extmem.h: MAX_DCSS_ADDR. The identity mapping has room for as much at least. */
const MAX_DCSS_ADDR = 512n * GIB;
/** asm/maccess.h: MEMCPY_REAL_SIZE. */
const MEMCPY_REAL_SIZE = PAGE_SIZE;
/** asm/lowcore.h: sizeof(struct lowcore). */
const LOWCORE_SIZE = 8192n;
/** asm/page.h: KERNEL_IMAGE_SIZE. */
const KERNEL_IMAGE_SIZE = GIB / 2n;
/** Kconfig: KERNEL_IMAGE_BASE, without KASAN and with. */
const KERNEL_IMAGE_BASE = 0x3ff_e000_0000n;
const KERNEL_IMAGE_BASE_KASAN = 0x7fff_e000_0000n;
/** Kconfig: KASAN_SHADOW_OFFSET, where the shadow begins. */
const KASAN_SHADOW_START = 0x1c_0000_0000_0000n;
/** Debian's 7.2.13: _end less the address before TEXT_OFFSET. */
const KERNEL_SIZE = 0x1c5_6000n;
/** The kernel's unsigned long: size_add() stops at its end. */
const SIZE_MAX = (1n << 64n) - 1n;

/** Where things lie in the kernel's address space. */
export interface KernelLayout {
  /** 3: the kernel's ASCE designates a region-third table; 4: a region-second table. */
  readonly levels: 3 | 4;
  /** __kaslr_offset: base of the kernel image. */
  readonly kernelStart: bigint;
  /** MODULES_VADDR. */
  readonly modulesStart: bigint;
  /** VMALLOC_START. */
  readonly vmallocStart: bigint;
  /** VMALLOC_END. */
  readonly vmallocEnd: bigint;
  /** __memcpy_real_area. */
  readonly memcpyReal: bigint;
  /** __abs_lowcore. Page tables of the vmemmap are made below it only. */
  readonly absLowcore: bigint;
  /** VA of the struct page of pfn 0. */
  readonly vmemmap: bigint;
  /** vmemmap_size: bytes of the struct pages of all the memory there may be. */
  readonly vmemmapSize: bigint;
  /** ident_map_size: end of the memory that the kernel can use. */
  readonly identMapSize: bigint;
  /** max_mappable: end of what the identity mapping could be extended to. */
  readonly maxMappable: bigint;
}

/** The memory model of a configuration. */
export function memoryModel(config: S390Config): MemoryModel {
  return {
    pageShift: 12,
    sectionSizeBits: config.sectionSizeBits,
    maxPhysmemBits: config.maxPhysmemBits,
    structPageSize: config.structPageSize,
    maxPageOrder: 10, // include/linux/mmzone.h: MAX_PAGE_ORDER
    bootGoal: 2 ** 31, // asm/dma.h: MAX_DMA_ADDRESS
  };
}

/**
 * setup_kernel_memory_layout() (arch/s390/boot/startup.c) with what comes before it: where the vmemmap lies follows from
 * the amount of memory, the kernel's configuration and, with KASLR, a random number.
 * @param memoryEnd end of RAM in bytes, which `identMapSize` of the configuration overrides
 * @throws VmemmapError `BAD_CONFIG` when `kaslrSlot` is no slot of this machine
 */
export function kernelLayout(config: S390Config, memoryEnd: number): KernelLayout {
  const ident = min(config.identMapSize ?? BigInt(memoryEnd), 1n << BigInt(config.maxPhysmemBits));
  // setup_vmalloc_size()
  const vmallocWanted = config.vmallocSize ?? max(roundUp(ident / 8n, SEGMENT_SIZE), VMALLOC_DEFAULT_SIZE);
  const space = addressSpace(config, ident, vmallocWanted);
  const kernelStart = kernelBase(config, space);

  const modulesStart = roundDown(kernelStart, SEGMENT_SIZE) - MODULES_LEN;
  let vmallocEnd = config.kmsan ? modulesStart - 2n * MODULES_LEN : modulesStart;
  // vmalloc may have half of what is left.
  let vmallocSize = min(vmallocWanted, roundDown((vmallocEnd - fixmapSize(config)) / 2n, SEGMENT_SIZE));
  if (config.kmsan) {
    vmallocSize = roundDown(vmallocSize / 3n, SEGMENT_SIZE);
    vmallocEnd -= 2n * vmallocSize;
  }
  const vmallocStart = vmallocEnd - vmallocSize;
  const memcpyReal = roundDown(vmallocStart - MEMCPY_REAL_SIZE, PAGE_SIZE);
  const absLowcore = roundDown(memcpyReal - lowcoreMapSize(config), LOWCORE_SIZE);

  // The rest is for the identity mapping and the struct pages of all of it.
  const structPage = BigInt(config.structPageSize);
  const pages = sectionAlignUp(config, absLowcore / (PAGE_SIZE + structPage));
  const vmemmap = roundDown(absLowcore - pages * structPage, space.rteSize);
  const identMapSize = min(ident, vmemmap);
  // The kernel looks whether this reaches into the lowcore area. It cannot: the base is a multiple of a section, and
  // was chosen with room for the struct pages of all that lies below it.
  const vmemmapSize = sectionAlignUp(config, identMapSize / PAGE_SIZE) * structPage;
  const { levels } = space;
  return {
    levels,
    kernelStart,
    modulesStart,
    vmallocStart,
    vmallocEnd,
    memcpyReal,
    absLowcore,
    vmemmap,
    vmemmapSize,
    identMapSize,
    maxMappable: min(max(identMapSize, MAX_DCSS_ADDR), vmemmap),
  };
}

/** @throws VmemmapError `BAD_CONFIG` when the keys contradict each other */
export function checkConfig(config: S390Config): void {
  if (config.structPageSize % 8 !== 0) bad(`structPageSize must be a multiple of 8, not ${config.structPageSize}`);
  if (config.edat2 && !config.edat1) bad('edat2 needs edat1: no CPU has 2 GiB frames without 1 MiB frames');
  if (config.kasan && config.kmsan) bad('kasan and kmsan exclude each other; choose one of them');
  if (config.kaslr && !config.randomizeBase)
    bad('kaslr needs randomizeBase: without CONFIG_RANDOMIZE_BASE there is none');
  if (config.kaslr !== config.kaslrSlot >= 0)
    bad(
      config.kaslr
        ? 'kaslr needs kaslrSlot: the slot that this boot has drawn, 0 or more'
        : `kaslrSlot ${config.kaslrSlot} needs kaslr; without it leave kaslrSlot out`,
    );
  const { start, end } = fixedImage(config);
  const limit = config.kasan ? KASAN_SHADOW_START : REGION1_SIZE;
  if (start < SEGMENT_SIZE || end > limit)
    bad(`kernelImageBase ${hex(start)} must be 0x100000 to ${hex(limit - (end - start))}`);
  if (start % threadSize(config) !== 0n)
    bad(`kernelImageBase ${hex(start)} must be a multiple of ${hex(threadSize(config))}, the size of a stack`);
  const size = kernelSize(config);
  if (size <= SEGMENT_SIZE || size > end - start)
    bad(`kernelSize ${hex(size)} must be more than 0x100000 and at most ${hex(end - start)}, the kernelImageSize`);
  // The kernel takes it for granted (the comment at adjust_to_uv_max()); below, the address space would have no place.
  const { maxSecStorAddr } = config;
  if (maxSecStorAddr !== undefined && maxSecStorAddr <= REGION2_SIZE)
    bad(`maxSecStorAddr ${hex(maxSecStorAddr)} must be more than ${hex(REGION2_SIZE)}`);
  if (config.identMapSize === 0n) bad('identMapSize must not be 0; leave it out for the end of RAM');
}

/** How much address space there is. */
interface AddressSpace {
  readonly levels: 3 | 4;
  /** What an entry of the table stands for to which the vmemmap is aligned. */
  readonly rteSize: bigint;
  /** End of the address space. */
  readonly vmax: bigint;
  /** Estimate of what the kernel needs of it. */
  readonly vsize: bigint;
}

// 3 levels or 4. A kernel that is not moved stays with 3, and uses as much of the memory as it can.
function addressSpace(config: S390Config, ident: bigint, vmalloc: bigint): AddressSpace {
  const vmemmapSize = sectionAlignUp(config, ident / PAGE_SIZE) * BigInt(config.structPageSize);
  const { end } = fixedImage(config);
  const vsize = vmemSize(config, ident, vmemmapSize, vmalloc, REGION3_SIZE);
  const high = end > REGION2_SIZE;
  const four = config.kasan || high || (vsize > REGION2_SIZE && config.kaslr);
  const rteSize = four && high ? REGION2_SIZE : REGION3_SIZE;
  const needed = four && high ? vmemSize(config, ident, vmemmapSize, vmalloc, REGION2_SIZE) : vsize;
  let vmax = four ? REGION1_SIZE : REGION2_SIZE;
  if (config.maxSecStorAddr !== undefined) vmax = min(vmax, config.maxSecStorAddr);
  if (config.kasan) vmax = min(vmax, KASAN_SHADOW_START);
  return { levels: four ? 4 : 3, rteSize, vmax, vsize: min(needed, vmax) };
}

// get_vmem_size()
function vmemSize(config: S390Config, ident: bigint, vmemmapSize: bigint, vmalloc: bigint, rteSize: bigint): bigint {
  const size =
    roundUp(2n * GIB + max(ident, MAX_DCSS_ADDR), rteSize) +
    roundUp(vmemmapSize, rteSize) +
    fixmapSize(config) +
    MODULES_LEN +
    kaslrLen(config) +
    (config.kmsan ? 2n * MODULES_LEN : 0n);
  return min(size + vmalloc, SIZE_MAX);
}

// Where the kernel goes: drawn, or as configured, or at the end where that is not possible.
function kernelBase(config: S390Config, { vmax, vsize }: AddressSpace): bigint {
  const size = kernelSize(config);
  const stack = threadSize(config);
  const { start, end } = fixedImage(config);
  if (config.kaslr) {
    const slots = (max(kaslrLen(config), vmax - vsize) - size + stack - 1n) / stack;
    const slot = BigInt(config.kaslrSlot);
    if (slot >= slots) bad(`kaslrSlot ${slot} must be below ${slots}: this machine has no more slots`);
    return roundDown(vmax - slot * stack - size, stack);
  }
  return vmax < end || vsize > end ? roundDown(vmax - size, stack) : start;
}

// __NO_KASLR_START_KERNEL and __NO_KASLR_END_KERNEL.
function fixedImage(config: S390Config): { readonly start: bigint; readonly end: bigint } {
  const start = config.kernelImageBase ?? (config.kasan ? KERNEL_IMAGE_BASE_KASAN : KERNEL_IMAGE_BASE);
  return { start, end: start + (config.kernelImageSize ?? KERNEL_IMAGE_SIZE) };
}

function kernelSize(config: S390Config): bigint {
  return config.kernelSize ?? KERNEL_SIZE;
}

function kaslrLen(config: S390Config): bigint {
  return config.randomizeBase ? KASLR_LEN : 0n;
}

// asm/thread_info.h: THREAD_SIZE.
function threadSize({ kasan, kmsan }: S390Config): bigint {
  return kasan || kmsan ? PAGE_SIZE << 4n : PAGE_SIZE << 2n;
}

// asm/abs_lowcore.h: ABS_LOWCORE_MAP_SIZE.
function lowcoreMapSize(config: S390Config): bigint {
  return BigInt(config.nrCpus) * LOWCORE_SIZE;
}

// FIXMAP_SIZE
function fixmapSize(config: S390Config): bigint {
  return roundUp(MEMCPY_REAL_SIZE + lowcoreMapSize(config), LOWCORE_SIZE);
}

function pagesPerSection(config: S390Config): bigint {
  return 1n << BigInt(config.sectionSizeBits - 12);
}

function sectionAlignUp(config: S390Config, pages: bigint): bigint {
  return roundUp(pages, pagesPerSection(config));
}

function roundDown(value: bigint, unit: bigint): bigint {
  return value - (value % unit);
}

function roundUp(value: bigint, unit: bigint): bigint {
  return roundDown(value + unit - 1n, unit);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function bad(message: string): never {
  throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/s390');
}
