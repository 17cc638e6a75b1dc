import { isAligned } from '../bits.ts';
import type { VmemmapArch, VmemmapOps } from '../contract/arch.ts';
import { offsetOfPage, pageSize } from '../contract/model.ts';
import { ENOMEM, type Errno, OK } from '../errno.ts';
import { VmemmapError } from '../errors.ts';
import type { MachineContext } from '../machine/context.ts';
import { SECTION_FLAGS } from '../sparse/section.ts';
import { type Hstate, hstateOf, whyNotOptimizable } from './hstate.ts';
import { PageStructs } from './page-structs.ts';
import { VmemmapRemap } from './remap.ts';
import type { SharedTail } from './shared-tails.ts';

/** HugeTLB pages one after the other. */
export interface HugePages {
  /** Physical address of the first, a multiple of the size. */
  readonly start: number;
  /** How many. */
  readonly count: number;
}

/** An optimised HugeTLB page. */
export interface OptimizedPage {
  /** Physical address of its first byte. */
  readonly start: number;
  /** Its bytes. */
  readonly size: number;
  /** Its vmemmap was never there in full: gigantic page of boot. */
  readonly preinit: boolean;
}

/** What came of optimising. */
export interface OptimizeOutcome {
  /** Pages that are optimised now and were not before. */
  readonly optimized: number;
  /** Pages that were so already: gigantic pages of boot, mostly. */
  readonly already: number;
  /** Pages that could not be: the physical address (`start`), and the errno that the kernel swallows. */
  readonly refused: readonly { readonly start: number; readonly errno: Errno }[];
  /** Why nothing is optimised on this machine, if so. No error: HugeTLB pages just keep their struct pages. */
  readonly inert?: string;
}

/** What came of restoring. */
export interface RestoreOutcome {
  /** -ENOMEM when the page after the restored ones could not be. */
  readonly errno: Errno;
  /** How many pages have all their struct pages again. */
  readonly restored: number;
}

/**
 * HugeTLB vmemmap optimisation (mm/hugetlb_vmemmap.c): the struct pages of a huge page are reduced to one page, and given
 * back when it is dissolved.
 */
export class HugetlbVmemmap {
  /** What the struct pages of compounds hold. */
  readonly structs: PageStructs = new PageStructs();
  readonly #m: MachineContext;
  readonly #arch: VmemmapArch;
  readonly #table: VmemmapOps['pageTable'];
  readonly #remap: VmemmapRemap | undefined;
  readonly #page: number;
  // Optimised pages by start.
  readonly #optimized = new Map<number, OptimizedPage>();

  /** @param isSelfHosted whether a page holds the memmap of the memory block that it is in */
  constructor(m: MachineContext, arch: VmemmapArch, ops: VmemmapOps, isSelfHosted: (pa: number) => boolean) {
    this.#m = m;
    this.#arch = arch;
    this.#table = ops.pageTable;
    this.#page = pageSize(m.model);
    this.#remap = this.#table && new VmemmapRemap(m, this.#table, this.structs, isSelfHosted);
  }

