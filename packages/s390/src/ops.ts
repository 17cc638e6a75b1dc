import {
  type AddressSpace,
  createRootTable,
  type DevPagemap,
  EINVAL,
  type Errno,
  type InitMm,
  isAligned,
  OK,
  PageTable,
  type PopulateContext,
  SubPmdUse,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
} from '@vmemmap/core';
import type { S390Config } from './config.ts';
import { S390Format } from './format.ts';
import { S390Free } from './free.ts';
import type { KernelLayout } from './layout.ts';
import { policiesOf } from './policies.ts';
import { S390Populate } from './populate.ts';
import { VmemPages } from './vmem-pages.ts';
import { S390EntryReader } from './walker.ts';

const PAGE_SIZE = 4096;
/** swapper_pg_dir (asm/pgtable.h: _CRST_TABLE_SIZE): 2048 entries. */
const CRST_TABLE_SIZE = 16384;

/** s390 at work on one machine. */
export class S390Ops implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;

  readonly #m: PopulateContext;
  /** Offset of __abs_lowcore, where what the vmemmap may use ends. */
  readonly #absLowcore: number;
  readonly #pages: VmemPages;
  readonly #populate: S390Populate;
  readonly #free: S390Free;

  constructor(m: PopulateContext, init: InitMm, config: S390Config, layout: KernelLayout) {
    this.#m = m;
    this.#absLowcore = Number(layout.absLowcore - m.window.start);
    const policies = policiesOf(m.release);
    const format = new S390Format(layout.levels, config.nx, policies);
    const root = init.allocRoot(CRST_TABLE_SIZE);
    createRootTable(m, format, root);
    this.initMm = { name: 'init_mm', root };
    this.#pages = new VmemPages(m, policies);
    this.pageTable = new PageTable(m, format, root, {
      // vmem_crst_alloc(), vmem_pte_alloc()
      allocTable: (level, node) => m.allocPages(this.pageTable.tableBytes(level), node),
      freeTable: (level, pa) => this.#freeTable(level, pa),
    });
    const use = new SubPmdUse(this.pageTable, m.model.structPageSize);
    this.#populate = new S390Populate(this.pageTable, format, use, config.edat1);
    this.#free = new S390Free(this.pageTable, format, use, this.#pages);
    const reader = new S390EntryReader({
      designationType: layout.levels === 4 ? 2 : 1,
      edat1: config.edat1,
      edat2: config.edat2,
      iep: config.nx,
    });
    this.walker = new TableWalker(m, reader);
  }

  /**
   * arch/s390/mm/vmem.c:vmemmap_populate. The node does not matter. After an error the whole range is taken back, also
   * what was there before.
   */
  vmemmapPopulate(
    start: number,
    end: number,
    _node: number,
    altmap: VmemAltmap | undefined,
    _pgmap: DevPagemap | undefined,
  ): Errno {
    const err = this.#refuses(start, end) ? EINVAL : this.#populate.populate(start, end, altmap);
    if (err !== OK) this.vmemmapFree(start, end, altmap);
    return err;
  }

  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    if (!this.#refuses(start, end)) this.#free.free(start, end, altmap);
  }

  /** slab_is_available(). */
  pgtableCacheInit(): void {
    this.#pages.slabIsAvailable();
  }

  // The checks of modify_pagetable(). With KASAN it lets the shadow pass too, which is no place for struct pages.
  #refuses(start: number, end: number): boolean {
    const unaligned = !isAligned(start, PAGE_SIZE) || !isAligned(end, PAGE_SIZE);
    if (!unaligned && end <= this.#absLowcore) return false;
    this.#m.events.record(
      'WARN_ON_ONCE',
      unaligned ? 'modify_pagetable-unaligned' : 'modify_pagetable-beyond',
      'arch/s390/mm/vmem.c:modify_pagetable',
      () =>
        unaligned
          ? `!PAGE_ALIGNED(start 0x${start.toString(16)} | end 0x${end.toString(16)})`
          : `end 0x${end.toString(16)} > __abs_lowcore 0x${this.#absLowcore.toString(16)}`,
    );
    return true;
  }

  #freeTable(level: number, pa: number): void {
    const where = level === this.pageTable.last ? 'vmem_pte_free' : 'vmem_free_pages';
    this.#pages.freeTable(pa, this.pageTable.tableBytes(level), where);
  }
}
