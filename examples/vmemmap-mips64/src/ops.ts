import {
  type AddressSpace,
  type DevPagemap,
  type Errno,
  type InitMm,
  PageTable,
  type PopulateContext,
  pagesPerSection,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateBasepages,
  vmemmapPopulateHugepages,
} from '@vmemmap/core';
import { Mips64Format } from './format.ts';
import { vmemmapFree } from './free.ts';
import type { Mips64Config } from './mips64.ts';
import { Mips64Reader } from './reader.ts';

/** mips64 at work on one machine. */
export class Mips64Ops implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;
  readonly #hugePages: boolean;
  readonly #sectionBytes: number;

  constructor(m: PopulateContext, init: InitMm, config: Mips64Config) {
    const format = new Mips64Format(config);
    const rootBytes = 8 * 2 ** format.levels[0]!.indexBits;
    const root = init.allocRoot(rootBytes);
    m.tables.create(root, rootBytes);
    this.initMm = { name: 'init_mm', root };
    this.pageTable = new PageTable(m, format, root);
    this.walker = new TableWalker(m, new Mips64Reader(config.pageSize, config.executeInhibit));
    this.#hugePages = config.pageSize === 4096;
    this.#sectionBytes = pagesPerSection(m.model) * m.model.structPageSize;
  }

  /** Huge pages for whole sections where a page table entry of 2 MiB fits them, base pages for the rest; as on arm64. */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    const whole = end - start >= this.#sectionBytes;
    const populate = this.#hugePages && whole ? vmemmapPopulateHugepages : vmemmapPopulateBasepages;
    return populate(this.pageTable, start, end, node, altmap, pgmap);
  }

  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    vmemmapFree(this.pageTable, start, end, altmap);
  }
}
