import {
  type AddressSpace,
  createRootTable,
  type DevPagemap,
  EPERM,
  type Errno,
  hex,
  hex64,
  type InitMm,
  OK,
  PageTable,
  type PmdHooks,
  type PopulateContext,
  pagesPerSection,
  TableWalker,
  type VmemAltmap,
  type VmemmapOps,
  type VmemmapWalker,
  vmemmapPopulateBasepages,
  vmemmapPopulateHugepages,
  vmemmapVerify,
} from '@vmemmap/core';
import type { Arm64Config } from './config.ts';
import { Arm64Format } from './format.ts';
import { Arm64Free } from './free.ts';
import { unusedBytes } from './layout.ts';
import { installNgMappings } from './ng-mappings.ts';
import { policiesOf } from './policies.ts';
import { Arm64EntryReader } from './walker.ts';

/** arm64 at work on one machine. */
export class Arm64Ops implements VmemmapOps {
  readonly initMm: AddressSpace;
  readonly pageTable: PageTable;
  readonly walker: VmemmapWalker;

  readonly #m: PopulateContext;
  readonly #config: Arm64Config;
  readonly #format: Arm64Format;
  readonly #sectionBytes: number;
  /** VMEMMAP_START and VMEMMAP_END as offsets: the window begins later on a CPU that has fewer bits. */
  readonly #start: number;
  readonly #end: number;
  readonly #hooks: PmdHooks;
  readonly #free: Arm64Free;

  constructor(m: PopulateContext, init: InitMm, config: Arm64Config) {
    const policies = policiesOf(m.release);
    this.#m = m;
    this.#config = config;
    this.#format = new Arm64Format(config, policies);
    this.#sectionBytes = pagesPerSection(m.model) * m.model.structPageSize;
    this.#start = -Number(unusedBytes(config));
    this.#end = Number(m.window.end - m.window.start);
    // swapper_pg_dir has a page, however few entries it needs.
    const root = init.allocRoot(config.pageSize);
    createRootTable(m, this.#format, root);
    this.initMm = { name: 'init_mm', root };
    this.pageTable = new PageTable(m, this.#format, root, {
      freeTable: (_level, pa) => this.#free.freePages(pa, config.pageSize, undefined),
    });
    this.#free = new Arm64Free(this.pageTable, this.#format, this.#start, this.#end);
    this.#hooks = policies.checksPmdLeaf ? {} : { checkPmd: this.#checkAnyPmd.bind(this) };
    this.walker = new TableWalker(m, readerOf(config));
  }

  /** arch/arm64/mm/mmu.c:vmemmap_populate. Base pages, too, come from the altmap where there is one. */
  vmemmapPopulate(
    start: number,
    end: number,
    node: number,
    altmap: VmemAltmap | undefined,
    pgmap: DevPagemap | undefined,
  ): Errno {
    this.#checkWindow('vmemmap_populate', start, end);
    if (end - start > this.#sectionBytes) this.#warnTooLong(start, end);
    if (this.#config.pageSize !== 4096 || end - start < this.#sectionBytes) {
      return vmemmapPopulateBasepages(this.pageTable, start, end, node, altmap, pgmap);
    }
    return vmemmapPopulateHugepages(this.pageTable, start, end, node, altmap, pgmap, this.#hooks);
  }

  vmemmapFree(start: number, end: number, altmap: VmemAltmap | undefined): void {
    this.#checkWindow('vmemmap_free', start, end);
    this.#free.free(start, end, altmap);
  }

  /** KPTI rewrites the tables later, when all CPUs are up (smp_cpus_done()); the memmap does not change in between. */
  pgtableCacheInit(): void {
    if (this.#config.kpti && this.#config.ngMappings === 'late')
      installNgMappings(this.#m, this.#format, this.initMm.root);
  }

  /** arch/arm64/mm/mmu.c: memory of boot never goes. NOTIFY_BAD comes to -EPERM. */
  memoryGoingOffline(start: number, end: number, early: boolean): Errno {
    if (!early) return OK;
    this.#m.events.record(
      'pr_warn',
      'boot-memory-offlining',
      'arch/arm64/mm/mmu.c:prevent_memory_remove_notifier',
      () => `Boot memory [${hex(start)} ${hex(end)}] offlining attempted`,
    );
    return EPERM;
  }

  // vmemmap_check_pmd() of 6.12: whatever the PMD holds is taken for a leaf, and its page for that of struct pages.
  #checkAnyPmd(slot: number, index: number, node: number, addr: number, next: number): boolean {
    const { lanes } = this.#m.tables;
    const word = this.pageTable.word(slot, index);
    const pa = this.#format.tableAddress(this.#format.pmdLevel, lanes[word]!, lanes[word + 1]!);
    vmemmapVerify(this.#m, pa, node, addr, next);
    return true;
  }

  // WARN_ON((start < VMEMMAP_START) || (end > VMEMMAP_END)), and on it goes.
  #checkWindow(where: string, start: number, end: number): void {
    if (start >= this.#start && end <= this.#end) return;
    this.#m.events.record(
      'WARN',
      'outside-window',
      `arch/arm64/mm/mmu.c:${where}`,
      () => `(start ${this.#va(start)} < VMEMMAP_START) || (end ${this.#va(end)} > VMEMMAP_END)`,
    );
    this.pageTable.mustReach(start, end);
  }

  #warnTooLong(start: number, end: number): void {
    this.#m.events.record(
      'WARN_ON_ONCE',
      'more-than-a-section',
      'arch/arm64/mm/mmu.c:vmemmap_populate',
      () => `end - start ${hex(end - start)} > PAGES_PER_SECTION * sizeof(struct page) ${hex(this.#sectionBytes)}`,
    );
  }

  #va(offset: number): string {
    return hex64(this.#m.window.start + BigInt(offset));
  }
}

// The CPU that the configuration speaks of, as the kernel sets it up (mm/proc.S:__cpu_setup).
function readerOf({ pageSize, vaBits, vaBitsActual, paBits, lpa2 }: Arm64Config): Arm64EntryReader {
  const lpa = pageSize === 65536 && paBits === 52;
  return new Arm64EntryReader({
    granule: pageSize,
    vaBits: vaBitsActual,
    // TTBR1_BADDR_4852_OFFSET: TTBR1_EL1 points to the last 64 of the root's 1024 entries.
    rootVaBits: pageSize === 65536 ? vaBits : vaBitsActual,
    ds: lpa2,
    lpa,
    ipsBits: lpa2 || lpa ? 52 : 48,
  });
}
