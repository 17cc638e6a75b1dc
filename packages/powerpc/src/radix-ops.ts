import {
  type AddressSpace,
  createRootTable,
  type DevPagemap,
  type Errno,
  type InitMm,
  PageTable,
  type PopulateContext,
  populatesCompoundPages,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
} from '@vmemmap/core';
import { BasePages } from './base-page.ts';
import { CompoundPages } from './compound.ts';
import { RadixFormat } from './format.ts';
import { RadixFree } from './free.ts';
import { policiesOf } from './policies.ts';
import { RadixPopulate } from './populate.ts';
import { TableAllocator } from './table-allocator.ts';
import { RadixEntryReader } from './walker.ts';

/** The vmemmap of the radix MMU on one machine. */
export class RadixOps implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;
  readonly #m: PopulateContext;
  readonly #tables: TableAllocator;
  readonly #populate: RadixPopulate;
  readonly #compound: CompoundPages;
  readonly #free: RadixFree;

  constructor(m: PopulateContext, init: InitMm) {
    this.#m = m;
    const { pageShift } = m.model;
    const format = new RadixFormat(pageShift);
    // RADIX_PGD_TABLE_SIZE: 64 KiB whatever the page size.
    const root = init.allocRoot(8 * 2 ** format.levels[0]!.indexBits);
    createRootTable(m, format, root);
    this.initMm = { name: 'init_mm', root };
    this.#tables = new TableAllocator(m, format);
    this.pageTable = new PageTable(m, format, root, this.#tables);
    const pages = new BasePages(this.pageTable);
    this.#populate = new RadixPopulate(this.pageTable, pages, policiesOf(m.release));
    this.#compound = new CompoundPages(this.pageTable, pages);
    this.#free = new RadixFree(this.pageTable, format);
    this.walker = new TableWalker(m, new RadixEntryReader(pageShift === 12 ? 12 : 16));
  }

  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    if (populatesCompoundPages(this.#m, altmap, pgmap)) return this.#compound.populate(start, end, node, pgmap);
    return this.#populate.populate(start, end, node, altmap);
  }

  /**
   * vmemmap_populate_compound_pages(): struct pages of device memory in compound pages, see `CompoundPages`. The kernel
   * calls it in place of {@link vmemmapPopulate} where vmemmap_can_optimize() says so.
   * @param start first byte, as offset into the window
   * @param end first byte after the range
   * @param pgmap the device memory; its `vmemmapShift` is the compound's order
   */
  vmemmapPopulateCompoundPages(start: number, end: number, node: number, pgmap: DevPagemap): Errno {
    return this.#compound.populate(start, end, node, pgmap);
  }

  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    this.#free.free(start, end, altmap);
  }

  /**
   * arch_supports_memmap_on_memory() (asm/pgtable.h): with 64K pages a memmap of any size, since what of the altmap does not
   * fit comes from RAM.
   */
  supportsMemmapOnMemory(vmemmapSize: number): boolean {
    return (
      this.#m.model.pageShift !== 12 || vmemmapSize % this.pageTable.entrySpan(this.pageTable.format.pmdLevel) === 0
    );
  }

  /** mm_core_init(): from here on tables come from slab caches and page fragments. */
  pgtableCacheInit(): void {
    this.#tables.endBoot();
  }
}
