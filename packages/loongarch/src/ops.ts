import {
  type AddressSpace,
  createRootTable,
  type DevPagemap,
  type Errno,
  type InitMm,
  PageTable,
  type PmdHooks,
  type PopulateContext,
  populatesCompoundPages,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateBasepages,
  vmemmapPopulateCompoundPages,
  vmemmapPopulateHugepages,
} from '@vmemmap/core';
import type { LoongarchConfig } from './config.ts';
import { physicalAddress } from './direct-map.ts';
import { LoongarchFormat } from './format.ts';
import { tableLevels } from './geometry.ts';
import { emptyEntries } from './invalid-tables.ts';
import { setupPtwalker } from './page-walk.ts';
import { LoongarchEntryReader } from './walker.ts';

/** asm/stackframe.h: SETUP_DMWINS opens the windows at 0x8 (uncached), 0x9 (cached) and 0xa (weakly ordered) << 60. */
const DIRECT_MAPPED = [0x8, 0x9, 0xa];

/** LoongArch at work on one machine. Every address space walks swapper_pg_dir for kernel addresses (CSR.PGDH). */
export class LoongarchOps implements VmemmapOps, PmdHooks {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;

  readonly #m: PopulateContext;
  readonly #hugePages: boolean;
  readonly #pmdLevel: number;

  constructor(m: PopulateContext, init: InitMm, config: LoongarchConfig) {
    this.#m = m;
    this.#hugePages = config.levels > 2;
    const invalid = emptyEntries(config);
    const invalidTables = invalid.map(physicalAddress);
    const format = new LoongarchFormat(tableLevels(config), invalid);
    this.#pmdLevel = format.pmdLevel;
    const root = init.allocRoot(config.pageSize);
    createRootTable(m, format, root);
    this.initMm = { name: 'init_mm', root };
    this.pageTable = new PageTable(m, format, root, {
      // The invalid tables are part of the kernel image: their memory is never to be had.
      allocTable: (_level, node) => {
        let pa = m.allocBlock(config.pageSize, node);
        while (invalidTables.includes(pa)) pa = m.allocBlock(config.pageSize, node);
        return pa;
      },
    });
    const reader = new LoongarchEntryReader({
      ...setupPtwalker(format.levels),
      palen: config.cpuPabits + 1,
      valen: config.cpuVabits + 1,
      directMapped: DIRECT_MAPPED,
      invalidTables,
    });
    this.walker = new TableWalker(m, reader);
  }

  /** arch/loongarch/mm/init.c:arch_add_memory. */
  addMemoryFailed(err: Errno): void {
    this.#m.events.record(
      'pr_warn',
      'add-pages-failed',
      'arch/loongarch/mm/init.c:arch_add_memory',
      () => `Problem encountered in __add_pages() as ret=${err}`,
    );
  }

  /** arch/loongarch/mm/init.c:vmemmap_populate. Nothing is checked, and an altmap is dropped. */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    if (populatesCompoundPages(this.#m, altmap, pgmap))
      return vmemmapPopulateCompoundPages(this.pageTable, start, end, node, pgmap);
    if (!this.#hugePages) return vmemmapPopulateBasepages(this.pageTable, start, end, node, undefined, pgmap);
    return vmemmapPopulateHugepages(this.pageTable, start, end, node, undefined, pgmap, this);
  }

  /** arch/loongarch/mm/init.c:vmemmap_free is empty: what is mapped stays, and is found again when memory comes back. */
  vmemmapFree(_start: number, _end: number, _altmap: VmemAltmap | undefined): void {}

  /** arch/loongarch/mm/init.c:vmemmap_set_pmd, for a run: set_pmd_at() flushes the whole TLB. */
  setPmd(
    slot: number,
    index: number,
    count: number,
    pa: number,
    paStep: number,
    _node: number,
    addr: number,
    next: number,
  ): void {
    this.pageTable.setLeaves(this.#pmdLevel, slot, index, count, pa, paStep);
    this.#m.flushTlb(addr, next);
  }
}