  /** Each `size` of HugeTLB pages here in bytes, and why its struct pages cannot be optimised (`inert`), where they cannot. */
  get sizes(): readonly { readonly size: number; readonly inert: string | undefined }[] {
    return (this.#arch.hugePageSizes ?? []).map((size) => ({ size, inert: this.#inert(this.#hstate(size)) }));
  }

  /** The pages that are optimised now. */
  get optimized(): readonly OptimizedPage[] {
    return [...this.#optimized.values()].sort((a, b) => a.start - b.start);
  }

  /** Pages that optimised ones share, since 7.x. */
  get sharedTails(): readonly SharedTail[] {
    return this.#m.sharedTails.all();
  }

  /** The one that an optimised page shares, where it does. */
  sharedTailOf({ start, size }: OptimizedPage): SharedTail | undefined {
    const zone = this.#m.zones.zoneOf(start);
    const node = this.#section(start) === undefined ? -1 : this.#nodeOf(start);
    const { order } = this.#hstate(size);
    return this.sharedTails.find((tail) => tail.node === node && tail.zone === zone && tail.order === order);
  }

  /** First offset of the leaf that was split for a huge page at `offset`, if the same memory is still mapped there. */
  splitBlock(offset: number): number | undefined {
    return this.#remap?.splitBlock(offset);
  }

  /**
   * hugetlb_vmemmap_optimize_folios(): optimises pages in one batch. First all PMDs are split, then all pages remapped,
   * and at the end freed what was mapped; when memory runs out, what is there to free is freed at once and the page tried
   * once more.
   * @param size bytes of each page
   * @throws VmemmapError `BAD_ARGUMENT` for a size that the architecture does not have, or pages without struct pages
   */
  optimize(size: number, pages: readonly HugePages[]): OptimizeOutcome {
    const hstate = this.#hstate(size);
    const starts = this.#starts(hstate, pages);
    const inert = this.#inert(hstate);
    if (inert !== undefined) return { optimized: 0, already: 0, refused: [], inert };
    const remap = this.#remap!;
    for (const start of starts) {
      if (this.#optimized.has(start)) continue;
      const [from, to] = this.#range(hstate, start);
      if (remap.split(from, to) === ENOMEM) break;
    }
    this.#flushAll();
    let freed: number[] = [];
    const refused: { start: number; errno: Errno }[] = [];
    const before = this.#optimized.size;
    const already = starts.filter((start) => this.#optimized.has(start)).length;
    for (const start of starts) {
      let errno = this.#optimizeFolio(hstate, start, freed);
      if (errno === ENOMEM && freed.length > 0) {
        this.#flushAll();
        this.#freePages(freed);
        freed = [];
        errno = this.#optimizeFolio(hstate, start, freed);
      }
      if (errno !== OK) refused.push({ start, errno });
    }
    this.#flushAll();
    this.#freePages(freed);
    return { optimized: this.#optimized.size - before, already, refused };
  }

  /**
   * hugetlb_vmemmap_restore_folios(): gives pages all of their struct pages back, up to the first for which there is no
   * memory. A PMD that was split stays so.
   * @throws VmemmapError as {@link optimize}
   */
  restore(size: number, pages: readonly HugePages[]): RestoreOutcome {
    const hstate = this.#hstate(size);
    let errno: Errno = OK;
    let restored = 0;
    for (const start of this.#starts(hstate, pages)) {
      if (!this.#optimized.has(start)) continue;
      errno = this.#restoreFolio(hstate, start);
      if (errno !== OK) break;
      restored++;
    }
    if (restored > 0) this.#flushAll();
    return { errno, restored };
  }

  /** dissolve_free_hugetlb_folios(): restores every page in `[start, end)`. */
  dissolve(start: number, end: number): Errno {
    for (const page of this.optimized) {
      if (page.start >= end || page.start + page.size <= start) continue;
      const { errno } = this.restore(page.size, [{ start: page.start, count: 1 }]);
      if (errno !== OK) return errno;
    }
    return OK;
  }

  /** A gigantic page of boot whose vmemmap was populated optimised: write-protects its tails (gather_bootmem_prealloc). */
  gatherPreinit(size: number, start: number): void {
    const hstate = this.#hstate(size);
    const [from, to] = this.#range(hstate, start);
    this.#writeHead(from, { hstate, start });
    if (!this.#m.release.preinitReadOnly) this.#remap!.writeProtect(from + this.#page, to);
    this.#optimized.set(start, { start, size, preinit: true });
  }

  // __hugetlb_vmemmap_optimize_folio()
  #optimizeFolio(hstate: Hstate, start: number, freed: number[]): Errno {
    const m = this.#m;
    if (this.#optimized.has(start)) return OK;
    const node = this.#nodeOf(start);
    const zoneTail = m.release.hugetlbTail === 'zone';
    const tail = zoneTail ? this.#zoneTail(hstate, start, node) : -1;
    if (zoneTail && tail < 0) return ENOMEM;
    const head = m.allocPages(this.#page, node);
    if (head < 0) return ENOMEM;
    m.counters.nr_memmap_pages++;
    const [from, to] = this.#range(hstate, start);
    this.structs.write(head, { order: hstate.order, headPfn: start / this.#page, hasHead: true });
    const errno = this.#remap!.free(from, to, head, zoneTail ? tail : head, freed);
    if (errno === OK) this.#optimized.set(start, { start, size: hstate.size, preinit: false });
    return errno;
  }

  // __hugetlb_vmemmap_restore_folio(): all pages or none.
  #restoreFolio(hstate: Hstate, start: number): Errno {
    const m = this.#m;
    const [from, to] = this.#range(hstate, start);
    const pages: number[] = [];
    const wanted = (to - from) / this.#page - 1;
    const node = this.#nodeOf(start);
    while (pages.length < wanted) {
      const pa = m.allocPages(this.#page, node);
      if (pa < 0) {
        for (const page of pages) m.freePages(page, this.#page);
        return ENOMEM;
      }
      pages.push(pa);
    }
    m.counters.nr_memmap_pages += wanted;
    // Taken from the end; the first page goes first.
    pages.reverse();
    const errno = this.#remap!.restore(from + this.#page, to, pages);
    if (errno === OK) this.#optimized.delete(start);
    return errno;
  }

  // vmemmap_get_tail(): filled when it is made.
  #zoneTail(hstate: Hstate, start: number, node: number): number {
    const m = this.#m;
    const tail = m.sharedTails.get(hstate.order, node, m.zones.zoneOf(start));
    if (tail >= 0) this.structs.write(tail, { order: hstate.order, headPfn: undefined, hasHead: false });
    return tail;
  }

  #writeHead(offset: number, { hstate, start }: { hstate: Hstate; start: number }): void {
    const table = this.#table!;
    const head = table.pageAddress(table.lookup(table.last, offset), table.index(table.last, offset));
    this.structs.write(head, { order: hstate.order, headPfn: start / this.#page, hasHead: true });
    for (const { pa, order } of this.sharedTails) this.structs.write(pa, { order, headPfn: undefined, hasHead: false });
  }

  // free_vmemmap_page_list()
  #freePages(pages: readonly number[]): void {
    const m = this.#m;
    for (const pa of pages) {
      if (m.isReserved(pa)) m.counters.nr_memmap_boot_pages--;
      else m.counters.nr_memmap_pages--;
      this.structs.forget(pa);
      m.freePages(pa, this.#page);
    }
  }

  #range({ vmemmapSize }: Hstate, start: number): readonly [from: number, to: number] {
    const from = offsetOfPage(this.#m.model, this.#m.window, start / this.#page);
    return [from, from + vmemmapSize];
  }

  #nodeOf(start: number): number {
    const node = this.#m.bootNodeOf(start);
    return node >= 0 ? node : this.#section(start)!.nid;
  }

  #section(pa: number) {
    return this.#m.sections.get(Math.floor(pa / 2 ** this.#m.model.sectionSizeBits));
  }

  #inert(hstate: Hstate): string | undefined {
    return whyNotOptimizable(this.#arch, this.#m.model, hstate.size);
  }

  #hstate(size: number): Hstate {
    const sizes = this.#arch.hugePageSizes ?? [];
    if (sizes.includes(size)) return hstateOf(this.#m.model, size);
    throw new VmemmapError(
      'BAD_ARGUMENT',
      `${this.#arch.name} has no huge pages of ${size} bytes here; choose one of ${sizes.join(', ') || 'none'}`,
    );
  }

  // The pages of runs, one by one; each must have struct pages.
  #starts({ size }: Hstate, pages: readonly HugePages[]): number[] {
    const starts = pages.flatMap(({ start, count }) => Array.from({ length: count }, (_, n) => start + n * size));
    const section = 2 ** this.#m.model.sectionSizeBits;
    for (const start of starts) {
      if (!Number.isSafeInteger(start) || start < 0 || !isAligned(start, size))
        throw new VmemmapError('BAD_ARGUMENT', `a huge page must lie at a multiple of its ${size} bytes, not ${start}`);
      for (let at = start; at < start + size; at += section) {
        const flags = this.#section(at)?.flags ?? 0;
        // Device memory has struct pages, but is never online: no huge page comes from there.
        if ((flags & SECTION_FLAGS.HAS_MEM_MAP) === 0 || (flags & SECTION_FLAGS.IS_ONLINE) === 0)
          throw new VmemmapError(
            'BAD_ARGUMENT',
            `the huge page at 0x${start.toString(16)} is not all of RAM with struct pages; give addresses of memory that is there and online`,
          );
      }
    }
    return starts;
  }

  #flushAll(): void {
    this.#m.flushTlb(0, Number(this.#m.window.end - this.#m.window.start));
  }
}
