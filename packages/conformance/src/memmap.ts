import { type Machine, pagesPerSection, SECTION_FLAGS } from '@vmemmap/core';

/** A stretch of the window, `[start, end)` in bytes from its start. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Where the struct pages of `count` sections from `nr` on lie. */
export function memmapOf(machine: Machine, nr: number, count = 1): Stretch {
  const pages = pagesPerSection(machine.model);
  const start = machine.offsetOfPage(nr * pages);
  return { start, end: start + count * pages * machine.model.structPageSize };
}

/** Where the struct pages of all sections lie that boot gave a memmap, in order. */
export function bootMemmaps(machine: Machine): readonly Stretch[] {
  const found: Stretch[] = [];
  const wanted = SECTION_FLAGS.HAS_MEM_MAP | SECTION_FLAGS.IS_EARLY;
  for (const { nr, count, flags } of machine.sections()) {
    if ((flags & wanted) === wanted) found.push(memmapOf(machine, nr, count));
  }
  return found;
}
