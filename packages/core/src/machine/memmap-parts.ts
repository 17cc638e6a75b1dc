import { pagesPerSection, pagesPerSubsection, subsectionsPerSection } from '../contract/model.ts';
import { SECTION_FLAGS } from '../sparse/section.ts';
import type { MachineContext } from './context.ts';

/** Pages one after the other that must have struct pages. */
export interface MemmapPart {
  readonly pfn: number;
  readonly pages: number;
  /** Sections that begin to be looked at here. */
  readonly count: number;
  /** Node of the sections. */
  readonly nid: number;
}

/**
 * The parts of the memory map that must be there, in order: early sections as a whole, of others what their subsection map says
 * (include/linux/mmzone.h:pfn_valid).
 */
export function* memmapParts({ model, sections }: Pick<MachineContext, 'model' | 'sections'>): Generator<MemmapPart> {
  const pages = pagesPerSection(model);
  const per = pagesPerSubsection(model);
  const all = (1n << BigInt(subsectionsPerSection(model))) - 1n;
  for (const { nr, count, flags, nid, subsectionMap } of sections.runs()) {
    if ((flags & SECTION_FLAGS.HAS_MEM_MAP) === 0) continue;
    if ((flags & SECTION_FLAGS.IS_EARLY) !== 0 || subsectionMap === all) {
      yield { pfn: nr * pages, pages: count * pages, count, nid };
      continue;
    }
    for (let section = nr; section < nr + count; section++) {
      let counted = 1;
      for (let bit = 0; subsectionMap >> BigInt(bit) > 0n; ) {
        const first = bit;
        while (((subsectionMap >> BigInt(bit)) & 1n) === 1n) bit++;
        if (bit > first) {
          yield { pfn: section * pages + first * per, pages: (bit - first) * per, count: counted, nid };
          counted = 0;
        } else bit++;
      }
    }
  }
}
