import { isAligned } from '../bits.ts';
import type { VmemmapArch, VmemmapOps } from '../contract/arch.ts';
import { offsetOfPage, pageSize, pagesPerSection } from '../contract/model.ts';
import { vmemmapPopulateHvo } from '../engine/hvo.ts';
import { ENOMEM, type Errno, OK } from '../errno.ts';
import type { MachineContext } from '../machine/context.ts';
import { sectionNrVmemmapPages } from '../sparse/counters.ts';
import { SECTION_FLAGS } from '../sparse/section.ts';
import { type Hstate, hstateOf, isGigantic, whyNotOptimizable } from './hstate.ts';

/** A gigantic page that the command line asked for: memblock gave it before there were struct pages. */
export interface BootHugePage {
  /** Physical address of its first byte. */
  readonly start: number;
  /** Its bytes. */
  readonly size: number;
}

/** What became of it. */
interface Preinit extends BootHugePage {
  readonly hstate: Hstate;
  readonly node: number;
  done: boolean;
}

/**
 * Gigantic pages of boot whose struct pages are never populated in full (mm/hugetlb_vmemmap.c: hugetlb_vmemmap_init_early
 * and _late): their sections are marked and left out when sections are populated.
 */
export class HugetlbPreinit {
  readonly #m: MachineContext;
  readonly #ops: VmemmapOps;
  readonly #pages: readonly Preinit[];

  constructor(m: MachineContext, arch: VmemmapArch, ops: VmemmapOps, pages: readonly BootHugePage[]) {
    this.#m = m;
    this.#ops = ops;
    const wanted = m.release.hugetlbPreinit !== 'no' && arch.capabilities.includes('hugetlb-vmemmap-preinit');
    this.#pages = pages
      .map((page) => ({
        ...page,
        hstate: hstateOf(m.model, page.size),
        node: m.memory.nodeOf(page.start),
        done: false,
      }))
      .filter(
        ({ start, size, hstate }) =>
          wanted &&
          isGigantic(m.model, hstate) &&
          whyNotOptimizable(arch, m.model, size) === undefined &&
          this.#isAligned(start) &&
          this.#isAligned(size),
      );
  }

  /** Pages whose vmemmap is optimised from the start. */
  get populated(): readonly BootHugePage[] {
    return this.#pages.filter(({ done }) => done);
  }

  /**
   * hugetlb_vmemmap_init_early(): before the sections of a node are populated. Where zones are known by then, the struct
   * pages are populated at once, and a failure stops the kernel.
   */
  initEarly(nid: number): void {
    const m = this.#m;
    for (const page of this.#pages.filter(({ node, done }) => node === nid && !done)) {
      // 7.3 gives pages that lie in several zones back before (mm/hugetlb.c).
      if (m.release.hugetlbPreinit === 'early' && !this.#isInOneZone(page)) {
        this.#giveBack(page);
        continue;
      }
      if (m.release.hugetlbPreinit === 'early') {
        if (this.#populate(page) !== OK)
          m.events.stop(
            'panic',
            'hugetlb-memmap-failed',
            'mm/hugetlb_vmemmap.c:hugetlb_vmemmap_init_early',
            'Failed to allocate memmap for HugeTLB page',
          );
        m.counters.nr_memmap_boot_pages++;
        page.done = true;
      }
      this.#markSections(page);
    }
  }

  /**
   * hugetlb_vmemmap_init_late(): when zones are known. What fails is populated in full, if there is memory for it.
   * Not modelled: the kernel leaves HUGE_BOOTMEM_HVO on a page that failed so, and gather_bootmem_prealloc() then sets
   * HPageVmemmapOptimized of a folio whose struct pages are all mapped. Here such a folio is not optimised.
   */
  initLate(): void {
    const m = this.#m;
    if (m.release.hugetlbPreinit !== 'late') return;
    for (const page of this.#pages) {
      if (this.#isInOneZone(page) && this.#populate(page) === OK) {
        m.counters.nr_memmap_boot_pages++;
        page.done = true;
        continue;
      }
      const [start, end] = this.#range(page);
      this.#ops.vmemmapPopulate(start, end, page.node, undefined, undefined);
      m.counters.nr_memmap_boot_pages += sectionNrVmemmapPages(m.model, page.size / pageSize(m.model));
      if (!this.#isInOneZone(page)) this.#giveBack(page);
    }
  }

  #populate(page: Preinit): Errno {
    const m = this.#m;
    const [start, end] = this.#range(page);
    const { node, hstate } = page;
    let tail: number | undefined;
    if (m.release.hugetlbTail === 'zone') {
      tail = m.sharedTails.get(hstate.order, node, m.zones.zoneOf(page.start));
      if (tail < 0) return ENOMEM;
    }
    return vmemmapPopulateHvo(this.#ops.pageTable!, start, end, node, tail);
  }

  // sparse_init_early_section()
  #markSections({ start, size }: Preinit): void {
    const m = this.#m;
    const bytes = 2 ** m.model.sectionSizeBits;
    const { HAS_MEM_MAP, IS_EARLY, VMEMMAP_PREINIT } = SECTION_FLAGS;
    m.sections.update(
      start / bytes,
      (start + size) / bytes,
      (state) => state && { ...state, flags: state.flags | HAS_MEM_MAP | IS_EARLY | VMEMMAP_PREINIT },
    );
  }

  // memblock_phys_free()
  #giveBack({ start, size }: Preinit): void {
    this.#m.ram.giveBack(start, start + size);
  }

  #isInOneZone({ start, size }: BootHugePage): boolean {
    return this.#m.zones.isInOneZone(start, start + size);
  }

  #range({ start, hstate }: Preinit): readonly [from: number, to: number] {
    const { model, window } = this.#m;
    const from = offsetOfPage(model, window, start / pageSize(model));
    return [from, from + hstate.vmemmapSize];
  }

  // vmemmap_should_optimize_bootmem_page(): whole sections, and whole PMDs of the vmemmap, since no PMD is split here.
  #isAligned(value: number): boolean {
    const { model } = this.#m;
    const page = pageSize(model);
    const table = this.#ops.pageTable!;
    const pmd = Math.floor(table.entrySpan(table.format.pmdLevel) / model.structPageSize) * page;
    return isAligned(value, pagesPerSection(model) * page) && isAligned(value, pmd);
  }
}
