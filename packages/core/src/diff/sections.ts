import { hex } from '../bits.ts';
import type { Machine } from '../machine/machine.ts';
import { type SectionRun, sectionFlagNames } from '../sparse/section.ts';
import { type Changes, piecesText, Stretches } from './change.ts';

/** Compares which sections there are, their flags, and their subsection maps. */
export function diffSections(a: Machine, b: Machine, changes: Changes): void {
  const stretches = new Stretches();
  const ours = [...a.sections()];
  const theirs = [...b.sections()];
  // Wherever a run begins or ends, something may change; in between nothing does.
  const edges = new Set([...ours, ...theirs].flatMap(({ nr, count }) => [nr, nr + count]));
  const sorted = [...edges].sort((x, y) => x - y);
  for (const [index, start] of sorted.entries()) {
    const end = sorted[index + 1];
    if (end === undefined) break;
    const from = text(ours, start);
    const to = text(theirs, start);
    if (from !== to) stretches.add(start, end, from, to, end - start);
  }
  for (const stretch of stretches.all()) {
    const { start, end, from, to, count } = stretch;
    const where = end - start === 1 ? `section ${start}` : `sections ${start} to ${end - 1}${piecesText(stretch)}`;
    changes.add('section', where, from, to, count);
  }
}

function text(runs: readonly SectionRun[], nr: number): string {
  const run = runs.find((candidate) => candidate.nr <= nr && nr < candidate.nr + candidate.count);
  if (run === undefined) return 'not present';
  return `${sectionFlagNames(run.flags).join(' ')}, subsections ${hex(run.subsectionMap)}`;
}
