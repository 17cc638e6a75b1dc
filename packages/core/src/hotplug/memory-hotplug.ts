import { alignDown, alignUp, hex, isAligned } from '../bits.ts';
import type { VmemmapArch, VmemmapOps } from '../contract/arch.ts';
import { pageSize } from '../contract/model.ts';
import { E2BIG, EBUSY, EEXIST, EINVAL, type Errno, OK } from '../errno.ts';
import { VmemmapError } from '../errors.ts';
import type { MachineContext } from '../machine/context.ts';
import { type VmemAltmap, vmemAltmap } from '../memory/altmap.ts';
import type { ResourceTree } from '../memory/resources.ts';
import { SECTION_FLAGS } from '../sparse/section.ts';
import type { SectionLife } from '../sparse/section-life.ts';
import { type MemmapOnMemory, memmapOnMemoryPages, supportsMemmapOnMemory } from './memmap-on-memory.ts';
import { archAddMemory, pageSpan, removePages } from './pages.ts';

/** Memory that is added, as one add_memory() call. Bytes of physical address, `[start, end)`. */
export interface AddedMemory {
  /** Node that the memory is on. */
  readonly node: number;
  /** First byte. */
  readonly start: number;
  /** First byte after the memory. */
  readonly end: number;
  /** memory_block_size_bytes(). Default: a section. */
  readonly blockSize?: number;
  /** MHP_MEMMAP_ON_MEMORY: each block is asked to hold its own memmap. Default false. */
  readonly memmapOnMemory?: boolean;
  /** The module parameter; without it the wish is not heard. Default `on`. */
  readonly mode?: MemmapOnMemory;
}

/** add_memory() and remove_memory() (mm/memory_hotplug.c), onlining included. */
export class MemoryHotplug {
  readonly #m: MachineContext;
  readonly #arch: VmemmapArch;
  readonly #ops: VmemmapOps;
  readonly #life: SectionLife;
  readonly #resources: ResourceTree;
  readonly #dissolve: (start: number, end: number) => Errno;
  // Of blocks that hold their own memmap, by start of the block.
  readonly #altmaps = new Map<number, VmemAltmap>();

  /** @param dissolve dissolve_free_hugetlb_folios(): gives the huge pages of a range back, with all of their struct pages */
  constructor(
    m: MachineContext,
    arch: VmemmapArch,
    ops: VmemmapOps,
    life: SectionLife,
    resources: ResourceTree,
    dissolve: (start: number, end: number) => Errno,
  ) {
    this.#m = m;
    this.#arch = arch;
    this.#ops = ops;
    this.#life = life;
    this.#resources = resources;
    this.#dissolve = dissolve;
  }

