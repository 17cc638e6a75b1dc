import type { KernelRelease, MemoryModel, VmemmapWindow } from '@vmemmap/core';
import { alignUp, hex, VmemmapError } from '@vmemmap/core';
import type { LoongarchConfig } from './config.ts';
import { pageShift, pmdShift, tableVaBits } from './geometry.ts';
import { checkInvalidTables, invalidTables } from './invalid-tables.ts';
import { policiesOf } from './policies.ts';

/** asm/sparsemem.h: SECTION_SIZE_BITS and MAX_PHYSMEM_BITS. */
const SECTION_SIZE_BITS = 29;
const MAX_PHYSMEM_BITS = 48;

/** arch/loongarch/Kconfig: ARCH_FORCE_MAX_ORDER, by page size. */
const MAX_ORDER: Readonly<Record<number, number>> = { 4096: 10, 16384: 11, 65536: 13 };

/** sizeof(struct page) with MEMCG, before it is rounded up; asm/page.h: KFENCE sets WANT_PAGE_VIRTUAL, one word more. */
const STRUCT_PAGE = 64;
const STRUCT_PAGE_KFENCE = 72;
/** Least alignment of struct page on any release: a word. */
const WORD = 8;

const TABLE_LAYOUTS = '4K pages with 2, 3 or 4 levels, 16K and 64K pages with 2 or 3';

/**
 * Fills in the defaults that follow from other keys and the release, and checks the keys against each other.
 * @throws VmemmapError `BAD_CONFIG`
 */
export function completeConfig(input: LoongarchConfig, release: KernelRelease): LoongarchConfig {
  const { structPageAlign } = policiesOf(release);
  const bad = (message: string): never => {
    throw new VmemmapError('BAD_CONFIG', message, '@vmemmap/loongarch');
  };
  const config = { ...input };
  if (config.levels === 4 && config.pageSize !== 4096)
    bad(`${config.pageSize / 1024}K pages with 4 levels do not exist; there are ${TABLE_LAYOUTS}`);
  if (config.structPageSize === 0)
    config.structPageSize = alignUp(config.kfence ? STRUCT_PAGE_KFENCE : STRUCT_PAGE, structPageAlign);
  if (config.structPageSize % WORD !== 0)
    bad(`structPageSize must be a multiple of ${WORD}, not ${config.structPageSize}`);
  if (config.maxPageOrder === 0) config.maxPageOrder = MAX_ORDER[config.pageSize]!;
  checkMaxPageOrder(config, bad);
  checkInvalidTables(config);
  Object.assign(config, invalidTables(config));
  const room = mappedBytes(config) - belowVmemmapEnd(config);
  if (room < 0n)
    bad(
      `the struct pages of ${config.cpuPabits + 1} bits of physical address need ${hex(Number(vmemmapBytes(config)))} bytes, and the kernel has ${hex(Number(mappedBytes(config)))} to map; lower cpuPabits, or take larger pages or more levels`,
    );
  return config;
}

// A larger block than a section is refused by include/linux/mmzone.h; struct pages of one block that fill more than a
// PMD would move the vmemmap to their own alignment (MAX_FOLIO_VMEMMAP_ALIGN), which is not modelled.
function checkMaxPageOrder(config: LoongarchConfig, bad: (message: string) => never): void {
  const section = SECTION_SIZE_BITS - pageShift(config);
  const pmd = pmdShift(config) - Math.ceil(Math.log2(config.structPageSize));
  const most = Math.min(section, pmd);
  if (config.maxPageOrder > most)
    bad(`maxPageOrder must be at most ${most} with ${config.pageSize / 1024}K pages, not ${config.maxPageOrder}`);
}

/** The memory model of a complete configuration. */
export function memoryModel(config: LoongarchConfig): MemoryModel {
  return {
    pageShift: pageShift(config),
    sectionSizeBits: SECTION_SIZE_BITS,
    // No RAM lies beyond what the CPU can address either.
    maxPhysmemBits: Math.min(MAX_PHYSMEM_BITS, config.cpuPabits + 1),
    structPageSize: config.structPageSize,
    maxPageOrder: config.maxPageOrder,
    bootGoal: 0, // asm/dma.h: MAX_DMA_ADDRESS is PAGE_OFFSET
  };
}

/** kernel/cpu-probe.c: vm_map_base, where the kernel's page-mapped addresses begin. */
function vmMapBase(config: LoongarchConfig): bigint {
  return (1n << 64n) - (1n << BigInt(config.cpuVabits));
}

/** Bytes that both the tables and the CPU can map. */
function mappedBytes(config: LoongarchConfig): bigint {
  return 1n << BigInt(Math.min(tableVaBits(config), config.cpuVabits));
}

/** asm/sparsemem.h: VMEMMAP_SIZE. */
function vmemmapBytes(config: LoongarchConfig): bigint {
  return BigInt(config.structPageSize) << BigInt(config.cpuPabits + 1 - pageShift(config));
}

/** asm/pgtable.h: KFENCE_AREA_SIZE, two pages for each object, and two more such pairs. */
function kfenceBytes(config: LoongarchConfig): bigint {
  return config.kfence ? BigInt(((config.kfenceNumObjects + 1) * 2 + 2) * config.pageSize) : 0n;
}

/** What VMALLOC_END leaves above itself. */
function belowVmemmapEnd(config: LoongarchConfig): bigint {
  return (1n << BigInt(pmdShift(config))) + vmemmapBytes(config) + kfenceBytes(config);
}

/**
 * Where the vmemmap lies (asm/pgtable.h: VMALLOC_END, vmemmap, VMEMMAP_END). There is no physical bias: it starts with
 * the struct page of pfn 0.
 * @throws VmemmapError `BAD_CONFIG` for a size of struct page that the release cannot have
 */
export function vmemmapWindow(config: LoongarchConfig, release: KernelRelease): VmemmapWindow {
  const { structPageAlign } = policiesOf(release);
  if (config.structPageSize % structPageAlign !== 0) {
    throw new VmemmapError(
      'BAD_CONFIG',
      `structPageSize must be a multiple of ${structPageAlign} on ${release.title} (HAVE_ALIGNED_STRUCT_PAGE), not ${config.structPageSize}`,
      '@vmemmap/loongarch',
    );
  }
  const vmallocEnd = vmMapBase(config) + mappedBytes(config) - belowVmemmapEnd(config);
  const pmdSize = 1n << BigInt(pmdShift(config));
  const above = policiesOf(release).vmemmapBoundary === 'after' ? pmdSize : pmdSize - 1n;
  const base = (vmallocEnd + above) & -pmdSize;
  return { base, start: base, end: base + vmemmapBytes(config) };
}
