import type { AddressSpace, PopulateContext } from '../contract/context.ts';
import type { MemoryModel, VmemmapWindow } from '../contract/model.ts';
import { Backing } from '../engine/backing.ts';
import { EventLog } from '../events.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import type { BlockRun } from '../memory/block-run.ts';
import { FailureInjector } from '../memory/failures.ts';
import { Memblock, type MemblockOptions } from '../memory/memblock.ts';
import type { MemoryMap } from '../memory/memory-map.ts';
import { PageAllocator } from '../memory/page-allocator.ts';
import { type FreeOutcome, Ram } from '../memory/ram.ts';
import { TableMemory } from '../memory/table-memory.ts';
import type { KernelRelease } from '../release.ts';
import { SectionValidity } from '../sparse/section-validity.ts';
import { Sections } from '../sparse/sections.ts';
import type { Trace } from '../trace.ts';

/** The machine's side of the contract: allocators, tables, log and address spaces behind one {@link PopulateContext}. */
export class MachineContext implements PopulateContext {
  readonly model: MemoryModel;
  readonly window: VmemmapWindow;
  readonly release: KernelRelease;
  readonly memory: MemoryMap;
  readonly tables: TableMemory = new TableMemory();
  readonly addressSpaces: AddressSpace[] = [];
  readonly events: EventLog = new EventLog();
  readonly failures: FailureInjector = new FailureInjector();
  readonly ram: Ram;
  readonly memblock: Memblock;
  readonly backing: Backing;
  readonly sections: Sections = new Sections();
  readonly validity: SectionValidity;
  trace: Trace | undefined;

  constructor(
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
    const page = 2 ** model.pageShift;
    this.validity = new SectionValidity(model, this.sections);
    this.ram = new Ram(memory);
    this.memblock = new Memblock(this.ram, page, this.failures, options);
    const pages = new PageAllocator(this.ram, memory, page, model.maxPageOrder, this.failures);
    this.backing = new Backing(model, this.ram, this.memblock, pages, this.failures, this.events);
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

  flushTlb(start: number, end: number): void {
    this.trace?.({ step: 'flush-tlb', offset: start, end });
  }
}
