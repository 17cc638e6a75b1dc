import type { BlockRun } from './block-run.ts';

/**
 * Pages set aside on the device itself to hold its own memmap (include/linux/memremap.h: struct vmem_altmap).
 * `basePfn` and `endPfn` are pfns, the others count pages. `align` and `alloc` are the allocator's state.
 */
export interface VmemAltmap {
  /** First pfn of the device range. */
  readonly basePfn: number;
  /** Last pfn of the device range. Only powerpc asks for it. */
  readonly endPfn: number;
  /** Pages at the start that hold something else. */
  readonly reserve: number;
  /** Pages after `reserve` that may be handed out. */
  readonly free: number;
  /** Pages lost to alignment so far. */
  align: number;
  /** Pages handed out and not returned. */
  alloc: number;
}

/** Makes an altmap with nothing handed out. */
export function vmemAltmap(basePfn: number, endPfn: number, reserve: number, free: number): VmemAltmap {
  return { basePfn, endPfn, reserve, free, align: 0, alloc: 0 };
}

/** vmem_altmap_nr_free(): pages left, counting those lost to alignment as gone. */
export function altmapNrFree(altmap: VmemAltmap): number {
  return Math.max(0, altmap.free - altmap.alloc - altmap.align);
}

/** vmem_altmap_offset(): pages from the device's start to its first usable page. */
export function altmapOffset(altmap: VmemAltmap): number {
  return altmap.reserve + altmap.free;
}

/**
 * Takes up to `max` blocks, as that many calls of altmap_alloc_block_buf() (mm/sparse-vmemmap.c) would:
 * each aligned to the lowest set bit of its number of pages.
 * @param size bytes of a block, a multiple of the page size
 * @param out the blocks, upwards; `count` 0 when the altmap has no room
 */
export function altmapAlloc(altmap: VmemAltmap, size: number, pageSize: number, max: number, out: BlockRun): void {
  out.count = 0;
  const pages = size / pageSize;
  const next = altmap.basePfn + altmap.reserve + altmap.alloc + altmap.align;
  const unit = pages & -pages;
  const pad = (unit - (next % unit)) % unit;
  const room = altmapNrFree(altmap);
  if (pages + pad > room) return;
  // After one block the next is aligned already when the block is a multiple of its own alignment, as it always is.
  const count = Math.min(max, Math.floor((room - pad) / pages));
  altmap.alloc += count * pages;
  altmap.align += pad;
  out.pa = (next + pad) * pageSize;
  out.paStep = size;
  out.count = count;
}

/** vmem_altmap_free(): gives pages back. Alignment pages are never returned, and no address is remembered. */
export function altmapFree(altmap: VmemAltmap, pages: number): void {
  altmap.alloc -= pages;
}
