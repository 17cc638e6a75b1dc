import {
  type AddressSpace,
  type DevPagemap,
  type Errno,
  type InitMm,
  OK,
  PageTable,
  type PopulateContext,
  pageSize,
  pagesPerSection,
  populatesCompoundPages,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateBasepages,
  vmemmapPopulateCompoundPages,
  vmemmapPopulateHugepages,
} from '@vmemmap/core';
import type { ReferenceConfig } from './config.ts';
import { ReferenceFormat } from './format.ts';
import { vmemmapFree } from './free.ts';
import { ReferenceReader } from './reader.ts';
import { syncKernelMappings } from './sync.ts';

/** The architecture at work on one machine. */
export class ReferenceOps implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;
  readonly rootBytes: number;

  readonly #m: PopulateContext;
  readonly #hugePages: boolean;
  readonly #sectionBytes: number;

  constructor(m: PopulateContext, init: InitMm, config: ReferenceConfig) {
    this.#m = m;
    this.#hugePages = config.hugePages;
    this.#sectionBytes = pagesPerSection(m.model) * m.model.structPageSize;
    this.rootBytes = pageSize(m.model);
    const root = init.allocRoot(this.rootBytes);
    m.tables.create(root, this.rootBytes);
    this.initMm = { name: 'init_mm', root };
    // pgd_populate_kernel(): a new root entry is told to every address space before anything is mapped below it.
    const tells = m.release.syncsNewTopLevelEntries;
    this.pageTable = new PageTable(m, new ReferenceFormat(), root, {
      onTopLevelEntry: (offset) => tells && this.syncKernelMappings(offset, offset),
    });
    this.walker = new TableWalker(m, new ReferenceReader());
  }

  /** Populates, and at the end tells every address space, for releases that do not when an entry is made. */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    const err = this.#populate(start, end, node, altmap, pgmap);
    if (err === OK) this.syncKernelMappings(start, end - 1);
    return err;
  }

  // Huge pages for whole sections, base pages for parts; the altmap is honoured in both. Compound device memory comes here
  // on releases that leave it to the architecture.
  #populate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    if (populatesCompoundPages(this.#m, altmap, pgmap))
      return vmemmapPopulateCompoundPages(this.pageTable, start, end, node, pgmap);
    const whole = end - start >= this.#sectionBytes;
    const populate = this.#hugePages && whole ? vmemmapPopulateHugepages : vmemmapPopulateBasepages;
    return populate(this.pageTable, start, end, node, altmap, pgmap);
  }

  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    vmemmapFree(this.pageTable, start, end, altmap);
  }

  syncKernelMappings(start: number, end: number): void {
    syncKernelMappings(this.#m, this.pageTable, start, end);
  }

  /** pgd_alloc(): a new root table with all that init_mm has of the window. */
  createAddressSpace(name: string, root: number): AddressSpace {
    const { tables } = this.#m;
    const to = tables.base[tables.create(root, this.rootBytes)]!;
    const from = tables.base[tables.find(this.initMm.root)]!;
    tables.lanes.copyWithin(to, from, from + this.rootBytes / 4);
    return { name, root };
  }
}
