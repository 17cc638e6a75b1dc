import { errnoName, hex, type KernelRelease, type Machine, OK, pageSize, pagesPerSubsection } from '@vmemmap/core';
import { declares } from '../declares.ts';
import type { Subject } from '../subject.ts';

/** Something that is done to a machine. Numbers are taken modulo what there is to choose from. */
export interface Deed {
  readonly kind: 'add' | 'remove' | 'add-pages' | 'remove-pages' | 'remap' | 'unmap' | 'optimize' | 'restore';
  /** Which block, section, device or huge page. */
  readonly place: number;
  /** What variety: on memory or not, how many subsections, which compound. */
  readonly shape: number;
  /** The allocation that fails, from 1; 0 for none. */
  readonly fail: number;
}

/** Blocks that can be added, sections that can be added in part, devices, huge pages. */
const PLACES = 4;
/** First physical address of what comes after boot, in sections: far above the RAM of boot. */
const FAR_SECTIONS = 64;

/** What failing allocations may come to. */
const MAY_FAIL: readonly string[] = ['OK', 'ENOMEM'];

/** A device as it was mapped. */
interface Mapped {
  readonly id: string;
  readonly end: number;
}

/**
 * A machine that lives: memory is added and removed, in blocks and in subsections, devices are mapped and unmapped, huge
 * pages optimised and restored. What should be there is known beside it, as plain sets.
 */
export class Lifetime {
  readonly machine: Machine;
  /** Sections of a failed mapping stayed, and the kernel has no way to give them back. */
  leaked = false;
  /** Something was not populated, for want of memory or of a way to. */
  refused = false;
  /** Allocations that failed so far, at most. */
  failed = 0;
  readonly #subject: Subject;
  readonly #blocks = new Set<number>();
  readonly #parts = new Map<number, { readonly pfn: number; readonly pages: number }>();
  readonly #devices = new Map<number, Mapped>();
  readonly #huge = new Set<number>();
  readonly #section: number;
  readonly #far: number;
  readonly #hugeSize: number | undefined;
  #next = 0;

