import { hex } from '../bits.ts';
import type { VmemmapArch, VmemmapOps } from '../contract/arch.ts';
import { type MemoryModel, pageSize, pagesPerSection } from '../contract/model.ts';
import type { DevPagemap } from '../contract/pgmap.ts';
import { EINVAL, ENOMEM, ENXIO, type Errno, OK } from '../errno.ts';
import { VmemmapError } from '../errors.ts';
import { checkBytes, checkHotplug, mhpRangeAllowed } from '../hotplug/memory-hotplug.ts';
import { archAddMemory, pageSpan, removePages } from '../hotplug/pages.ts';
import type { MachineContext } from '../machine/context.ts';
import { type VmemAltmap, vmemAltmap } from '../memory/altmap.ts';
import type { ResourceTree } from '../memory/resources.ts';
import { SECTION_FLAGS } from '../sparse/section.ts';
import type { SectionLife } from '../sparse/section-life.ts';

/** Device memory that is to get struct pages, as one memremap_pages() call. */
export interface DeviceOptions {
  /** What it is unmapped by. */
  readonly id: string;
  /** Node that the memory is on. */
  readonly node: number;
  /** Physical ranges, `[start, end)` in bytes. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  /** log2 of the compound page in base pages. Default 0: none. */
  readonly vmemmapShift?: number;
  /**
   * Pages of the device itself for its memmap (PGMAP_ALTMAP_VALID): from the page frame `basePfn` on, `reserve` pages are
   * kept for the driver and `free` ones after those may hold it. Default: the memmap lies in RAM.
   */
  readonly altmap?: { readonly basePfn: number; readonly reserve: number; readonly free: number } | undefined;
}

/** Device memory that has struct pages. */
export interface Device {
  /** The name it was added under. */
  readonly id: string;
  /** Node that the memory is on. */
  readonly node: number;
  /** Its ranges, and the order of its compounds. */
  readonly pgmap: DevPagemap;
  /** Pages of the device itself for its memmap; undefined when the memmap lies in RAM. */
  readonly altmap: VmemAltmap | undefined;
}

/** struct dev_pagemap while its ranges are onlined one after the other. */
interface OnliningPagemap extends DevPagemap {
  nrRange: number;
}

/** memremap_pages() and memunmap_pages() (mm/memremap.c) for memory that the CPU can address (MEMORY_DEVICE_GENERIC). */
export class DeviceMemory {
  readonly #m: MachineContext;
  readonly #arch: VmemmapArch;
  readonly #ops: VmemmapOps;
  readonly #life: SectionLife;
  readonly #resources: ResourceTree;
  readonly #devices = new Map<string, Device & { readonly pgmap: OnliningPagemap }>();

  constructor(m: MachineContext, arch: VmemmapArch, ops: VmemmapOps, life: SectionLife, resources: ResourceTree) {
    this.#m = m;
    this.#arch = arch;
    this.#ops = ops;
    this.#life = life;
    this.#resources = resources;
  }