  /**
   * Adds memory and onlines it as movable: struct pages never come from it, save its own.
   * @returns 0, -E2BIG for addresses that the kernel cannot use, -EEXIST where something is already, -EINVAL for a range that is not in
   * whole blocks, or what __add_pages() came to
   */
  add(added: AddedMemory): Errno {
    const m = this.#m;
    const { node, start, end, blockSize = 2 ** m.model.sectionSizeBits, memmapOnMemory = false, mode = 'on' } = added;
    this.#checkSupported();
    checkBytes(m, start, end);
    this.#checkBlockSize(blockSize);
    // register_memory_resource()
    if (!mhpRangeAllowed(m, this.#arch, start, end)) return E2BIG;
    if (!this.#resources.add('System RAM', start, end)) return EEXIST;
    if (!isAligned(start, blockSize) || !isAligned(end, blockSize)) {
      m.events.record(
        'pr_err',
        'unaligned-hotplug-range',
        'mm/memory_hotplug.c:check_hotplug_memory_range',
        () => `Block size [${hex(blockSize)}] unaligned hotplug range: start ${hex(start)}, size ${hex(end - start)}`,
      );
      this.#resources.remove(start, end);
      return EINVAL;
    }
    const rules = { model: m.model, arch: this.#arch, ops: this.#ops };
    const selfHosted = memmapOnMemory && supportsMemmapOnMemory(rules, blockSize, mode);
    const err = selfHosted
      ? this.#addBlocksWithAltmaps(node, start, end, blockSize, memmapOnMemoryPages(rules, blockSize, mode))
      : archAddMemory(m, this.#ops, this.#life, node, pageSpan(m, { start, end }));
    if (err !== OK) {
      this.#resources.remove(start, end);
      return err;
    }
    // online_mem_sections()
    this.#setFlags(start, end, (flags) => flags | SECTION_FLAGS.IS_ONLINE);
    return OK;
  }

  /**
   * A device's memory becomes system RAM (drivers/dax/kmem.c:dev_dax_kmem_probe): its whole memory blocks alone.
   * @returns 0, -EINVAL when there is no whole block, -EBUSY where something is already, or what {@link add} comes to
   */
  onlineKmem(added: AddedMemory): Errno {
    const m = this.#m;
    checkHotplug(this.#arch);
    checkBytes(m, added.start, added.end);
    const { blockSize = 2 ** m.model.sectionSizeBits } = added;
    this.#checkBlockSize(blockSize);
    // dax_kmem_range()
    const start = alignUp(added.start, blockSize);
    const end = alignDown(added.end, blockSize);
    if (start >= end) return EINVAL;
    if (!this.#resources.isFree(start, end)) return EBUSY;
    return this.add({ ...added, start, end });
  }

  /**
   * Offlines and removes memory, that of boot too.
   * @returns 0; -EINVAL for blocks with holes, or in several zones or nodes, or when some have altmaps and others not;
   * -EBUSY when pages in it are in use and cannot be moved: struct pages of other memory, tables; -ENOMEM when a huge page
   * cannot get its struct pages back; or what the architecture refuses it with
   * @param blockSize memory_block_size_bytes(). Default: that of memory that was added, else a section
   */
  remove(start: number, end: number, blockSize: number = this.#size ?? 2 ** this.#m.model.sectionSizeBits): Errno {
    const m = this.#m;
    this.#checkSupported();
    checkBytes(m, start, end);
    checkPfns(m, end);
    this.#checkBlockSize(blockSize);
    if (end === start || !isAligned(start, blockSize) || !isAligned(end, blockSize)) {
      m.events.stop(
        'BUG_ON',
        'unaligned-hotplug-range',
        'mm/memory_hotplug.c:try_remove_memory',
        `check_hotplug_memory_range(start ${hex(start)}, size ${hex(end - start)}): no whole blocks of ${hex(blockSize)}`,
      );
    }
    const err = this.#offline(start, end, blockSize);
    if (err !== OK) return err;
    const withAltmap: number[] = [];
    for (let at = start; at < end; at += blockSize) if (this.#altmaps.has(at)) withAltmap.push(at);
    if (withAltmap.length === 0) removePages(m, this.#life, pageSpan(m, { start, end }));
    else if (withAltmap.length * blockSize !== end - start) {
      m.events.record(
        'WARN_ON_ONCE',
        'some-blocks-have-altmaps',
        'mm/memory_hotplug.c:memory_blocks_have_altmaps',
        () => `num_memblocks ${(end - start) / blockSize} != num_altmaps ${withAltmap.length}`,
      );
      return EINVAL;
    } else for (const at of withAltmap) this.#removeBlock(at, blockSize);
    m.ram.takeOut(start, end);
    this.#resources.remove(start, end);
    return OK;
  }

  /** PageVmemmapSelfHosted(): whether a page belongs to the memmap at the start of its own memory block. */
  isSelfHosted(pa: number): boolean {
    if (this.#size === undefined) return false;
    const start = alignDown(pa, this.#size);
    const altmap = this.#altmaps.get(start);
    return altmap !== undefined && pa < start + altmap.free * pageSize(this.#m.model);
  }

  // create_altmaps_and_memory_blocks(): one altmap for each block. When one fails, those before it go again.
  #addBlocksWithAltmaps(node: number, start: number, end: number, blockSize: number, memmapPages: number): Errno {
    const m = this.#m;
    const page = pageSize(m.model);
    for (let at = start; at < end; at += blockSize) {
      const altmap = vmemAltmap(at / page, Math.floor((at + blockSize - 1) / page), 0, memmapPages);
      m.altmaps.add(altmap);
      const span = { ...pageSpan(m, { start: at, end: at + blockSize }), altmap };
      const err = archAddMemory(m, this.#ops, this.#life, node, span);
      if (err === OK) {
        this.#altmaps.set(at, altmap);
        continue;
      }
      this.#altmapFree(altmap);
      for (let done = start; done < at; done += blockSize) this.#removeBlock(done, blockSize);
      return err;
    }
    return OK;
  }

  // One turn of remove_memory_blocks_and_altmaps()
  #removeBlock(start: number, blockSize: number): void {
    const m = this.#m;
    const altmap = this.#altmaps.get(start)!;
    this.#altmaps.delete(start);
    removePages(m, this.#life, { ...pageSpan(m, { start, end: start + blockSize }), altmap });
    this.#altmapFree(altmap);
  }

  // altmap_free(). Where struct pages still lie in it, they go on doing so.
  #altmapFree(altmap: VmemAltmap): void {
    if (altmap.alloc === 0) this.#m.altmaps.delete(altmap);
    else
      this.#m.events.record(
        'WARN_ONCE',
        'altmap-not-fully-unmapped',
        'mm/memory_hotplug.c:altmap_free',
        () => `Altmap not fully unmapped: ${altmap.alloc} pages from pfn ${hex(altmap.basePfn)}`,
      );
  }

  // memory_block_offline() and offline_pages(), for every block that there is: all refusals, in their order.
  #offline(start: number, end: number, blockSize: number): Errno {
    const m = this.#m;
    for (let at = start; at < end; at += blockSize) {
      const to = at + blockSize;
      const flags = this.#flagsIn(at, to);
      if ((flags & SECTION_FLAGS.HAS_MEM_MAP) === 0) continue;
      const early = (flags & SECTION_FLAGS.IS_EARLY) !== 0;
      const holes = this.#resources.intersects('System RAM', at, to) !== 'all';
      if (holes || (early && this.#isInSeveral(at, to))) return EINVAL;
      if (m.ram.isInUse(at, to)) return EBUSY;
      const err = this.#ops.memoryGoingOffline?.(at, to, early) ?? OK;
      if (err !== OK) return err;
    }
    const err = this.#dissolve(start, end);
    // offline_mem_sections()
    if (err === OK) this.#setFlags(start, end, (flags) => flags & ~SECTION_FLAGS.IS_ONLINE);
    return err;
  }

  // early_node_zone_for_memory_block(): a block of boot in several zones or nodes has none, and cannot go offline.
  #isInSeveral(start: number, end: number): boolean {
    const { zones, memory } = this.#m;
    const inside = memory.ranges.filter((range) => range.start < end && start < range.end);
    return !zones.isInOneZone(start, end) || inside.some(({ node }) => node !== inside[0]!.node);
  }

  // The flags that any section of a range has.
  #flagsIn(start: number, end: number): number {
    const bytes = 2 ** this.#m.model.sectionSizeBits;
    let all = 0;
    for (const { flags } of this.#m.sections.runs(Math.floor(start / bytes), Math.ceil(end / bytes))) all |= flags;
    return all;
  }

  #setFlags(start: number, end: number, change: (flags: number) => number): void {
    const bytes = 2 ** this.#m.model.sectionSizeBits;
    this.#m.sections.update(
      Math.floor(start / bytes),
      Math.ceil(end / bytes),
      (state) => state && { ...state, flags: change(state.flags) },
    );
  }

  // Blocks are all of one size on one machine.
  #size: number | undefined;

  #checkBlockSize(blockSize: number): void {
    const section = 2 ** this.#m.model.sectionSizeBits;
    if (!Number.isSafeInteger(blockSize) || blockSize < section || !Number.isInteger(Math.log2(blockSize))) {
      throw new VmemmapError(
        'BAD_ARGUMENT',
        `a memory block must be a power of two of at least a section (${hex(section)} bytes), not ${blockSize}`,
      );
    }
    if (this.#size !== undefined && this.#size !== blockSize) {
      throw new VmemmapError(
        'BAD_ARGUMENT',
        `memory blocks have ${hex(this.#size)} bytes on this machine; give all steps the same size, not ${hex(blockSize)}`,
      );
    }
    this.#size = blockSize;
  }

  #checkSupported(): void {
    checkHotplug(this.#arch);
  }
}

/** @throws VmemmapError `NOT_SUPPORTED` on an architecture without memory hotplug */
export function checkHotplug(arch: VmemmapArch): void {
  if (arch.capabilities.includes('memory-hotplug')) return;
  const why = arch.without?.['memory-hotplug'];
  throw new VmemmapError(
    'NOT_SUPPORTED',
    `${arch.name} has no memory hotplug${why === undefined ? '' : ` (${why})`}; leave steps that add memory out`,
  );
}

/** mhp_range_allowed(): whether `[start, end)` is memory that the linear mapping can reach. */
export function mhpRangeAllowed(m: MachineContext, arch: VmemmapArch, start: number, end: number): boolean {
  const limit = 2 ** m.model.maxPhysmemBits;
  const mappable = arch.mappableRange?.(m.memory, m.release) ?? { start: 0, end: limit };
  const last = Math.min(mappable.end, limit);
  if (start < end && start >= mappable.start && end <= last) return true;
  m.events.record(
    'pr_warn',
    'range-not-allowed',
    'mm/memory_hotplug.c:mhp_range_allowed',
    () =>
      `Hotplug memory [${hex(start)}-${hex(end)}] exceeds maximum addressable range [${hex(mappable.start)}-${hex(last - 1)}]`,
  );
  return false;
}

// There is no section for what lies beyond.
function checkPfns({ model }: MachineContext, end: number): void {
  const limit = 2 ** model.maxPhysmemBits;
  if (end > limit)
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `${hex(end)} lies beyond the physical limit; give addresses below ${hex(limit)}`,
    );
}

/** @throws VmemmapError `BAD_ARGUMENT` for a range that is none */
export function checkBytes(m: MachineContext, start: number, end: number): void {
  const page = pageSize(m.model);
  const whole =
    Number.isSafeInteger(start) && Number.isSafeInteger(end) && isAligned(start, page) && isAligned(end, page);
  if (whole && start >= 0 && start <= end) return;
  throw new VmemmapError(
    'BAD_ARGUMENT',
    `${String(start)} to ${String(end)} is no range of memory; give whole pages, upwards`,
  );
}
