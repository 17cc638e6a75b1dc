import { hex } from '../bits.ts';
import type { VmemmapOps } from '../contract/arch.ts';
import { pagesPerSection } from '../contract/model.ts';
import type { DevPagemap } from '../contract/pgmap.ts';
import { EEXIST, EINVAL, ENOMEM, type Errno, OK } from '../errno.ts';
import type { MachineContext } from '../machine/context.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import { sectionNrVmemmapPages, sectionNrVmemmapPagesOf } from './counters.ts';
import { SECTION_FLAGS, type SectionState } from './section.ts';
import { depopulateSectionMemmap, populateSectionMemmap } from './section-memmap.ts';
import { subsectionMask } from './subsection-map.ts';

/** A stretch of one section, in pages, and how its memmap is to be had. */
export interface SectionPart {
  readonly pfn: number;
  readonly pages: number;
  readonly altmap: VmemAltmap | undefined;
  readonly pgmap: DevPagemap | undefined;
}

/**
 * Sections that come and go after boot: sparse_add_section() and sparse_remove_section() (mm/sparse-vmemmap.c).
 */
export class SectionLife {
  readonly #m: MachineContext;
  readonly #ops: VmemmapOps;
  readonly #pages: number;
  // Sections of boot that went: their usage maps lie in a reserved page and stay (section_deactivate()).
  readonly #keptUsage = new Set<number>();

  constructor(m: MachineContext, ops: VmemmapOps) {
    this.#m = m;
    this.#ops = ops;
    this.#pages = pagesPerSection(m.model);
  }

  /** sparse_add_section(): struct pages for a part of a section, or of all of it. */
  add(nid: number, part: SectionPart): Errno {
    const err = this.#activate(nid, part);
    if (err !== OK) return err;
    // __section_mark_present(), sparse_init_one_section()
    const flags = SECTION_FLAGS.MARKED_PRESENT | SECTION_FLAGS.HAS_MEM_MAP;
    this.#update(part, (state) => ({ ...state, flags: state.flags | flags }));
    return OK;
  }

