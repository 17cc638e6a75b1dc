import { LANE } from '../bits.ts';
import type { VmemmapArch, VmemmapBacking, VmemmapOps } from '../contract/arch.ts';
import { checkOps } from '../contract/check-arch.ts';
import type { AddressSpace } from '../contract/context.ts';
import { checkMark } from '../contract/contract-version.ts';
import { type MemoryModel, offsetOfPage, pageSize, pagesPerSection, type VmemmapWindow } from '../contract/model.ts';
import type { DevPagemap } from '../contract/pgmap.ts';
import { type TableView, translation, type Walk } from '../contract/translation.ts';
import type { Errno } from '../errno.ts';
import { VmemmapError } from '../errors.ts';
import type { KernelEvent } from '../events.ts';
import { MemoryHotplug } from '../hotplug/memory-hotplug.ts';
import { addPages, type PageSpan, removePages } from '../hotplug/pages.ts';
import { HugetlbVmemmap } from '../hugetlb/hugetlb-vmemmap.ts';
import { type BootHugePage, HugetlbPreinit } from '../hugetlb/preinit.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import { blockRun } from '../memory/block-run.ts';
import type { FailureInjector, FailureRule } from '../memory/failures.ts';
import type { MemblockOptions } from '../memory/memblock.ts';
import { MemoryMap, type MemoryMapInput } from '../memory/memory-map.ts';
import type { Ram } from '../memory/ram.ts';
import { ResourceTree } from '../memory/resources.ts';
import { defaultRelease, findRelease, type KernelRelease } from '../release.ts';
import { sparseInit } from '../sparse/boot.ts';
import type { MemmapCounters } from '../sparse/counters.ts';
import { encodeSectionMemMap, type SectionRun } from '../sparse/section.ts';
import { SectionLife } from '../sparse/section-life.ts';
import type { Trace } from '../trace.ts';
import { DeviceMemory } from '../zone-device/device-memory.ts';
import { MachineContext } from './context.ts';
import { type MachineCost, machineCost } from './cost.ts';
import { type LeafRun, leafRuns } from './leaf-runs.ts';
import { type Verification, verifyMachine } from './verify.ts';

/** What a machine is made from. */
export interface MachineOptions {
  /** The configured architecture, as `x86({ la57: false })`. */
  readonly arch: VmemmapArch;
  /** RAM by node, with holes. */
  readonly memory: MemoryMapInput;
  /** A release or its name. Default {@link defaultRelease}. */
  readonly release?: KernelRelease | string;
  /** How memblock allocates at boot, and what it keeps away from. Default: top down, and nothing. */
  readonly memblock?: MemblockOptions;
  /** Gigantic HugeTLB pages of the command line. Keep their memory out of {@link memblock}'s hands (`reserved`). */
  readonly bootHugePages?: readonly BootHugePage[];
  /** Watches every step of populate and free. */
  readonly trace?: Trace;
  /** Allocations that are to fail, from the first one at boot on. */
  readonly failures?: readonly FailureRule[];
  /** Told now and then how many sections boot has populated, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A struct page's place in the tables. */
export interface PageTranslation extends Walk {
  /** The page frame that was asked for. */
  readonly pfn: number;
  /** Virtual address of its struct page. */
  readonly va: bigint;
}

/**
 * A machine: RAM, a kernel release and an architecture. {@link boot} builds its vmemmap; the rest reads it back, always
 * through the architecture's own walker.
 */
export class Machine {
  /** The configured architecture. */
  readonly arch: VmemmapArch;
  /** The kernel release, as data. */
  readonly release: KernelRelease;
  /** RAM at boot. */
  readonly memory: MemoryMap;
  /** Pages that hold struct pages, as /proc/vmstat counts them. */
  readonly counters: Readonly<MemmapCounters>;
  /** The architecture at work on this machine. */
  readonly ops: VmemmapOps;

  /** add_memory() and remove_memory(). */
  readonly hotplug: MemoryHotplug;
  /** memremap_pages() and memunmap_pages(). */
  readonly devices: DeviceMemory;
  /** HugeTLB pages with fewer struct pages. */
  readonly hugetlb: HugetlbVmemmap;

  readonly #m: MachineContext;
  readonly #life: SectionLife;
  readonly #preinit: HugetlbPreinit;
  readonly #onProgress: ((done: number, total: number) => void) | undefined;
  #booted = false;

