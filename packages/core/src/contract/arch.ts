import type { Errno } from '../errno.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import type { MemoryMap } from '../memory/memory-map.ts';
import type { PageTable } from '../pagetable/page-table.ts';
import type { Public } from '../public.ts';
import type { KernelRelease } from '../release.ts';
import type { ConfigValues } from './config.ts';
import type { AddressSpace, PopulateContext } from './context.ts';
import type { EntryLayout } from './entry-layout.ts';
import type { ArchException } from './exception.ts';
import type { MemoryModel, VmemmapWindow } from './model.ts';
import type { DevPagemap } from './pgmap.ts';
import type { VmemmapWalker } from './walker.ts';

/**
 * What an architecture says it can do. Declared, never guessed: core checks that what a capability needs is there,
 * and the conformance kit tests the declared behaviour, also that of what is not declared.
 *
 * - `huge-pages`: backs whole sections with PMD-sized leaves
 * - `altmap`: struct pages of a whole section come from the altmap when one is given
 * - `free`: vmemmapFree() takes mappings away and returns memory
 * - `no-execute`: struct pages can never be executed
 * - `page-directory-sync`: new top-level entries are copied to every address space; needs `syncKernelMappings` and
 *   `createAddressSpace`
 * - `page-tables`: the vmemmap is mapped by page tables that can be listed; needs the walker's `tables` and
 *   `readEntry`, and `pageTable`
 * - `memory-hotplug`: memory can be added after boot (ARCH_ENABLE_MEMORY_HOTPLUG), device memory too
 * - `memmap-on-memory`: added memory can hold its own memmap (ARCH_MHP_MEMMAP_ON_MEMORY_ENABLE)
 * - `optimize-dax-vmemmap`: compound device memory shares its tail pages (ARCH_WANT_OPTIMIZE_DAX_VMEMMAP); needs
 *   `pageTable` or a `vmemmapPopulateCompoundPages` of its own
 * - `optimize-hugetlb-vmemmap`: HugeTLB pages share their tail pages (ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP); needs
 *   `pageTable`
 * - `hugetlb-vmemmap-preinit`: gigantic pages of boot do so from the start (ARCH_WANT_HUGETLB_VMEMMAP_PREINIT)
 */
export type Capability =
  | 'huge-pages'
  | 'altmap'
  | 'free'
  | 'no-execute'
  | 'page-directory-sync'
  | 'page-tables'
  | 'memory-hotplug'
  | 'memmap-on-memory'
  | 'optimize-dax-vmemmap'
  | 'optimize-hugetlb-vmemmap'
  | 'hugetlb-vmemmap-preinit';

/** Why capabilities are missing, by name. */
export type Without = Readonly<Partial<Record<Capability, string>>>;

/** All capabilities, for tools. */
export const CAPABILITIES: readonly Capability[] = [
  'huge-pages',
  'altmap',
  'free',
  'no-execute',
  'page-directory-sync',
  'page-tables',
  'memory-hotplug',
  'memmap-on-memory',
  'optimize-dax-vmemmap',
  'optimize-hugetlb-vmemmap',
  'hugetlb-vmemmap-preinit',
];

/** One entry of powerpc's vmemmap_list (struct vmemmap_backing): what backs a stretch that no page table maps. */
export interface VmemmapBacking {
  /** Offset into the window. */
  readonly virt: number;
  /** Physical address of the memory behind it. */
  readonly phys: number;
  /** Physical address of the list node itself. */
  readonly node: number;
}

/**
 * An architecture in one configuration. What a plugin's factory returns. Immutable, and good for any number of
 * machines: state lives in what {@link attach} returns.
 */
export interface VmemmapArch {
  /** The plugin's name: `x86`. */
  readonly name: string;
  /** The configuration it was made with, defaults filled in. */
  readonly config: ConfigValues;
  /** Page, section and struct page sizes, and the limits of physical memory, on the default release. */
  readonly model: MemoryModel;
  /** The memory model on one release, where it has not always been the same. Default: {@link model} on all. */
  modelOn?(release: KernelRelease): MemoryModel;
  /**
   * Physical address bits that an entry can hold, where they are fewer than MAX_PHYSMEM_BITS: the CPU's, less a bit that
   * says encrypted. Default: MAX_PHYSMEM_BITS.
   */
  readonly physicalBits?: number;
  /** What it can do in this configuration; a subset of what its plugin declares. */
  readonly capabilities: readonly Capability[];
  /** What it does otherwise than the generic contract, as the kernel does on this architecture. Default: nothing. */
  readonly exceptions?: readonly ArchException[];
  /** Why a capability that others have is not there, with the kernel's source. For people. */
  readonly without?: Without;
  /** Sizes that HugeTLB pages can have in this configuration, in bytes, smallest first. Default: none. */
  readonly hugePageSizes?: readonly number[];
  /**
   * First physical addresses after ZONE_DMA and ZONE_DMA32, where there are such zones (free_area_init's max_zone_pfn).
   * What lies above is ZONE_NORMAL. Default: ZONE_NORMAL alone.
   */
  readonly zoneLimits?: readonly number[];
  /**
   * Whether the kernel can have device memory with struct pages (mm/Kconfig: ZONE_DEVICE) on a release. Default: wherever
   * the capability `memory-hotplug` is.
   */
  hasZoneDevice?(release: KernelRelease): boolean;
  /** Byte order of its table entries in memory, which need not be the kernel's. Default: little. */
  readonly entryByteOrder?: 'little' | 'big';
  /** The fields of its entries, for people. Empty without page tables. */
  readonly entryLayouts: readonly EntryLayout[];

