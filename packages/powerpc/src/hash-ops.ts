import {
  type AddressSpace,
  alignDown,
  altmapFree,
  type BlockRun,
  blockRun,
  EFAULT,
  ENOMEM,
  type Errno,
  hex,
  OK,
  type PopulateContext,
  type VmemAltmap,
  type VmemmapBacking,
  type VmemmapOps,
} from '@vmemmap/core';
import { altmapCrossBoundary, isOfAltmap } from './altmap.ts';
import { BoltedMappings } from './bolted.ts';
import type { PowerpcConfig } from './config.ts';
import { HashTableMemory } from './hash-table.ts';
import { HashWalker } from './hash-walker.ts';
import { hashTableOrder, vmemmapPageSize } from './layout.ts';
import { KernelSegments } from './segments.ts';
import { VmemmapList } from './vmemmap-list.ts';
import { vmemmapPopulated } from './vmemmap-populated.ts';

/** The vmemmap of the hash MMU on one machine: no page table, but bolted entries of the hashed page table and a list. */
export class HashOps implements VmemmapOps {
  /** init_mm has a page table, but the vmemmap is not in it. */
  readonly initMm: AddressSpace = { name: 'init_mm', root: 0 };
  readonly walker: HashWalker;
  /** The hashed page table. */
  readonly hashTable: HashTableMemory;

  readonly #m: PopulateContext;
  readonly #bolted: BoltedMappings;
  readonly #list: VmemmapList;
  readonly #page: number;
  /** mmu_vmemmap_psize. */
  readonly #size: number;
  /** Bytes of the pages that hold one mapping: what get_order() makes of it. */
  readonly #block: number;
  readonly #windowBytes: number;
  readonly #run: BlockRun = blockRun();

