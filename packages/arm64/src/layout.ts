import {
  alignDown,
  hex,
  type MemoryMap,
  type MemoryModel,
  type Public,
  VmemmapError,
  type VmemmapWindow,
} from '@vmemmap/core';
import type { Arm64Config } from './config.ts';
import { vaBitsMin } from './va-bits.ts';

/** asm/memory.h: VMEMMAP_END, -1 GiB. */
const VMEMMAP_END = -(1n << 30n);
/** asm/memory.h: MODULES_VSIZE. */
const MODULES_VSIZE = 1n << 31n;

/** The memory model of a configuration. */
export function memoryModel(config: Arm64Config): MemoryModel {
  const { pageSize, structPageSize } = config;
  return {
    pageShift: Math.log2(pageSize),
    sectionSizeBits: pageSize === 65536 ? 29 : 27, // asm/sparsemem.h
    maxPhysmemBits: physMaskShift(config),
    structPageSize,
    maxPageOrder: pageSize === 65536 ? 13 : pageSize === 16384 ? 11 : 10, // Kconfig: ARCH_FORCE_MAX_ORDER
    // asm-generic/dma.h: MAX_DMA_ADDRESS is PAGE_OFFSET, whose physical address is memstart_addr: below all RAM, or, where
    // it is negative, above all RAM, and then the goal is dropped. Both are as good as none.
    bootGoal: 0,
  };
}

/** asm/pgtable-prot.h: PHYS_MASK_SHIFT. */
function physMaskShift({ pageSize, paBits, lpa2 }: Arm64Config): number {
  return paBits === 52 && pageSize !== 65536 && !lpa2 ? 48 : paBits;
}

/** asm/memory.h: _PAGE_OFFSET(va), where a kernel half of `va` bits begins. */
function pageOffset(va: number): bigint {
  return -(1n << BigInt(va));
}

/** asm/memory.h: PAGE_END without KASAN, where the linear map ends. */
function pageEnd(config: Arm64Config): bigint {
  return -(1n << BigInt(vaBitsMin(config) - 1));
}

/** Bytes of the struct pages of `bytes` of RAM. */
function memmapBytes({ pageSize, structPageSize }: Arm64Config, bytes: bigint): bigint {
  return (bytes / BigInt(pageSize)) * BigInt(structPageSize);
}

/** asm/memory.h: MODULES_END, signed: the lowest address that the vmemmap could begin at. */
export function moduleRegionEnd(config: Arm64Config): bigint {
  return pageEnd(config) + MODULES_VSIZE;
}

/** asm/memory.h: VMEMMAP_START, signed. A constant of the kernel: it has room for all that `vaBits` can address. */
export function vmemmapStart(config: Arm64Config): bigint {
  return VMEMMAP_END - memmapBytes(config, pageEnd(config) - pageOffset(config.vaBits));
}

/**
 * Bytes of the linear map that the CPU lacks: a kernel for 52 bits has its linear map end where one for 48 has, so with
 * fewer bits the lower part of it is missing, and that of the vmemmap goes unused.
 */
function missing({ vaBits, vaBitsActual }: Arm64Config): bigint {
  return pageOffset(vaBitsActual) - pageOffset(vaBits);
}

/** arch/arm64/mm/init.c: ARM64_MEMSTART_ALIGN, a PUD, 32 PMDs, a PMD; never less than a section. */
function memstartAlign({ pageSize }: Arm64Config): number {
  return pageSize === 65536 ? 2 ** 29 : 2 ** 30;
}

/**
 * memstart_addr, the physical address of PAGE_OFFSET (arch/arm64/mm/init.c:arm64_memblock_init). Negative where the CPU
 * has fewer bits than the kernel: RAM lies at the upper end of the linear map then.
 *
 * RAM that does not fit the linear map is no RAM to the kernel; here it is an error, so that no section is missing unseen.
 */
function memstartAddr(config: Arm64Config, memory: Public<MemoryMap>, randomised: boolean): bigint {
  const { start } = memory.ranges[0]!;
  const size = Number(pageEnd(config) - pageOffset(config.vaBitsActual));
  const lowest = alignDown(start, memstartAlign(config));
  if (memory.end - lowest > size) {
    throw new VmemmapError(
      'BAD_MEMORY_MAP',
      `RAM up to ${hex(memory.end)} does not fit the linear map of ${hex(size)} bytes; the kernel would remove what lies at or above ${hex(lowest + size)}: leave it out`,
      '@vmemmap/arm64',
    );
  }
  const computed = BigInt(lowest) - missing(config);
  if (config.memstartAddr === undefined) return computed;
  checkDrawn(config, computed, BigInt(memory.end) - missing(config) - BigInt(size), randomised);
  return BigInt.asIntN(64, config.memstartAddr);
}

// The draw moves memstart_addr down, as far as all of RAM stays in the linear map.
function checkDrawn(config: Arm64Config, highest: bigint, lowest: bigint, randomised: boolean): void {
  const bad = (message: string): never => {
    throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/arm64');
  };
  if (!randomised) bad('memstartAddr is not randomised in this release: leave it out');
  const drawn = BigInt.asIntN(64, config.memstartAddr!);
  const align = memstartAlign(config);
  if (drawn % BigInt(align) !== 0n) bad(`memstartAddr must be a multiple of ${hex(align)}, not ${hex(drawn)}`);
  if (drawn > highest || drawn < lowest) {
    bad(`memstartAddr ${hex(drawn)} must be ${hex(lowest)} to ${hex(highest)} for this RAM`);
  }
}

/**
 * Where the vmemmap lies. The kernel's window is VMEMMAP_START to VMEMMAP_END; what a CPU with fewer bits leaves unused
 * at its beginning is given to vmalloc (asm/pgtable.h: VMALLOC_END) and so cut off here.
 *
 * @param randomised the release may have moved memstart_addr
 * @throws VmemmapError `BAD_MEMORY_MAP`: RAM outside of the linear map; `BAD_CONFIG`: `memstartAddr` cannot be
 */
export function vmemmapWindow(config: Arm64Config, memory: Public<MemoryMap>, randomised: boolean): VmemmapWindow {
  const start = vmemmapStart(config);
  const memstart = memstartAddr(config, memory, randomised);
  // asm/pgtable.h: vmemmap. memstart_addr is a multiple of a page, so that this division is the kernel's signed shift.
  const base = start - memmapBytes(config, memstart);
  return {
    base: BigInt.asUintN(64, base),
    start: BigInt.asUintN(64, start + unusedBytes(config)),
    end: BigInt.asUintN(64, VMEMMAP_END),
  };
}

/**
 * The physical addresses of the linear map. Where KASLR has moved memstart_addr below 0, it begins at 0.
 * @param randomised the release may have moved memstart_addr
 */
export function linearMap(
  config: Arm64Config,
  memory: Public<MemoryMap>,
  randomised: boolean,
): { start: number; end: number } {
  const start = Number(memstartAddr(config, memory, randomised) + missing(config));
  return { start: Math.max(0, start), end: start + Number(pageEnd(config) - pageOffset(config.vaBitsActual)) };
}

/** Bytes of the window's beginning that a CPU with fewer bits leaves unused (asm/pgtable.h: VMEMMAP_UNUSED_NPAGES). */
export function unusedBytes(config: Arm64Config): bigint {
  return memmapBytes(config, missing(config));
}