  /** sparse_remove_section() */
  remove(part: SectionPart): void {
    const flags = this.#state(part)?.flags ?? 0;
    if ((flags & SECTION_FLAGS.HAS_MEM_MAP) !== 0) {
      this.#deactivate(part);
      return;
    }
    this.#m.events.record(
      'WARN_ON_ONCE',
      'invalid-section-removed',
      'mm/sparse-vmemmap.c:sparse_remove_section',
      () => `!valid_section(ms) for pfn ${hex(part.pfn)}`,
    );
  }

  /**
   * populate_section_memmap() alone, whatever sections say: for tests of an architecture. The section is valid as it would
   * be: its subsections before, it itself after.
   */
  populate(nid: number, part: SectionPart): boolean {
    const mask = this.#mask(part);
    const had = this.#state(part)?.subsectionMap ?? 0n;
    this.#update(part, (state) => ({ ...state, nid, subsectionMap: state.subsectionMap | mask }));
    const populated = this.#populate(nid, part);
    const flags = SECTION_FLAGS.MARKED_PRESENT | SECTION_FLAGS.HAS_MEM_MAP;
    if (populated) this.#update(part, (state) => ({ ...state, flags: state.flags | flags }));
    else this.#update(part, (state) => gone({ ...state, subsectionMap: had }));
    return populated;
  }

  /** depopulate_section_memmap() alone, in the same way. */
  depopulate(part: SectionPart): void {
    const { pfn, pages, altmap, pgmap } = part;
    const m = this.#m;
    m.counters.nr_memmap_pages -= sectionNrVmemmapPagesOf(m, pfn, pages, altmap, pgmap);
    const mask = this.#mask(part);
    this.#update(part, (state) => gone({ ...state, subsectionMap: state.subsectionMap & ~mask }));
    depopulateSectionMemmap(m, this.#ops, pfn, pages, altmap);
  }

  /** free_map_bootmem() alone. */
  freeMapBootmem(nr: number): void {
    const pfn = nr * this.#pages;
    this.#m.sections.update(nr, nr + 1, () => undefined);
    this.#freeMapBootmem(pfn);
  }

  // section_activate()
  #activate(nid: number, part: SectionPart): Errno {
    const { pages } = part;
    const before = this.#state(part);
    const { failures } = this.#m;
    // A section that was there has its usage map; a new one is an object of the slab.
    const hasUsage = before !== undefined || this.#keptUsage.has(Math.floor(part.pfn / this.#pages));
    if (!hasUsage && failures.active && failures.fails('slab', nid, 0)) return ENOMEM;
    const mask = this.#mask(part);
    if (mask === 0n) return EINVAL;
    if (((before?.subsectionMap ?? 0n) & mask) !== 0n) return EEXIST;
    const early = before !== undefined && (before.flags & SECTION_FLAGS.IS_EARLY) !== 0;
    const state = before ?? { flags: 0, nid, subsectionMap: 0n };
    this.#update(part, () => ({ ...state, subsectionMap: state.subsectionMap | mask }));
    // Boot has populated an early section whole: its memmap is used as it is.
    if (pages < this.#pages && early) return OK;
    if (this.#populate(nid, part)) return OK;
    this.#deactivate(part);
    // Whatever the architecture said.
    return ENOMEM;
  }

  // populate_section_memmap()
  #populate(nid: number, part: SectionPart): boolean {
    const { pfn, pages, altmap, pgmap } = part;
    const m = this.#m;
    const populated = populateSectionMemmap(m, this.#ops, pfn, pages, nid, altmap, pgmap);
    if (populated || m.release.memmapAccounting === 'as-if-populated')
      m.counters.nr_memmap_pages += sectionNrVmemmapPagesOf(m, pfn, pages, altmap, pgmap);
    return populated;
  }

  // section_deactivate()
  #deactivate(part: SectionPart): void {
    const { pfn, pages, altmap, pgmap } = part;
    const m = this.#m;
    const before = this.#state(part);
    const mask = this.#mask(part);
    if (before === undefined || (before.subsectionMap & mask) !== mask) {
      m.events.record(
        'WARN',
        'section-already-deactivated',
        'mm/sparse-vmemmap.c:clear_subsection_map',
        () => `section already deactivated (${hex(pfn)} + ${pages})`,
      );
      return;
    }
    const subsectionMap = before.subsectionMap & ~mask;
    const empty = subsectionMap === 0n;
    const early = (before.flags & SECTION_FLAGS.IS_EARLY) !== 0;
    const flags = empty ? before.flags & ~SECTION_FLAGS.HAS_MEM_MAP : before.flags;
    this.#update(part, (state) => ({ ...state, flags, subsectionMap }));
    if (!early) {
      m.counters.nr_memmap_pages -= sectionNrVmemmapPagesOf(m, pfn, pages, altmap, pgmap);
      depopulateSectionMemmap(m, this.#ops, pfn, pages, altmap);
    } else if (empty) this.#freeMapBootmem(pfn);
    if (empty && early) this.#keptUsage.add(Math.floor(pfn / this.#pages));
    if (empty) this.#update(part, () => undefined);
  }

  // free_map_bootmem(): the memmap of an early section goes whole.
  #freeMapBootmem(pfn: number): void {
    const m = this.#m;
    m.counters.nr_memmap_boot_pages -= sectionNrVmemmapPages(m.model, this.#pages);
    depopulateSectionMemmap(m, this.#ops, pfn - (pfn % this.#pages), this.#pages, undefined);
  }

  #mask({ pfn, pages }: SectionPart): bigint {
    return pages === 0 ? 0n : subsectionMask(this.#m.model, pfn % this.#pages, pages);
  }

  #state({ pfn }: SectionPart): SectionState | undefined {
    return this.#m.sections.get(Math.floor(pfn / this.#pages));
  }

  #update({ pfn }: SectionPart, change: (state: SectionState) => SectionState | undefined): void {
    const nr = Math.floor(pfn / this.#pages);
    this.#m.sections.update(nr, nr + 1, (state) => change(state ?? { flags: 0, nid: 0, subsectionMap: 0n }));
  }
}

// A section without subsections is none.
function gone(state: SectionState): SectionState | undefined {
  return state.subsectionMap === 0n ? undefined : state;
}
