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
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateCompoundPages,
  vmemmapPopulateHugepages,
  vmemmapVerify,
} from '@vmemmap/core';
import type { RiscvConfig } from './config.ts';
import { RiscvFormat } from './format.ts';
import { RiscvFree } from './free.ts';
import { policiesOf, type RiscvPolicies } from './policies.ts';
import { preallocatePgdPages } from './preallocate.ts';
import { RiscvWalker } from './walker.ts';

const PAGE_SIZE = 4096;

/** riscv at work on one machine. */
export class RiscvOps implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;

  readonly #m: PopulateContext;
  readonly #format: RiscvFormat;
  readonly #policies: RiscvPolicies;
  readonly #windowSize: number;
  readonly #hooks: PmdHooks;
  readonly #free: RiscvFree;
  #preallocating = false;

  constructor(m: PopulateContext, init: InitMm, config: RiscvConfig) {
    this.#m = m;
    this.#format = new RiscvFormat(config);
    this.#policies = policiesOf(m.release);
    this.#windowSize = Number(m.window.end - m.window.start);
    // swapper_pg_dir
    const root = init.allocRoot(PAGE_SIZE);
    createRootTable(m, this.#format, root);
    this.initMm = { name: 'init_mm', root };
    this.pageTable = new PageTable(m, this.#format, root, {
      // p4d_alloc(), pud_alloc() and pmd_alloc() print nothing, as the generic code does.
      allocTable: (_level, node, splits) =>
        splits || this.#preallocating ? m.allocPages(PAGE_SIZE, node) : m.allocBlock(PAGE_SIZE, node),
    });
    this.#hooks = this.#policies.checksPmdLeaf ? {} : { checkPmd: this.#checkAnyPmd.bind(this) };
    this.#free = new RiscvFree(this.pageTable, this.#format);
    this.walker = new RiscvWalker(m, config);
  }

  /** arch/riscv/mm/init.c:vmemmap_populate. Huge pages always: also for a part of a section all 2 MiB are mapped. */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    if (this.#policies.warnsOutsideWindow && (start < 0 || end > this.#windowSize)) this.#warnOutside(start, end);
    this.pageTable.mustReach(start, end);
    if (populatesCompoundPages(this.#m, altmap, pgmap))
      return vmemmapPopulateCompoundPages(this.pageTable, start, end, node, pgmap);
    return vmemmapPopulateHugepages(this.pageTable, start, end, node, altmap, pgmap, this.#hooks);
  }

  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    this.pageTable.mustReach(start, end);
    this.#free.free(start, end, altmap);
  }

  pgtableCacheInit(): void {
    this.#preallocating = true;
    preallocatePgdPages(this.#m, this.pageTable);
    this.#preallocating = false;
  }

  // vmemmap_check_pmd() of 6.12: whatever the PMD holds is taken for a leaf, and its page for that of struct pages.
  #checkAnyPmd(slot: number, index: number, node: number, addr: number, next: number): boolean {
    const { lanes } = this.#m.tables;
    const word = this.pageTable.word(slot, index);
    const pa = this.#format.leafAddress(this.#format.pmdLevel, lanes[word]!, lanes[word + 1]!);
    vmemmapVerify(this.#m, pa, node, addr, next);
    return true;
  }

  #warnOutside(start: number, end: number): void {
    const { window } = this.#m;
    const va = (offset: number): string => `0x${(window.start + BigInt(offset)).toString(16)}`;
    this.#m.events.record(
      'WARN',
      'outside-window',
      'arch/riscv/mm/init.c:vmemmap_populate',
      () => `(start ${va(start)} < VMEMMAP_START) || (end ${va(end)} > VMEMMAP_END)`,
    );
  }
}