  /** Devices that have struct pages now. */
  get devices(): readonly Device[] {
    return [...this.#devices.values()];
  }

  /**
   * memremap_pages(): struct pages for a device's ranges. When one fails, those before it are unmapped; what
   * __add_pages() had done of the failed one stays.
   * @returns 0, -EINVAL, -ENOMEM, -ENXIO as the kernel does
   * @throws VmemmapError `BAD_ARGUMENT` for what no driver could pass
   */
  memremap(options: DeviceOptions): Errno {
    const m = this.#m;
    const { id, node, ranges, vmemmapShift = 0, altmap: from } = options;
    checkHotplug(this.#arch);
    if (this.#devices.has(id))
      throw new VmemmapError('BAD_ARGUMENT', `device ${id} has struct pages already; unmap it`);
    for (const { start, end } of ranges) checkBytes(m, start, end);
    if (this.#arch.hasZoneDevice?.(m.release) === false) {
      m.events.record(
        'WARN_ON_ONCE',
        'no-zone-device',
        'include/linux/memremap.h:devm_memremap_pages',
        () => 'the kernel is built without CONFIG_ZONE_DEVICE',
      );
      return ENXIO;
    }
    if (!Number.isSafeInteger(vmemmapShift) || vmemmapShift < 0 || vmemmapShift > 30)
      throw new VmemmapError('BAD_ARGUMENT', `vmemmapShift must be 0 to 30, not ${vmemmapShift}`);
    if (ranges.length === 0) return this.#refuse('WARN_ONCE', 'no-range', 'nr_range must be specified', EINVAL);
    if (m.release.limitsDeviceFolios && vmemmapShift > maxFolioOrder(m.model))
      return this.#refuse('WARN_ONCE', 'folio-size', 'requested folio size unsupported', EINVAL);
    const last = Math.floor((ranges[0]!.end - 1) / pageSize(m.model));
    const altmap = from && vmemAltmap(from.basePfn, last, from.reserve, from.free);
    if (altmap !== undefined) m.altmaps.add(altmap);
    // nr_range counts the ranges that are online: also how many have to be unmapped when one fails.
    const pgmap: OnliningPagemap = { ranges, nrRange: 0, vmemmapShift };
    const device = { id, node, pgmap, altmap };
    for (const range of ranges) {
      const err = this.#pagemapRange(device, range);
      if (err !== OK) {
        this.#unmap(device);
        return err;
      }
      pgmap.nrRange++;
    }
    this.#devices.set(id, device);
    return OK;
  }

  /**
   * memunmap_pages()
   * @throws VmemmapError `BAD_ARGUMENT` when there is no such device
   */
  memunmap(id: string): void {
    const device = this.#devices.get(id);
    if (device === undefined) throw new VmemmapError('BAD_ARGUMENT', `no device ${id} has struct pages`);
    this.#devices.delete(id);
    this.#unmap(device);
  }

  // pagemap_range()
  #pagemapRange(device: Device, range: { readonly start: number; readonly end: number }): Errno {
    const m = this.#m;
    const { node, pgmap, altmap } = device;
    const { start, end } = range;
    if (altmap !== undefined && pgmap.nrRange > 0)
      return this.#refuse('WARN_ONCE', 'altmap-of-ranges', 'altmap not supported for multiple ranges', EINVAL);
    if (this.#resources.at(start) === 'device' || this.#resources.at(end - 1) === 'device')
      return this.#refuse('WARN', 'conflicting-pgmap', 'Conflicting mapping in same section', ENOMEM);
    const ram = this.#resources.intersects('System RAM', start, end);
    if (ram !== 'disjoint') {
      const text = `attempted on ${ram === 'mixed' ? 'mixed' : 'ram'} region ${hex(start)}-${hex(end - 1)}`;
      return this.#refuse('WARN_ONCE', 'region-is-ram', text, ENXIO);
    }
    if (!mhpRangeAllowed(m, this.#arch, start, end)) return EINVAL;
    this.#resources.add('device', start, end);
    const err = archAddMemory(m, this.#ops, this.#life, node, { ...pageSpan(m, range), altmap, pgmap });
    if (err !== OK) {
      this.#resources.remove(start, end);
      return err;
    }
    this.#taint(start, end);
    return OK;
  }

  // memunmap_pages(), less waiting: pageunmap_range() for every range that is online.
  #unmap({ pgmap, altmap }: Device): void {
    const m = this.#m;
    const online = pgmap.nrRange;
    for (const range of pgmap.ranges.slice(0, online)) {
      removePages(m, this.#life, { ...pageSpan(m, range), altmap, pgmap });
      this.#resources.remove(range.start, range.end);
    }
    if (altmap === undefined) return;
    if (altmap.alloc === 0) m.altmaps.delete(altmap);
    else
      this.#refuse(
        'WARN_ONCE',
        'altmap-not-freed',
        `failed to free all reserved pages: ${altmap.alloc} of them`,
        ENOMEM,
      );
  }

  // move_pfn_range_to_zone(): sections that the device shares with other memory are marked.
  #taint(start: number, end: number): void {
    const m = this.#m;
    const { pfn, pages } = pageSpan(m, { start, end });
    const section = pagesPerSection(m.model);
    for (const at of [pfn, pfn + pages]) {
      if (at % section === 0) continue;
      const nr = Math.floor(at / section);
      m.sections.update(
        nr,
        nr + 1,
        (state) => state && { ...state, flags: state.flags | SECTION_FLAGS.TAINT_ZONE_DEVICE },
      );
    }
  }

  #refuse(kind: 'WARN' | 'WARN_ONCE', id: string, message: string, errno: Errno): Errno {
    this.#m.events.record(kind, id, 'mm/memremap.c', () => message);
    return errno;
  }
}

/** MAX_FOLIO_ORDER (include/linux/mmzone.h) on 64 bits with HugeTLB: 16 GiB. */
function maxFolioOrder({ pageShift }: MemoryModel): number {
  return 34 - pageShift;
}
