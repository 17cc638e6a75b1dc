import {
  type AddressSpace,
  createRootTable,
  type DevPagemap,
  type Errno,
  type InitMm,
  PageTable,
  type PopulateContext,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateHugepages,
} from '@vmemmap/core';
import type { Chip } from './chips.ts';
import { SparcFormat } from './format.ts';
import { populateOwnPmds } from './pmd-loop.ts';
import { policiesOf, type SparcPolicies } from './policies.ts';
import { SparcEntryReader } from './walker.ts';

/** swapper_pg_dir: 1024 entries, part of the kernel image. */
const ROOT_BYTES = 8192;

/** sparc64 at work on one machine. */
export class SparcOps implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;

  readonly #format: SparcFormat;
  readonly #policies: SparcPolicies;

  constructor(m: PopulateContext, init: InitMm, chip: Chip) {
    this.#format = new SparcFormat(chip);
    this.#policies = policiesOf(m.release);
    const root = init.allocRoot(ROOT_BYTES);
    createRootTable(m, this.#format, root);
    this.initMm = { name: 'init_mm', root };
    this.pageTable = new PageTable(m, this.#format, root);
    const { tlbType, maxPhysBits, vaBits } = chip;
    this.walker = new TableWalker(
      m,
      new SparcEntryReader({ tlbType, realAddressBits: maxPhysBits, vaBits, vmemmapBase: m.window.base }),
    );
  }

  /**
   * arch/sparc/mm/init_64.c:vmemmap_populate. It passes NULL on for the altmap: struct pages are always in RAM. Leaves are
   * set with a plain store and nothing is flushed, since the TLB miss handler keeps no vmemmap address in the TSB.
   */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    _altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    if (this.#policies.ownPmdLoop) return populateOwnPmds(this.pageTable, this.#format, start, end, node);
    return vmemmapPopulateHugepages(this.pageTable, start, end, node, undefined, pgmap);
  }

  /** There is none: sparc64 does not select ARCH_ENABLE_MEMORY_HOTPLUG, and nothing is ever taken away. */
  vmemmapFree(_start: number, _end: number, _altmap: VmemAltmap | undefined): void {}
}