  constructor(m: PopulateContext, config: PowerpcConfig) {
    const ram = m.memory.bytes();
    const order = hashTableOrder(config, ram);
    this.#m = m;
    this.#page = 2 ** m.model.pageShift;
    this.#size = vmemmapPageSize(config, ram);
    this.#block = Math.max(this.#size, this.#page);
    this.#windowBytes = Number(m.window.end - m.window.start);
    const pageShift = Math.log2(this.#size);
    // A hypervisor is handed entries in the older format, whatever the CPU.
    const isa300 = config.isa300 && !config.lpar;
    const segments = new KernelSegments(config, m.window.start);
    this.hashTable = new HashTableMemory(order);
    this.#bolted = new BoltedMappings(this.hashTable, segments, { pageShift, isa300, kernelKey: config.kernelKey });
    this.#list = new VmemmapList(m);
    this.walker = new HashWalker(m, this.hashTable, {
      table: config.lpar ? 0 : allocHashTable(m, order),
      pageShift,
      segmentShift: segments.shift,
      isa300,
      vsid: (segment) => segments.vsid(segment),
      segment: (vsid) => segments.segment(vsid),
    });
  }

  /** __vmemmap_populate() (arch/powerpc/mm/init_64.c). Sections decide what is populated, not mappings. */
  vmemmapPopulate(start: number, end: number, node: number, altmap: VmemAltmap | undefined): Errno {
    for (let addr = alignDown(start, this.#size); addr < end; addr += this.#size) {
      if (vmemmapPopulated(this.#m, addr, this.#size)) continue;
      const err = this.#populateOne(addr, node, altmap);
      if (err !== OK) return err;
    }
    return OK;
  }

  /** __vmemmap_free() (arch/powerpc/mm/init_64.c). The memory is freed before its mapping goes. */
  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    for (let addr = alignDown(start, this.#size); addr < end; addr += this.#size) {
      if (vmemmapPopulated(this.#m, addr, this.#size)) continue;
      const pa = this.#list.free(addr);
      if (pa < 0) continue;
      this.#freeBacking(pa, altmap);
      this.#removeMapping(addr);
      this.#m.trace?.({ step: 'clear', level: 'hash', offset: addr, pa, size: this.#size });
      this.#m.flushTlb(addr, addr + this.#size);
    }
  }

  vmemmapList(): Iterable<VmemmapBacking> {
    return this.#list;
  }

  #populateOne(addr: number, node: number, altmap: VmemAltmap | undefined): Errno {
    const m = this.#m;
    const run = this.#run;
    run.count = 0;
    if (altmap !== undefined && !altmapCrossBoundary(m, altmap, addr, this.#size))
      m.allocBlocks(this.#size, node, altmap, 1, run);
    const from = run.count > 0 ? altmap : undefined;
    if (run.count === 0) m.allocBlocks(this.#size, node, undefined, 1, run);
    if (run.count === 0) {
      m.trace?.({ step: 'out-of-memory', level: 'hash', offset: addr, size: this.#size });
      return ENOMEM;
    }
    const { pa } = run;
    if (!this.#list.populate(addr, pa, node)) {
      if (from !== undefined) altmapFree(from, this.#size / this.#page);
      else m.freePages(pa, this.#block);
      return ENOMEM;
    }
    m.trace?.({ step: 'leaves', level: 'hash', offset: addr, count: 1, pa, paStep: 0 });
    return this.#createMapping(addr, pa) ? OK : this.#failed(addr);
  }

  // hash__vmemmap_create_mapping() (arch/powerpc/mm/book3s64/hash_pgtable.c)
  #createMapping(addr: number, pa: number): boolean {
    // The last page of the region is refused too.
    if (addr + this.#size >= this.#windowBytes) {
      this.#warn('outside-supported-range', 'hash__vmemmap_create_mapping', () => 'Outside the supported range');
      return false;
    }
    return this.#bolted.bolt(addr, pa);
  }

  // The block and its node of the list stay: vmemmap_free() finds them.
  #failed(addr: number): Errno {
    this.#m.events.record(
      'pr_warn',
      'no-vmemmap-mapping',
      'arch/powerpc/mm/init_64.c:__vmemmap_populate',
      () => `Unable to create vmemmap mapping at offset ${hex(addr)}`,
    );
    return EFAULT;
  }

  // A part of a page that boot took stays where it is.
  #freeBacking(pa: number, altmap: VmemAltmap | undefined): void {
    const m = this.#m;
    if (altmap !== undefined && isOfAltmap(m, altmap, pa)) altmapFree(altmap, this.#block / this.#page);
    else if (this.#size < this.#page && m.isReserved(pa)) {
      m.events.record(
        'WARN_ON_ONCE',
        'part-of-boot-page',
        'arch/powerpc/mm/init_64.c:__vmemmap_free',
        () => `page_size ${hex(this.#size)} < PAGE_SIZE, taken at boot at ${hex(pa)}`,
      );
    } else m.freePages(pa, this.#block);
  }

  // hash__vmemmap_remove_mapping(): the entry may be missing when populate could not make it.
  #removeMapping(addr: number): void {
    if (this.#bolted.remove(addr)) return;
    this.#m.events.record(
      'WARN',
      'no-hash-entry',
      'arch/powerpc/mm/book3s64/hash_pgtable.c:hash__vmemmap_remove_mapping',
      () => `rc == -ENOENT for offset ${hex(addr)}`,
    );
  }

  #warn(id: string, where: string, message: () => string): void {
    this.#m.events.record('pr_warn', id, `arch/powerpc/mm/book3s64/hash_pgtable.c:${where}`, message);
  }
}

// htab_initialize() (arch/powerpc/mm/book3s64/hash_utils.c) without a hypervisor: the table lies in RAM.
function allocHashTable(m: PopulateContext, order: number): number {
  const bytes = 2 ** order;
  const pa = m.allocBlock(bytes, m.memory.nodes[0]!);
  if (pa >= 0) return pa;
  return m.events.stop(
    'panic',
    'no-hash-table',
    'arch/powerpc/mm/book3s64/hash_utils.c:htab_initialize',
    `ERROR: Failed to allocate ${hex(bytes)} bytes for the hashed page table`,
  );
}
