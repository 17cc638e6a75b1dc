import type { CaptureExpected } from './format.ts';

/** Keys of `expected` that a comparison looks at. */
const KNOWN: ReadonlySet<string> = new Set([
  'vmemmapBase',
  'vmemmapWindow',
  'levels',
  'entryEndian',
  'sectionSizeBits',
  'sections',
  'counters',
  'tables',
  'leaves',
  'summary',
  'processes',
  'vmemmapList',
  'outside',
  'stepResults',
]);

/** What a comparison with this capture leaves out, in words: what is not captured, what it marks, what nobody knows. */
export function notCompared(expected: CaptureExpected): readonly string[] {
  const list: string[] = [];
  if (expected.counters === undefined || expected.counters === null) list.push('counters');
  if (expected.processes === undefined || expected.processes === null) list.push('processes');
  if (expected.sections.some(({ subsectionMap }) => subsectionMap === undefined || subsectionMap === null))
    list.push('subsection maps');
  for (const what of ['subtree', 'flags'] as const) {
    const count = expected.outside.filter((entry) => entry.what === what).length;
    if (count > 0)
      list.push(
        `${count} ${what === 'flags' ? 'entry flags' : count === 1 ? 'subtree' : 'subtrees'} outside the memmap`,
      );
  }
  for (const key of Object.keys(expected)) if (!KNOWN.has(key)) list.push(`the unknown key ${JSON.stringify(key)}`);
  return list;
}
