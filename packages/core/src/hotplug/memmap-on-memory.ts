import { alignUp, divRoundUp, isAligned } from '../bits.ts';
import type { VmemmapArch, VmemmapOps } from '../contract/arch.ts';
import { type MemoryModel, pageSize } from '../contract/model.ts';

/** The module parameter memory_hotplug.memmap_on_memory. */
export type MemmapOnMemory = 'off' | 'on' | 'force';

/** What decides about it. */
export interface MemmapOnMemoryRules {
  readonly model: MemoryModel;
  readonly arch: Pick<VmemmapArch, 'capabilities'>;
  readonly ops: Pick<VmemmapOps, 'pageTable' | 'supportsMemmapOnMemory'>;
}

/** memory_block_memmap_size(): bytes of the memmap of one memory block. */
function memoryBlockMemmapSize(model: MemoryModel, blockSize: number): number {
  return (blockSize / pageSize(model)) * model.structPageSize;
}

/**
 * memory_block_memmap_on_memory_pages(): pages at the start of a block that are set aside for its memmap. When it is
 * forced, whole pageblocks, some of it unused.
 */
export function memmapOnMemoryPages(rules: MemmapOnMemoryRules, blockSize: number, mode: MemmapOnMemory): number {
  const pages = divRoundUp(memoryBlockMemmapSize(rules.model, blockSize), pageSize(rules.model));
  return mode === 'force' ? alignUp(pages, pageblockPages(rules)) : pages;
}

/** mhp_supports_memmap_on_memory() (mm/memory_hotplug.c). */
export function supportsMemmapOnMemory(rules: MemmapOnMemoryRules, blockSize: number, mode: MemmapOnMemory): boolean {
  const { model, arch, ops } = rules;
  if (mode === 'off' || !arch.capabilities.includes('memmap-on-memory')) return false;
  const size = memoryBlockMemmapSize(model, blockSize);
  const pages = memmapOnMemoryPages(rules, blockSize, mode);
  if (!isAligned(size, pageSize(model)) || !isAligned(pages, pageblockPages(rules))) return false;
  // Nothing would be left of the block.
  if (pages === blockSize / pageSize(model)) return false;
  return ops.supportsMemmapOnMemory?.(size) ?? isAligned(size, pmdSize(rules));
}

/** pageblock_nr_pages: 2^pageblock_order, which is that of a PMD, or the page allocator's largest if that is less. */
function pageblockPages(rules: MemmapOnMemoryRules): number {
  return Math.min(pmdSize(rules) / pageSize(rules.model), 2 ** rules.model.maxPageOrder);
}

function pmdSize({ model, ops: { pageTable } }: MemmapOnMemoryRules): number {
  return pageTable === undefined ? pageSize(model) : pageTable.entrySpan(pageTable.format.pmdLevel);
}
