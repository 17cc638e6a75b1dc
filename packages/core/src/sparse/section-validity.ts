import { type MemoryModel, pagesPerSection, pagesPerSubsection } from '../contract/model.ts';
import { SECTION_FLAGS } from './section.ts';
import type { Sections } from './sections.ts';
import { subsectionMask } from './subsection-map.ts';

/** A section that was added after boot. */
interface AddedSection {
  /** Its subsection map. */
  map: bigint;
  /** SECTION_HAS_MEM_MAP. */
  hasMemmap: boolean;
}

/**
 * pfn_valid() (include/linux/mmzone.h) at any moment: while boot populates, while memory is added, while it is removed.
 * Early sections count as whole; of others the subsection map has a say.
 */
export class SectionValidity {
  readonly #model: MemoryModel;
  readonly #sections: Sections;
  readonly #added = new Map<number, AddedSection>();
  // Boot populates a run of sections before it marks them in `#sections`: these are through.
  #bootFrom = 0;
  #bootTo = 0;

  constructor(model: MemoryModel, sections: Sections) {
    this.#model = model;
    this.#sections = sections;
  }

  /** sparse_init_one_section() at boot, for sections `[from, to)`: they have a memmap from now on. */
  booted(from: number, to: number): void {
    this.#bootFrom = from;
    this.#bootTo = to;
  }

  /** pfn_valid() */
  pfnValid(pfn: number): boolean {
    const pages = pagesPerSection(this.#model);
    const nr = Math.floor(pfn / pages);
    if (nr >= this.#bootFrom && nr < this.#bootTo) return true;
    const early = this.#sections.get(nr);
    if (early !== undefined && (early.flags & SECTION_FLAGS.HAS_MEM_MAP) !== 0) return true;
    const added = this.#added.get(nr);
    if (added === undefined || !added.hasMemmap) return false;
    const subsection = BigInt(Math.floor((pfn % pages) / pagesPerSubsection(this.#model)));
    return ((added.map >> subsection) & 1n) === 1n;
  }

  /** fill_subsection_map(): before memory is populated. */
  fill(pfn: number, pages: number): void {
    const section = this.#added.get(this.#nr(pfn)) ?? { map: 0n, hasMemmap: false };
    section.map |= this.#mask(pfn, pages);
    this.#added.set(this.#nr(pfn), section);
  }

  /** sparse_init_one_section() after memory was populated. */
  added(pfn: number): void {
    const section = this.#added.get(this.#nr(pfn));
    if (section !== undefined) section.hasMemmap = true;
  }

  /** clear_subsection_map(): before memory is taken away. The last subsection takes the section along. */
  clear(pfn: number, pages: number): void {
    const section = this.#added.get(this.#nr(pfn));
    if (section === undefined) return;
    section.map &= ~this.#mask(pfn, pages);
    if (section.map === 0n) this.#added.delete(this.#nr(pfn));
  }

  #nr(pfn: number): number {
    return Math.floor(pfn / pagesPerSection(this.#model));
  }

  #mask(pfn: number, pages: number): bigint {
    return subsectionMask(this.#model, pfn % pagesPerSection(this.#model), pages);
  }
}
