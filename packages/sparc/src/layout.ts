import type { MemoryMap, MemoryModel, Public, VmemmapWindow } from '@vmemmap/core';
import { VmemmapError } from '@vmemmap/core';
import type { Chip } from './chips.ts';
import type { SparcConfig } from './config.ts';

/**
 * sizeof(struct page) (include/linux/mm_types.h): 56 bytes, `memcg_data` with CONFIG_MEMCG, and `virtual`, since
 * arch/sparc/include/asm/page_64.h defines WANT_PAGE_VIRTUAL. Nothing rounds it up: there is no
 * HAVE_ALIGNED_STRUCT_PAGE, so with MEMCG a struct page may straddle two pages or two leaves.
 */
function structPageSize({ structPageSize: asked, memcg }: SparcConfig): number {
  if (asked !== 0) return asked;
  return 56 + (memcg ? 8 : 0) + 8;
}

/** @throws VmemmapError `BAD_CONFIG` when a key has a value that no kernel has */
export function checkConfig(config: SparcConfig): void {
  if (config.structPageSize % 8 === 0) return;
  throw new VmemmapError(
    'BAD_CONFIG',
    `structPageSize must be a multiple of 8, not ${config.structPageSize}`,
    '@vmemmap/sparc',
  );
}

/** The memory model of a configuration. */
export function memoryModel(config: SparcConfig, chip: Chip): MemoryModel {
  return {
    pageShift: 13, // asm/page_64.h
    sectionSizeBits: 30, // asm/sparsemem.h
    maxPhysmemBits: 53, // asm/sparsemem.h: MAX_PHYS_ADDRESS_BITS, more than any chip has
    structPageSize: structPageSize(config),
    maxPageOrder: config.maxPageOrder,
    // asm/dma.h: MAX_DMA_ADDRESS is ~0UL, and __pa() takes PAGE_OFFSET away, which is the top of the hole. No RAM lies so
    // high: the goal never has an effect.
    bootGoal: Number(chip.vaHoleBottom) - 1,
  };
}

/**
 * Where the vmemmap lies: VMEMMAP_BASE is VMALLOC_END, which setup_page_offset() (arch/sparc/mm/init_64.c) puts at three
 * quarters of the lower half. The kernel checks no end; what there is ends where the VA hole begins, though it prints
 * twice the base at boot.
 */
export function vmemmapWindow(chip: Chip): VmemmapWindow {
  const base = chip.vaHoleBottom / 2n + chip.vaHoleBottom / 4n;
  return { base, start: base, end: chip.vaHoleBottom };
}

/** @throws VmemmapError `BAD_MEMORY_MAP` for RAM that the chip cannot address: no TTE could hold it */
export function checkMemory(memory: Public<MemoryMap>, chip: Chip): void {
  const top = memory.ranges.reduce((highest, { end }) => Math.max(highest, end), 0);
  if (top <= 2 ** chip.maxPhysBits) return;
  throw new VmemmapError(
    'BAD_MEMORY_MAP',
    `RAM up to 0x${top.toString(16)} is more than the ${chip.maxPhysBits} physical address bits of chip ${chip.name}; chip m8 has 51`,
    '@vmemmap/sparc',
  );
}