  /**
   * Where the vmemmap lies on a machine with this RAM.
   * @throws VmemmapError `BAD_MEMORY_MAP` or `BAD_CONFIG` when the layout has no place for it
   */
  window(memory: Public<MemoryMap>, release: KernelRelease): VmemmapWindow;

  /**
   * arch_get_mappable_range(): physical addresses that the linear mapping of a machine with this RAM reaches, `[start, end)`.
   * Memory elsewhere cannot be added. Default: all below the physical limit.
   */
  mappableRange?(memory: Public<MemoryMap>, release: KernelRelease): { readonly start: number; readonly end: number };

  /** Starts the architecture on one machine: makes init_mm's root table and whatever the kernel sets up before sparse_init(). */
  attach(m: PopulateContext, init: InitMm): VmemmapOps;
}

/** How a root table is made at attach time. */
export interface InitMm {
  /**
   * Takes memory that is part of the kernel image, as init_mm's root table is: out of the way of boot allocations.
   * @returns its physical address, aligned to `bytes`
   * @throws VmemmapError `BAD_MEMORY_MAP` when no RAM is left for it
   */
  allocRoot(bytes: number): number;
}

/** An architecture at work on one machine. Offsets and ends are bytes from the window's start. */
export interface VmemmapOps {
  /** init_mm. */
  readonly initMm: AddressSpace;

  /**
   * vmemmap_populate(): backs `[start, end)` of the vmemmap with memory and whatever maps it.
   *
   * The caller has checked nothing but that the range lies in the section it populates; alignment and window checks
   * are the architecture's, recorded as events.
   *
   * @param start first byte, as offset into the window
   * @param end first byte after the range
   * @param node where the memory should come from; a wish, not an order
   * @param altmap device pages that the struct pages must come from, where the architecture honours it
   * @param pgmap the device memory being onlined, on releases that hand it on. Where the release leaves compound pages
   * to the architecture (`compoundPages: 'arch'`), one that can optimise them does so here
   * @returns 0, or the kernel's negative errno. What was populated before the error stays
   */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno;

  /**
   * vmemmap_populate_compound_pages(), where the architecture has one of its own (powerpc). Called in place of
   * {@link vmemmapPopulate} for device memory that can be optimised. Default: the generic one.
   */
  vmemmapPopulateCompoundPages?(start: number, end: number, node: number, pgmap: DevPagemap): Errno;

  /**
   * arch_supports_memmap_on_memory(): whether the memmap of a memory block, of so many bytes, may lie in the block.
   * Default: when it is a multiple of what a PMD maps. Capability `memmap-on-memory`.
   */
  supportsMemmapOnMemory?(vmemmapSize: number): boolean;

  /**
   * What arch_add_memory() says when struct pages for added memory could not be had: a warning, or nothing. Default:
   * nothing. Capability `memory-hotplug`.
   */
  addMemoryFailed?(err: Errno): void;

  /**
   * The architecture's own say when memory is about to go offline (its MEM_GOING_OFFLINE notifier). Default: 0. Capability
   * `memory-hotplug`.
   * @param early whether any of `[start, end)`, in bytes of physical address, is memory of boot
   * @returns 0, or the errno of the refusal
   */
  memoryGoingOffline?(start: number, end: number, early: boolean): Errno;

  /**
   * vmemmap_free(): takes the backing of `[start, end)` away, as far as the architecture does so at all. Holes do not
   * matter.
   * @param altmap where the memory goes back to; must be the one it came from
   */
  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void;

  /** The architecture's own way to read its vmemmap back. */
  readonly walker: VmemmapWalker;

  /** The toolkit's page table, where the architecture uses it. Capability `page-tables`. */
  readonly pageTable?: Public<PageTable>;

  /**
   * arch_sync_kernel_mappings(): makes the top-level entries of `[start, end]` known to every address space.
   * Capability `page-directory-sync`.
   */
  syncKernelMappings?(start: number, end: number): void;

  /**
   * A new address space with the kernel half as it is now (pgd_alloc). Capability `page-directory-sync`.
   * @param root physical address of the memory for its root table
   */
  createAddressSpace?(name: string, root: number): AddressSpace;

  /**
   * pgtable_cache_init(): called once, when boot has populated and the page allocator serves
   * (init/main.c:mm_core_init). What the kernel panics about goes to `m.events.stop()`.
   */
  pgtableCacheInit?(): void;

  /** powerpc's vmemmap_list, head first, where there is one. */
  vmemmapList?(): Iterable<VmemmapBacking>;

  /** Bytes of a root table for {@link createAddressSpace}. */
  readonly rootBytes?: number;
}
