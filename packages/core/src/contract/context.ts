import type { EventLog } from '../events.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import type { BlockRun } from '../memory/block-run.ts';
import type { MemoryMap } from '../memory/memory-map.ts';
import type { FreeOutcome } from '../memory/ram.ts';
import type { TableMemory } from '../memory/table-memory.ts';
import type { Public } from '../public.ts';
import type { KernelRelease } from '../release.ts';
import type { Trace } from '../trace.ts';
import type { MemoryModel, VmemmapWindow } from './model.ts';

/** A set of page tables: init_mm, or a process's mm. */
export interface AddressSpace {
  /** `init_mm`, or the name it was made with. */
  readonly name: string;
  /** Physical address of its root table; 0 on an architecture without one. */
  readonly root: number;
}

/**
 * What the machine gives to an architecture: memory, tables, the log. One per machine.
 * Everything an architecture changes, it changes through here.
 */
export interface PopulateContext {
  /** The architecture's own memory model. */
  readonly model: MemoryModel;
  /** Where the vmemmap lies on this machine. */
  readonly window: VmemmapWindow;
  /** The kernel revision; ask its policies, never its name. */
  readonly release: KernelRelease;
  /** CONFIG_ARCH_WANT_OPTIMIZE_DAX_VMEMMAP: the architecture has the capability `optimize-dax-vmemmap`. */
  readonly optimizesDax: boolean;
  /** RAM by node. */
  readonly memory: Public<MemoryMap>;
  /** Contents of page-table frames. */
  readonly tables: Public<TableMemory>;
  /** Every address space, `init_mm` first (the kernel's pgd_list, with init_mm before it). */
  readonly addressSpaces: readonly AddressSpace[];
  /** Where WARN, BUG and pr_*_once conditions are recorded. */
  readonly events: Public<EventLog>;
  /** Set when somebody wants to watch. Ask `m.trace?.(…)` once per run of entries, not per entry. */
  readonly trace: Trace | undefined;

  /**
   * vmemmap_alloc_block(): memory for a page table. Not zeroed, never from an altmap.
   * @param size bytes, a power of two pages; the block is aligned to it
   * @param node preferred node
   * @returns physical address, or -1 when there is none
   */
  allocBlock(size: number, node: number): number;

  /**
   * The same as {@link allocBlock} from alloc_pages() or memblock_alloc(), as architectures call them for tables of their
   * own accord: vmemmap_alloc_block() prints a warning when it fails after boot, these do not.
   */
  allocPages(size: number, node: number): number;

  /**
   * vmemmap_alloc_block_buf(), up to `max` times in one call: memory for struct pages.
   * @param size bytes of a block, a power of two pages; each block is aligned to it
   * @param node preferred node; has no say when there is an altmap
   * @param altmap where the memory must come from, if given
   * @param max most blocks wanted
   * @param out the blocks in the order that single calls would have given; it may hold fewer than `max`, then ask
   * again; `count` 0 means there is none
   */
  allocBlocks(size: number, node: number, altmap: VmemAltmap | undefined, max: number, out: BlockRun): void;

  /** True when the page at `pa` was taken at boot and is still PageReserved. */
  isReserved(pa: number): boolean;

  /**
   * pfn_valid(), as the kernel would answer now: the subsections of added memory count from before populate on, their
   * section from after it; both are gone before free.
   */
  pfnValid(pfn: number): boolean;

  /** get_page(), `count` times (default once): the page at `pa` is mapped once more, and freeing it drops one reference. */
  getPage(pa: number, count?: number): void;

  /**
   * The page that all tails of compounds of 2^order pages on a node's ZONE_DEVICE share, allocated when first asked for
   * ([INF] vmemmap_shared_tail_page() of the series' end).
   * @returns physical address, or -1 without memory
   */
  sharedTailPage(order: number, node: number): number;

  /**
   * Returns pages to the machine: free_reserved_page() for boot memory, __free_pages() for the rest.
   * A page with references left (see {@link getPage}) loses one and stays: `referenced`.
   * Freeing what is not in use is recorded as a WARN event and changes nothing.
   */
  freePages(pa: number, size: number): FreeOutcome;

  /** flush_tlb_kernel_range() or wider, for `[start, end)` of the window. Only traced. */
  flushTlb(start: number, end: number): void;
}
