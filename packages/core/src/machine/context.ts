import type { VmemmapArch } from '../contract/arch.ts';
import type { AddressSpace, PopulateContext } from '../contract/context.ts';
import { type MemoryModel, pageSize, type VmemmapWindow } from '../contract/model.ts';
import { Backing } from '../engine/backing.ts';
import { EventLog } from '../events.ts';
import { SharedTails } from '../hugetlb/shared-tails.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import type { BlockRun } from '../memory/block-run.ts';
import { FailureInjector } from '../memory/failures.ts';
import { Memblock, type MemblockOptions } from '../memory/memblock.ts';
import type { MemoryMap } from '../memory/memory-map.ts';
import { PageAllocator } from '../memory/page-allocator.ts';
import { type FreeOutcome, Ram } from '../memory/ram.ts';
import { TableMemory } from '../memory/table-memory.ts';
import { Zones } from '../memory/zones.ts';
import type { KernelRelease } from '../release.ts';
import type { MemmapCounters } from '../sparse/counters.ts';
import { SectionValidity } from '../sparse/section-validity.ts';
import { Sections } from '../sparse/sections.ts';
import type { Trace } from '../trace.ts';

/** The machine's side of the contract: allocators, tables, log and address spaces behind one {@link PopulateContext}. */
export class MachineContext implements PopulateContext {
  readonly model: MemoryModel;
  readonly window: VmemmapWindow;
  readonly release: KernelRelease;
  readonly memory: MemoryMap;
  readonly optimizesDax: boolean;
  readonly tables: TableMemory = new TableMemory();
  readonly addressSpaces: AddressSpace[] = [];
  readonly events: EventLog = new EventLog();
  /** Allocations that are to fail. */
  readonly failures: FailureInjector = new FailureInjector();
  /** Physical memory, and what of it is free. */
  readonly ram: Ram;
  /** The allocator of boot. */
  readonly memblock: Memblock;
  /** Where memory for struct pages and tables comes from. */
  readonly backing: Backing;
  /** The sections and their state. */
  readonly sections: Sections = new Sections();
  /** Which added memory counts as valid. */
  readonly validity: SectionValidity;
  /** Pages that hold struct pages, as /proc/vmstat counts them. */
  readonly counters: MemmapCounters = { nr_memmap_pages: 0, nr_memmap_boot_pages: 0 };
  /** Which pages are in which zone. */
  readonly zones: Zones;
  /** zone->vmemmap_tails */
  readonly sharedTails: SharedTails;
  /** Every altmap that struct pages may still lie in: its device, or its memory block, is there. */
  readonly altmaps: Set<VmemAltmap> = new Set();
  trace: Trace | undefined;

  constructor(
    arch: Pick<VmemmapArch, 'capabilities' | 'zoneLimits'>,
    model: MemoryModel,
    window: VmemmapWindow,
    release: KernelRelease,
    memory: MemoryMap,
    options: MemblockOptions,
    trace: Trace | undefined,
  ) {
    this.model = model;
    this.window = window;
    this.release = release;
    this.memory = memory;
    this.trace = trace;
    // Where device memory shares the tails of HugeTLB pages, one option stands for both ([INF] patches 33 and 44).
    this.optimizesDax =
      arch.capabilities.includes('optimize-dax-vmemmap') ||
      (release.daxTail === 'zone' &&
        arch.capabilities.includes('memory-hotplug') &&
        arch.capabilities.includes('optimize-hugetlb-vmemmap'));
    const page = pageSize(model);
    this.validity = new SectionValidity(model, this.sections);
    this.ram = new Ram(memory);
    this.zones = new Zones(arch, (pa) => this.bootNodeOf(pa) >= 0);
    this.memblock = new Memblock(this.ram, page, this.failures, options);
    const pages = new PageAllocator(this.ram, memory, page, model.maxPageOrder, this.failures);
    this.backing = new Backing(model, this.ram, this.memblock, pages, this.failures, this.events);
    this.sharedTails = new SharedTails(this);
  }

  allocBlock(size: number, node: number): number {
    return this.backing.allocBlock(size, node);
  }

  allocPages(size: number, node: number): number {
    return this.backing.allocPages(size, node);
  }

  allocBlocks(size: number, node: number, altmap: VmemAltmap | undefined, max: number, out: BlockRun): void {
    this.backing.allocBlocks(size, node, altmap, max, out);
  }

  isReserved(pa: number): boolean {
    return this.ram.isReserved(pa);
  }

  pfnValid(pfn: number): boolean {
    return this.validity.pfnValid(pfn);
  }

  getPage(pa: number, count = 1): void {
    this.ram.getPage(pa, count);
  }

  sharedTailPage(order: number, node: number): number {
    return this.sharedTails.get(order, node, 'Device');
  }

  freePages(pa: number, size: number): FreeOutcome {
    const outcome = this.ram.free(pa, size);
    if (outcome === 'not-allocated') {
      this.events.record(
        'WARN',
        'bad-free',
        'mm/page_alloc.c:free_pages_prepare',
        () => `0x${size.toString(16)} bytes at 0x${pa.toString(16)} freed that are not in use`,
      );
    }
    return outcome;
  }

  /** The node of memory that was there at boot and never removed, else -1. */
  bootNodeOf(pa: number): number {
    return this.ram.isRemoved(pa) ? -1 : this.memory.nodeOf(pa);
  }

  /** True when all of `[pa, pa + size)` may hold struct pages: RAM in use, or an altmap's. */
  isBacking(pa: number, size: number): boolean {
    if (this.ram.isAllocated(pa, size)) return true;
    const page = pageSize(this.model);
    for (const { basePfn, reserve, free } of this.altmaps) {
      const first = basePfn + reserve;
      if (pa >= first * page && pa + size <= (first + free) * page) return true;
    }
    return false;
  }

  flushTlb(start: number, end: number): void {
    this.trace?.({ step: 'flush-tlb', offset: start, end });
  }
}