  /**
   * Sets a machine up to the point where the kernel calls sparse_init().
   * @throws VmemmapError `BAD_MEMORY_MAP`, `UNKNOWN_RELEASE`, `BAD_PLUGIN`, `CONTRACT_VERSION`
   */
  constructor(options: MachineOptions) {
    const { arch, memory, release = defaultRelease } = options;
    // First: an architecture of another contract may lack anything that is looked for below.
    checkMark(arch);
    if (typeof arch !== 'object' || arch === null || typeof arch.attach !== 'function') {
      const hint =
        typeof arch === 'function' ? 'call the plugin first, as x86()' : 'pass what a plugin returns, as x86()';
      throw new VmemmapError('BAD_ARGUMENT', `arch is no architecture; ${hint}`);
    }
    if (!Array.isArray(memory?.ranges)) {
      throw new VmemmapError('BAD_ARGUMENT', 'memory has no ranges; give { ranges: [{ node, start, end }] }');
    }
    this.arch = arch;
    this.release = typeof release === 'string' ? findRelease(release) : release;
    const model = arch.modelOn?.(this.release) ?? arch.model;
    this.memory = new MemoryMap(memory, pageSize(model), model.maxPhysmemBits);
    this.#onProgress = options.onProgress;
    const window = arch.window(this.memory, this.release);
    this.#m = new MachineContext(arch, model, window, this.release, this.memory, options.memblock ?? {}, options.trace);
    this.ops = arch.attach(this.#m, { allocRoot: (bytes) => this.#allocRoot(bytes) });
    checkOps(arch, this.ops);
    this.#m.addressSpaces.push(this.ops.initMm);
    this.counters = this.#m.counters;
    this.#life = new SectionLife(this.#m, this.ops);
    const resources = new ResourceTree(this.memory.ranges);
    this.hotplug = new MemoryHotplug(this.#m, arch, this.ops, this.#life, resources, (start, end) =>
      this.hugetlb.dissolve(start, end),
    );
    this.devices = new DeviceMemory(this.#m, arch, this.ops, this.#life, resources);
    this.hugetlb = new HugetlbVmemmap(this.#m, arch, this.ops, (pa) => this.hotplug.isSelfHosted(pa));
    this.#preinit = new HugetlbPreinit(this.#m, arch, this.ops, options.bootHugePages ?? []);
    for (const rule of options.failures ?? []) this.#m.failures.add(rule);
  }

  /**
   * Boots: sparse_init(), then the page allocator takes over. A machine boots once.
   * @throws VmemmapError `KERNEL_PANIC` when the release panics without memory for the memmap
   */
  boot(): this {
    if (this.#booted) throw new VmemmapError('BAD_ARGUMENT', 'the machine has booted already; make a new one');
    this.#booted = true;
    sparseInit({
      m: this.#m,
      ops: this.ops,
      sections: this.#m.sections,
      validity: this.#m.validity,
      counters: this.#m.counters,
      preinit: this.#preinit,
      memblock: this.#m.memblock,
      backing: this.#m.backing,
      onProgress: this.#onProgress,
    });
    this.#m.ram.endBoot();
    this.#m.backing.endBoot();
    this.ops.pgtableCacheInit?.();
    for (const { start, size } of this.#preinit.populated) this.hugetlb.gatherPreinit(size, start);
    return this;
  }

  /** Page, section and struct page sizes on this machine's release. */
  get model(): MemoryModel {
    return this.#m.model;
  }

  /** Where the vmemmap lies. */
  get window(): VmemmapWindow {
    return this.#m.window;
  }

  /** init_mm first. */
  get addressSpaces(): readonly AddressSpace[] {
    return this.#m.addressSpaces;
  }

  /** Every WARN, BUG and pr_*_once condition met so far. */
  get events(): readonly KernelEvent[] {
    return this.#m.events.all;
  }

  /** Allocations that are to fail, and how many were made. */
  get failures(): FailureInjector {
    return this.#m.failures;
  }

  /** Which page frames are in use. */
  get ram(): Pick<Ram, 'freeBytes' | 'isAllocated' | 'isReserved' | 'returnedBytes' | 'removedBytes'> {
    return this.#m.ram;
  }

  /** Page-table frames in use: the `count`, their `bytes`, and what this process holds for them (`footprint`, in bytes). */
  get tableMemory(): { readonly count: number; readonly bytes: number; readonly footprint: number } {
    const { count, bytes, footprint } = this.#m.tables;
    return { count, bytes, footprint };
  }

  /** The lanes of entries as they stand in memory, two for each, from one index on. A test that damages a table does it here. */
  entryLanes(table: number, index: number, count = 1): Int32Array {
    const slot = this.#m.tables.find(table);
    if (slot < 0) throw new VmemmapError('BAD_ARGUMENT', `there is no table at 0x${table.toString(16)}`);
    const word = this.#m.tables.base[slot]! + 2 * index;
    return this.#m.tables.lanes.subarray(word, word + 2 * count);
  }

  /** Present sections, in order, as runs of equal ones. */
  sections(): Iterable<SectionRun> {
    return this.#m.sections.runs();
  }

  /** section_mem_map of a section as it stands in memory. */
  sectionMemMap(section: Pick<SectionRun, 'flags' | 'nid' | 'subsectionMap'>): bigint {
    return encodeSectionMemMap(section, this.window, this.release);
  }

  /** VA of the struct page of a pfn (pfn_to_page), mapped or not. */
  pageAddress(pfn: number): bigint {
    return BigInt.asUintN(64, this.window.base + BigInt(pfn) * BigInt(this.model.structPageSize));
  }

  /**
   * Where an address space maps an address.
   * @param root default: init_mm's
   */
  translate(va: bigint, root: number = this.ops.initMm.root): Walk {
    if (va < 0n || va >= 1n << 64n) throw new VmemmapError('BAD_ARGUMENT', `an address must be 0 to 2^64-1, not ${va}`);
    return this.ops.walker.translate(root, va);
  }

  /** Where the struct page of a pfn lies. */
  translatePage(pfn: number, root?: number): PageTranslation {
    if (!Number.isSafeInteger(pfn) || pfn < 0 || pfn >= 2 ** (this.model.maxPhysmemBits - this.model.pageShift)) {
      throw new VmemmapError(
        'BAD_ARGUMENT',
        `a pfn of this machine must be 0 to 2^${this.model.maxPhysmemBits - this.model.pageShift}-1, not ${pfn}`,
      );
    }
    const va = this.pageAddress(pfn);
    return { pfn, va, ...this.translate(va, root) };
  }

  /**
   * Translates many addresses at once.
   * @param offsets bytes from the window's start
   * @param pas filled with physical addresses, two lanes each, low first; the high lane is -1 where nothing is mapped
   */
  translateMany(offsets: Float64Array, pas: Int32Array, root: number = this.ops.initMm.root): void {
    if (pas.length < 2 * offsets.length) {
      throw new VmemmapError('BAD_ARGUMENT', `room for ${2 * offsets.length} lanes is needed, not ${pas.length}`);
    }
    if (this.ops.walker.walkMany !== undefined) {
      this.ops.walker.walkMany(root, offsets, pas);
      return;
    }
    for (let i = 0; i < offsets.length; i++) this.#translateOne(root, offsets[i]!, i, pas);
  }

  /**
   * Translates `count` addresses that lie `step` bytes apart: the fastest way through a stretch of struct pages.
   * @param first offset of the first from the window's start
   * @param step bytes, 1 to 2^30
   * @param pas filled as by {@link translateMany}
   */
  translateRange(
    first: number,
    step: number,
    count: number,
    pas: Int32Array,
    root: number = this.ops.initMm.root,
  ): void {
    if (!Number.isSafeInteger(step) || step < 1 || step > 2 ** 30) {
      throw new VmemmapError('BAD_ARGUMENT', `the step must be 1 to 2^30 bytes, not ${step}`);
    }
    if (pas.length < 2 * count)
      throw new VmemmapError('BAD_ARGUMENT', `room for ${2 * count} lanes is needed, not ${pas.length}`);
    if (this.ops.walker.walkRange !== undefined) {
      this.ops.walker.walkRange(root, first, step, count, pas);
      return;
    }
    for (let i = 0; i < count; i++) this.#translateOne(root, first + i * step, i, pas);
  }

  /** Everything that is mapped in the window, as runs of leaves, in order. */
  leaves(root: number = this.ops.initMm.root): Iterable<LeafRun> {
    return leafRuns(this.ops.walker, root, this.memory, 0, Number(this.window.end - this.window.start));
  }

  /** The tables of the window, root first, depth first. Empty without page tables. */
  tables(root: number = this.ops.initMm.root): Iterable<TableView> {
    return this.ops.walker.tables?.(root) ?? [];
  }

  /** powerpc's vmemmap_list, head first. Empty elsewhere. */
  vmemmapList(): Iterable<VmemmapBacking> {
    return this.ops.vmemmapList?.() ?? [];
  }

  /**
   * The table levels, root first: the kernel's `name`, the lowest bit of an address that selects an entry (`shift`), how many
   * bits do (`indexBits`), and the `bytes` of a table. Empty without page tables.
   */
  get levels(): readonly {
    readonly name: string;
    readonly shift: number;
    readonly indexBits: number;
    readonly bytes: number;
  }[] {
    const levels = this.ops.pageTable?.format.levels ?? [];
    return levels.map(({ name, shift, indexBits }) => ({ name, shift, indexBits, bytes: 8 * 2 ** indexBits }));
  }

  /** What struct pages and tables cost, per node. */
  cost(): MachineCost {
    return machineCost(this.memory, this.leaves(), this.tables(), this.levels, pageSize(this.model));
  }

  /** Walks every struct page and checks what must hold of it. */
  verify(onProgress?: (done: number, total: number) => void): Verification {
    return verifyMachine(this.#m, this, onProgress);
  }

  /**
   * populate_section_memmap(): struct pages for memory that is added after boot.
   * @param pfn first page, a multiple of a subsection
   * @param pages how many, a multiple of a subsection, within one section
   * @returns false where the kernel returns NULL; the counter has grown then, too
   */
  populateSection(pfn: number, pages: number, nid: number, altmap?: VmemAltmap, pgmap?: DevPagemap): boolean {
    this.#checkPages(pfn, pages);
    return this.#life.populate(nid, { pfn, pages, altmap, pgmap });
  }

  /** depopulate_section_memmap(): takes struct pages away again. */
  depopulateSection(pfn: number, pages: number, altmap?: VmemAltmap, pgmap?: DevPagemap): void {
    this.#checkPages(pfn, pages);
    this.#life.depopulate({ pfn, pages, altmap, pgmap });
  }

  /** free_map_bootmem(): gives the memmap of a whole boot section up. */
  freeMapBootmem(nr: number): void {
    const pages = pagesPerSection(this.model);
    this.#checkPages(nr * pages, pages);
    this.#life.freeMapBootmem(nr);
  }

  /** __add_pages(): struct pages for any pages, in whole subsections, as they are. */
  addPages(nid: number, span: PageSpan): Errno {
    this.#checkPages(span.pfn, span.pages);
    if (span.altmap !== undefined) this.#m.altmaps.add(span.altmap);
    return addPages(this.#m, this.#life, nid, span);
  }

  /** __remove_pages() */
  removePages(span: PageSpan): void {
    this.#checkPages(span.pfn, span.pages);
    removePages(this.#m, this.#life, span);
  }

  /** Pages that altmaps have handed out and not got back. */
  get altmapPages(): number {
    let sum = 0;
    for (const { alloc } of this.#m.altmaps) sum += alloc;
    return sum;
  }

  /** page_count() of the page of struct pages at a physical address. */
  pageCount(pa: number): number {
    return this.#m.ram.pageCount(pa);
  }

  /**
   * Makes a process: an address space with the kernel's part as it is now.
   * @throws VmemmapError `NOT_MODELLED` on an architecture whose address spaces all share the kernel's tables
   */
  createAddressSpace(name: string): AddressSpace {
    const { ops } = this;
    if (ops.createAddressSpace === undefined || ops.rootBytes === undefined) {
      throw new VmemmapError(
        'NOT_MODELLED',
        `on ${this.arch.name} every address space uses init_mm's kernel tables; there is nothing to copy`,
      );
    }
    const run = blockRun();
    this.#m.allocBlocks(Math.max(ops.rootBytes, pageSize(this.model)), this.memory.nodes[0]!, undefined, 1, run);
    if (run.count === 0)
      throw new VmemmapError('BAD_ARGUMENT', `no memory is left for the root table of ${JSON.stringify(name)}`);
    const mm = ops.createAddressSpace(name, run.pa);
    this.#m.addressSpaces.push(mm);
    return mm;
  }

  /** Offset into the window of the struct page of a pfn. */
  offsetOfPage(pfn: number): number {
    return offsetOfPage(this.model, this.window, pfn);
  }

  #translateOne(root: number, offset: number, i: number, pas: Int32Array): void {
    const one = translation();
    this.ops.walker.walk(root, offset, one);
    pas[2 * i] = one.pa;
    pas[2 * i + 1] = one.mapped ? one.pa / LANE : -1;
  }

  #allocRoot(bytes: number): number {
    const pa = this.#m.memblock.reserveLow(Math.max(bytes, pageSize(this.model)), bytes, this.model.bootGoal);
    if (pa < 0)
      throw new VmemmapError(
        'BAD_MEMORY_MAP',
        `the memory map has no room for a kernel; give it more than ${bytes} bytes`,
      );
    return pa;
  }

  #checkPages(pfn: number, pages: number): void {
    const limit = 2 ** (this.model.maxPhysmemBits - this.model.pageShift);
    const whole = Number.isSafeInteger(pfn) && Number.isSafeInteger(pages);
    if (!whole || pfn < 0 || pages < 1 || pfn + pages > limit) {
      throw new VmemmapError(
        'BAD_ARGUMENT',
        `pages ${pfn} to ${pfn + pages} are not all below the physical limit of ${limit} pages`,
      );
    }
  }
}

/** Makes a machine and boots it. */
export function boot(options: MachineOptions): Machine {
  return new Machine(options).boot();
}
