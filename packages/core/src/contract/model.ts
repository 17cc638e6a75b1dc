/** What an architecture, once configured, fixes about its memory model. All sizes in bytes unless named otherwise. */
export interface MemoryModel {
  /** PAGE_SHIFT: log2 of the page size. 12 to 16. */
  readonly pageShift: number;
  /** SECTION_SIZE_BITS: log2 of the bytes of RAM a section stands for. */
  readonly sectionSizeBits: number;
  /** MAX_PHYSMEM_BITS: no RAM lies at or above 2^this. */
  readonly maxPhysmemBits: number;
  /** sizeof(struct page): 64, 72 and 80 occur in real kernels. */
  readonly structPageSize: number;
  /** MAX_PAGE_ORDER: the page allocator's largest block is 2^this pages. */
  readonly maxPageOrder: number;
  /** __pa(MAX_DMA_ADDRESS): the memmap asks memblock for memory from here up first. */
  readonly bootGoal: number;
}

/** Where the vmemmap lies. 64-bit virtual addresses. */
export interface VmemmapWindow {
  /** Address of the struct page of pfn 0 (`vmemmap`); it may lie outside the window. */
  readonly base: bigint;
  /** First address of the window. Offsets in the contract count from here. */
  readonly start: bigint;
  /** First address after the window. */
  readonly end: bigint;
}

/** Page size in bytes. */
export function pageSize(model: MemoryModel): number {
  return 2 ** model.pageShift;
}

/** PAGES_PER_SECTION. */
export function pagesPerSection(model: MemoryModel): number {
  return 2 ** (model.sectionSizeBits - model.pageShift);
}

/** SUBSECTION_SHIFT in include/linux/mmzone.h: a subsection is 2 MiB on every architecture. */
export const SUBSECTION_SHIFT = 21;

/** PAGES_PER_SUBSECTION. */
export function pagesPerSubsection(model: MemoryModel): number {
  return 2 ** (SUBSECTION_SHIFT - model.pageShift);
}

/** SUBSECTIONS_PER_SECTION. */
export function subsectionsPerSection(model: MemoryModel): number {
  return 2 ** (model.sectionSizeBits - SUBSECTION_SHIFT);
}

/** Offset into the window of the struct page of `pfn`, in bytes (pfn_to_page). Negative when it lies below the window. */
export function offsetOfPage(model: MemoryModel, window: VmemmapWindow, pfn: number): number {
  return Number(BigInt.asIntN(64, window.base - window.start)) + pfn * model.structPageSize;
}

/** The pfn whose struct page holds the byte at an offset into the window (page_to_pfn). */
export function pfnOfOffset(model: MemoryModel, window: VmemmapWindow, offset: number): number {
  return Math.floor((offset - offsetOfPage(model, window, 0)) / model.structPageSize);
}