  constructor(subject: Subject, release: KernelRelease) {
    this.#subject = subject;
    const { arch } = subject;
    const model = arch.modelOn?.(release) ?? arch.model;
    this.#section = 2 ** model.sectionSizeBits;
    const [range] = subject.geometry.memory('one-node').ranges;
    const start = range!.start;
    const size = range!.end - start;
    this.#hugeSize = (arch.hugePageSizes ?? []).find((bytes) => bytes <= this.#section && bytes >= 2 ** 20);
    // Huge pages lie at the end of RAM, out of the allocators' way.
    const huge = PLACES * (this.#hugeSize ?? 0);
    const end = Math.ceil((start + size + huge) / this.#section) * this.#section;
    this.#hugeStart = end - huge;
    this.machine = subject.fresh({
      release,
      memory: { ranges: [{ node: 0, start, end }] },
      memblock: { reserved: huge === 0 ? [] : [[this.#hugeStart, end]] },
    });
    this.#far = Math.ceil(end / this.#section + FAR_SECTIONS) * this.#section;
  }

  readonly #hugeStart: number;

  /** Does something, with what fails, and checks what it came to. */
  do(deed: Deed): void {
    const { machine } = this;
    const times = 1 + (deed.shape % 3);
    if (deed.fail > 0) machine.failures.add({ nth: deed.fail, times });
    try {
      this.#do(deed);
    } finally {
      if (deed.fail > 0 && machine.failures.unfired.length === 0) this.failed += times;
      machine.failures.clear();
    }
    this.check(deed.kind);
  }

  /** Undoes everything that can be undone. */
  undo(): void {
    for (const place of [...this.#huge]) this.#restore(place);
    for (const place of [...this.#devices.keys()]) this.#unmap(place);
    for (const place of [...this.#parts.keys()]) this.#removePages(place);
    for (const place of [...this.#blocks]) this.#remove(place);
    this.check('undo');
  }

  /** Checks what must hold of a machine at any time. */
  check(after: string): void {
    const faults = this.leaked ? [] : [...this.machine.verify().problems];
    for (const { id, message } of this.machine.events) if (id === 'bad-free') faults.push(message);
    for (const { flags, nr, subsectionMap } of this.machine.sections())
      if (subsectionMap === 0n || flags === 0) faults.push(`section ${nr} has no subsections, or no flags`);
    if (!this.leaked) faults.push(...this.#wrongSections());
    if (faults.length > 0) throw new Error(`after ${after}: ${faults.slice(0, 5).join('\n')}`);
  }

  #do({ kind, place: any, shape }: Deed): void {
    const place = any % PLACES;
    switch (kind) {
      case 'add':
        this.#add(place, shape % 2 === 1);
        break;
      case 'remove':
        this.#remove(place);
        break;
      case 'add-pages':
        this.#addPages(place, shape);
        break;
      case 'remove-pages':
        this.#removePages(place);
        break;
      case 'remap':
        this.#remap(place, shape);
        break;
      case 'unmap':
        this.#unmap(place);
        break;
      case 'optimize':
        this.#optimize(place);
        break;
      case 'restore':
        this.#restore(place);
        break;
    }
  }

  #add(place: number, memmapOnMemory: boolean): void {
    const start = this.#far + place * this.#section;
    const { machine } = this;
    const errno = errnoName(machine.hotplug.add({ node: 0, start, end: start + this.#section, memmapOnMemory }));
    if (this.#blocks.has(place)) this.#expect('add', errno, ['EEXIST']);
    else this.#expect('add', errno, [...MAY_FAIL, ...this.#beyond(start + this.#section, 'E2BIG')]);
    if (errno === 'OK') this.#blocks.add(place);
  }

  #remove(place: number): void {
    if (!this.#blocks.has(place)) return;
    const start = this.#far + place * this.#section;
    this.#expect('remove', errnoName(this.machine.hotplug.remove(start, start + this.#section)), ['OK']);
    this.#blocks.delete(place);
  }

  // A part of a section of its own: some subsections from somewhere on.
  #addPages(place: number, shape: number): void {
    const { model } = this.machine;
    // Where a page holds struct pages of several subsections, a part that begins inside of one is not populated to its
    // end (mm/sparse-vmemmap.c:vmemmap_populate_range goes on by whole pages from where it begins).
    let per = pagesPerSubsection(model);
    const whole = this.#section / pageSize(model);
    while ((per * model.structPageSize) % pageSize(model) !== 0 && per < whole) per *= 2;
    const all = whole / per;
    const first = shape % all;
    const pages = Math.max(1, Math.min(all - first, (shape >> 3) % all)) * per;
    const pfn = (this.#far + (2 * PLACES + place) * this.#section) / pageSize(model) + first * per;
    const known = this.#parts.get(place);
    // Some architectures free a leaf with the first part of it: then a section has one part at a time.
    if (known !== undefined && (pfn + pages <= known.pfn || known.pfn + known.pages <= pfn)) return;
    if (this.#beyond((pfn + pages) * pageSize(model), 'beyond').length > 0) return;
    const errno = errnoName(this.machine.addPages(0, { pfn, pages }));
    this.#expect('add-pages', errno, known === undefined ? MAY_FAIL : ['EEXIST']);
    if (errno === 'OK') this.#parts.set(place, { pfn, pages });
  }

  #removePages(place: number): void {
    const part = this.#parts.get(place);
    if (part === undefined) return;
    this.machine.removePages(part);
    this.#parts.delete(place);
  }

  #remap(place: number, shape: number): void {
    if (this.#devices.has(place)) return;
    const { machine } = this;
    const page = pageSize(machine.model);
    const order = [
      0,
      Math.log2(2 ** 21 / page),
      Math.log2(this.#section / page),
      Math.log2((2 * this.#section) / page),
    ];
    const vmemmapShift = order[shape % order.length]!;
    const length = 2 * this.#section;
    const room = 4 * length;
    const base = Math.ceil((this.#far + 16 * this.#section) / room) * room + place * room;
    const withAltmap = shape % 5 === 4;
    const two = shape % 3 === 2 && !withAltmap;
    const ranges = [{ start: base, end: base + length }];
    if (two) ranges.push({ start: base + 2 * length, end: base + 3 * length });
    const free = Math.floor((length / page) * 0.9);
    const altmap = withAltmap ? { basePfn: base / page, reserve: 2, free } : undefined;
    const id = `device ${this.#next++}`;
    const errno = errnoName(machine.devices.memremap({ id, node: 0, ranges, vmemmapShift, altmap }));
    this.#expect('remap', errno, [
      ...MAY_FAIL,
      ...(withAltmap || this.leaked ? ['EEXIST'] : []),
      ...this.#beyond(ranges.at(-1)!.end, 'EINVAL'),
      // Without CONFIG_ZONE_DEVICE there is nothing to map devices with.
      ...(this.#subject.arch.hasZoneDevice?.(machine.release) === false ? ['ENXIO'] : []),
    ]);
    if (errno === 'OK') this.#devices.set(place, { id, end: ranges.at(-1)!.end });
    else if (this.#hasSections(base, base + 3 * length)) this.leaked = true;
  }

  #unmap(place: number): void {
    const device = this.#devices.get(place);
    if (device === undefined) return;
    this.machine.devices.memunmap(device.id);
    this.#devices.delete(place);
  }

  #optimize(place: number): void {
    const pages = this.#hugePage(place);
    if (pages === undefined) return;
    const { optimized, inert } = this.machine.hugetlb.optimize(this.#hugeSize!, pages);
    if (inert === undefined && optimized === 1) this.#huge.add(place);
  }

  #restore(place: number): void {
    const pages = this.#hugePage(place);
    if (pages === undefined) return;
    const { errno } = this.machine.hugetlb.restore(this.#hugeSize!, pages);
    this.#expect('restore', errnoName(errno), MAY_FAIL);
    if (errno === OK) this.#huge.delete(place);
  }

  #hugePage(place: number): { readonly start: number; readonly count: number }[] | undefined {
    if (this.#hugeSize === undefined) return undefined;
    return [{ start: this.#hugeStart + place * this.#hugeSize, count: 1 }];
  }

  #expect(what: string, errno: string, allowed: readonly string[]): void {
    this.refused ||= errno === 'ENOMEM';
    if (allowed.includes(errno)) return;
    throw new Error(`${this.#subject.label}: ${what} came to ${errno}, not to ${allowed.join(' or ')}`);
  }

  // What the kernel says of memory that it has no addresses for.
  #beyond(end: number, errno: string): readonly string[] {
    const { memory, model, release } = this.machine;
    const limit = this.#subject.arch.mappableRange?.(memory, release)?.end ?? 2 ** model.maxPhysmemBits;
    return end > limit ? [errno] : [];
  }

  #hasSections(start: number, end: number): boolean {
    for (const { nr, count } of this.machine.sections()) {
      if (nr * this.#section < end && (nr + count) * this.#section > start) return true;
    }
    return false;
  }

  // Sections far above RAM are there exactly where something was added and not removed.
  #wrongSections(): string[] {
    const wanted = new Map<number, string>();
    const put = (start: number, end: number, what: string): void => {
      for (let nr = Math.floor(start / this.#section); nr * this.#section < end; nr++) wanted.set(nr, what);
    };
    const page = pageSize(this.machine.model);
    for (const place of this.#blocks)
      put(this.#far + place * this.#section, this.#far + (place + 1) * this.#section, `block ${place}`);
    for (const [place, { pfn, pages }] of this.#parts) put(pfn * page, (pfn + pages) * page, `part ${place}`);
    for (const { pgmap, id } of this.machine.devices.devices)
      for (const { start, end } of pgmap.ranges) put(start, end, id);
    const faults: string[] = [];
    for (const { nr, count } of this.machine.sections()) {
      if (nr * this.#section < this.#far) continue;
      for (let n = nr; n < nr + count; n++)
        if (!wanted.delete(n)) faults.push(`section ${n} at ${hex(n * this.#section)} is present for nothing`);
    }
    for (const [nr, what] of wanted) faults.push(`section ${nr} of ${what} is not present`);
    return faults;
  }
}

/** What a machine has: to be the same after all that was done is undone. */
export interface Holdings {
  /** Bytes of RAM that are free, tables not counted. */
  readonly free: number;
  readonly hot: number;
  readonly boot: number;
}

/**
 * What a machine holds, less what the kernel itself leaves behind:
 * - page tables that stay (x86: mm/init_64.c frees no table below a top-level entry; a PMD that was split stays split),
 * - the tail page of a zone (zone->vmemmap_tails), which is never given back,
 * - on an architecture that frees nothing, everything.
 */
export function holdings({ machine }: Lifetime): Holdings {
  const page = pageSize(machine.model);
  const { nr_memmap_pages, nr_memmap_boot_pages } = machine.counters;
  let tables = 0;
  const pages = new Set<number>();
  for (const { pa, level } of machine.tables())
    for (let at = pa - (pa % page); at < pa + machine.levels[level]!.bytes; at += page) pages.add(at);
  tables = pages.size * page;
  const tails = machine.hugetlb.sharedTails.length * page;
  return { free: machine.ram.freeBytes() + tables + tails, hot: nr_memmap_pages, boot: nr_memmap_boot_pages };
}

/** True when vmemmap_free() gives memory back at all, and tables are whole pages that go when they are empty. */
export function givesBack({ machine }: Lifetime): boolean {
  return machine.arch.capabilities.includes('free') && !declares(machine.arch, 'assumes-populated');
}
