import { type Machine, SECTION_FLAGS } from '@vmemmap/core';

/** Sections of a machine. */
export interface SectionCounts {
  /** Sections that boot did not take out. */
  readonly present: number;
  readonly withMemmap: number;
  /** Sections that RAM lies in: all of them should have a memmap. */
  readonly ofRam: number;
}

/** Counts the sections of a machine that has booted. */
export function sectionCounts(machine: Machine): SectionCounts {
  let present = 0;
  let withMemmap = 0;
  for (const { count, flags } of machine.sections()) {
    present += count;
    if ((flags & SECTION_FLAGS.HAS_MEM_MAP) !== 0) withMemmap += count;
  }
  const bytes = 2 ** machine.model.sectionSizeBits;
  let ofRam = 0;
  let end = 0;
  for (const range of machine.memory.ranges) {
    const from = Math.max(Math.floor(range.start / bytes), end);
    end = Math.max(Math.ceil(range.end / bytes), end);
    ofRam += Math.max(end - from, 0);
  }
  return { present, withMemmap, ofRam };
}
