import { hex, hex64 } from '../bits.ts';
import { pagesPerSection } from '../contract/model.ts';
import type { Machine } from '../machine/machine.ts';
import { type SectionFlag, type SectionRun, sectionFlagNames } from '../sparse/section.ts';
import { type Differences, MOST_MORE } from './difference.ts';
import type { CaptureExpected } from './format.ts';

/**
 * Compares every section: section_mem_map with its flags, and the subsection map.
 * @returns how many sections were compared
 */
export function compareSections(machine: Machine, expected: CaptureExpected, differences: Differences): number {
  const found = new Map<number, SectionRun>();
  for (const run of machine.sections()) for (let n = 0; n < run.count; n++) found.set(run.nr + n, run);
  const most = found.size + MOST_MORE;
  let listed = 0;
  let compared = 0;
  for (const run of expected.sections) {
    const pfn = run.nr * pagesPerSection(machine.model);
    differences.compare('section', `section ${run.nr}: first pfn`, hex(run.startPfn), hex(pfn));
    for (let nr = run.nr; nr < run.nr + run.count; nr++) {
      if (++listed > most) {
        differences.add('section', 'number of sections', `more than ${most}`, 'fewer in the model');
        return compared;
      }
      const section = found.get(nr);
      found.delete(nr);
      if (section === undefined) {
        differences.add('section', `section ${nr}`, text(run.raw, run.flags), 'not present');
        continue;
      }
      compared++;
      const names = sectionFlagNames(section.flags);
      const raw = machine.sectionMemMap(section);
      if (raw !== run.raw || !sameNames(names, run.flags))
        differences.add('section', `section ${nr}: section_mem_map`, text(run.raw, run.flags), text(raw, names));
      const map = run.subsectionMap;
      if (map !== null && map !== undefined)
        differences.compare('section', `section ${nr}: subsection map`, hex(map), hex(section.subsectionMap));
    }
  }
  for (const [nr, section] of found) {
    differences.add(
      'section',
      `section ${nr}`,
      'not present',
      text(machine.sectionMemMap(section), sectionFlagNames(section.flags)),
    );
  }
  return compared;
}

function sameNames(a: readonly SectionFlag[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function text(raw: bigint, flags: readonly string[]): string {
  return `${hex64(raw)} (${flags.join(' ') || 'no flags'})`;
}
