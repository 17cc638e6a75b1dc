import {
  type AddressSpace,
  type DevPagemap,
  ENOMEM,
  type Errno,
  type InitMm,
  isAligned,
  OK,
  PageTable,
  type PopulateContext,
  pagesPerSection,
  populatesCompoundPages,
  SubPmdUse,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateBasepages,
  vmemmapPopulateCompoundPages,
  vmemmapPopulateHugepages,
  vmemmapVerify,
} from '@vmemmap/core';
import type { X86Config } from './config.ts';
import type { X86Format } from './format.ts';
import { X86Free } from './free.ts';
import { syncGlobalPgds } from './sync.ts';
import { X86EntryReader } from './walker.ts';

const PAGE_SIZE = 4096;
/** asm/pgtable_64_types.h: the kernel has the upper half of the root's 512 entries (KERNEL_PGD_BOUNDARY). */
const ROOT_ENTRIES = 512;
const KERNEL_PGD_BOUNDARY = 256;

/** x86-64 at work on one machine. */
export class X86Ops implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;
  /** PGD_ALLOCATION_ORDER: with PTI a second page follows, the one that user mode runs on. */
  readonly rootBytes: number;

  readonly #m: PopulateContext;
  readonly #config: X86Config;
  readonly #format: X86Format;
  readonly #sectionBytes: number;
  readonly #use: SubPmdUse;
  readonly #free: X86Free;

  constructor(m: PopulateContext, init: InitMm, config: X86Config, format: X86Format) {
    this.#m = m;
    this.#config = config;
    this.#format = format;
    this.rootBytes = config.pti ? 2 * PAGE_SIZE : PAGE_SIZE;
    const root = init.allocRoot(this.rootBytes);
    m.tables.create(root, PAGE_SIZE);
    this.initMm = { name: 'init_mm', root };
    this.pageTable = new PageTable(m, format, root, {
      onTopLevelEntry: (offset) => this.syncKernelMappings(offset, offset),
    });
    this.#sectionBytes = pagesPerSection(m.model) * m.model.structPageSize;
    this.#use = new SubPmdUse(this.pageTable, m.model.structPageSize);
    this.#free = new X86Free(this.pageTable, format, this.#use);
    const reader = new X86EntryReader({
      la57: config.la57,
      nxe: config.nx,
      maxPhyAddr: config.physicalAddressBits,
      cBit: config.memoryEncryption ? config.encryptionBit : -1,
    });
    this.walker = new TableWalker(m, reader);
  }

  /** arch/x86/mm/init_64.c:vmemmap_populate. */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    this.#checkAligned('vmemmap_populate', start, end);
    const err = this.#populate(start, end, node, altmap, pgmap);
    if (err === OK) this.syncKernelMappings(start, end - 1);
    return err;
  }

  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    this.#checkAligned('vmemmap_free', start, end);
    this.#free.free(start, end, altmap);
  }

  /** arch/x86/mm/init_64.c:add_pages. */
  addMemoryFailed(err: Errno): void {
    this.#m.events.record('WARN_ON_ONCE', 'add-pages-failed', 'arch/x86/mm/init_64.c:add_pages', () => `ret ${err}`);
  }

  syncKernelMappings(start: number, end: number): void {
    syncGlobalPgds(this.#m, this.#format, this.pageTable, start, end);
  }

  /** pgd_alloc() and pgd_ctor() (arch/x86/mm/pgtable.c): the kernel half of init_mm's root, as it is now. */
  createAddressSpace(name: string, root: number): AddressSpace {
    const { tables } = this.#m;
    const slot = tables.create(root, PAGE_SIZE);
    const init = tables.find(this.initMm.root);
    const from = tables.base[init]!;
    const kernelHalf = tables.lanes.subarray(from + 2 * KERNEL_PGD_BOUNDARY, from + 2 * ROOT_ENTRIES);
    tables.lanes.set(kernelHalf, tables.base[slot]! + 2 * KERNEL_PGD_BOUNDARY);
    return { name, root };
  }

  #populate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    if (populatesCompoundPages(this.#m, altmap, pgmap))
      return vmemmapPopulateCompoundPages(this.pageTable, start, end, node, pgmap);
    // Less than a section never uses the altmap.
    if (end - start < this.#sectionBytes) {
      return vmemmapPopulateBasepages(this.pageTable, start, end, node, undefined, pgmap);
    }
    if (this.#config.pse) return vmemmapPopulateHugepages(this.pageTable, start, end, node, altmap, pgmap, this);
    if (altmap !== undefined) {
      this.#m.events.record(
        'pr_err_once',
        'no-pse-altmap',
        'arch/x86/mm/init_64.c:vmemmap_populate',
        () => 'no cpu support for altmap allocations',
      );
      return ENOMEM;
    }
    return vmemmapPopulateBasepages(this.pageTable, start, end, node, undefined, pgmap);
  }

  /** arch/x86/mm/init_64.c:vmemmap_set_pmd, for a run. Only a leaf that is used in part needs book-keeping. */
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
    const { pmdLevel } = this.#format;
    this.pageTable.setLeaves(pmdLevel, slot, index, count, pa, paStep);
    if (this.pageTable.isAligned(pmdLevel, addr) && this.pageTable.isAligned(pmdLevel, next)) return;
    let end: number;
    for (let start = addr; start < next; start = end) {
      end = this.pageTable.entryEnd(pmdLevel, start, next);
      if (this.pageTable.isAligned(pmdLevel, start) && this.pageTable.isAligned(pmdLevel, end)) continue;
      this.#use.useNew(start, end);
    }
  }

  /** arch/x86/mm/init_64.c:vmemmap_check_pmd. */
  checkPmd(slot: number, index: number, node: number, addr: number, next: number): boolean {
    const { pmdLevel } = this.#format;
    const lanes = this.#m.tables.lanes;
    const word = this.pageTable.word(slot, index);
    if (!this.#format.isLeaf(pmdLevel, lanes[word]!, lanes[word + 1]!)) return false;
    vmemmapVerify(this.#m, this.#format.leafAddress(pmdLevel, lanes[word]!, lanes[word + 1]!), node, addr, next);
    this.#use.use(addr, next);
    return true;
  }

  #checkAligned(where: string, start: number, end: number): void {
    if (isAligned(start, PAGE_SIZE) && isAligned(end, PAGE_SIZE)) return;
    this.#m.events.record(
      'VM_BUG_ON',
      `${where}-unaligned`,
      `arch/x86/mm/init_64.c:${where}`,
      () => `!PAGE_ALIGNED(start 0x${start.toString(16)}) || !PAGE_ALIGNED(end 0x${end.toString(16)})`,
    );
  }
}
