import { type MemoryModel, pagesPerSection, pagesPerSubsection } from '../contract/model.ts';
import { SECTION_FLAGS } from './section.ts';
import type { Sections } from './sections.ts';

/**
 * pfn_valid() (include/linux/mmzone.h) at any moment: while boot populates, while memory is added, while it is removed.
 * Early sections count as whole; of others the subsection map has a say.
 */
export class SectionValidity {
  readonly #model: MemoryModel;
  readonly #sections: Sections;
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
    const section = this.#sections.get(nr);
    if (section === undefined || (section.flags & SECTION_FLAGS.HAS_MEM_MAP) === 0) return false;
    if ((section.flags & SECTION_FLAGS.IS_EARLY) !== 0) return true;
    const subsection = BigInt(Math.floor((pfn % pages) / pagesPerSubsection(this.#model)));
    return ((section.subsectionMap >> subsection) & 1n) === 1n;
  }
}
