import { type MemoryModel, pagesPerSection, pagesPerSubsection } from '../contract/model.ts';
import type { Sections } from './sections.ts';

/** subsection_mask_set() (mm/sparse-vmemmap.c): bits of the subsections that pages `[first, first + count)` of a section touch. */
export function subsectionMask(model: MemoryModel, first: number, count: number): bigint {
  const per = pagesPerSubsection(model);
  const low = Math.floor(first / per);
  const high = Math.floor((first + count - 1) / per);
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}

/** subsection_map_init(): marks the subsections that boot memory `[startPfn, endPfn)` touches. */
export function subsectionMapInit(sections: Sections, model: MemoryModel, startPfn: number, endPfn: number): void {
  const pages = pagesPerSection(model);
  const mark = (nr: number, end: number, first: number, count: number): void => {
    const mask = subsectionMask(model, first, count);
    sections.update(nr, end, (state) => state && { ...state, subsectionMap: state.subsectionMap | mask });
  };
  const nr = Math.floor(startPfn / pages);
  const last = Math.floor((endPfn - 1) / pages);
  if (nr === last) mark(nr, nr + 1, startPfn % pages, endPfn - startPfn);
  else {
    mark(nr, nr + 1, startPfn % pages, pages - (startPfn % pages));
    mark(nr + 1, last, 0, pages);
    mark(last, last + 1, 0, endPfn - last * pages);
  }
}
