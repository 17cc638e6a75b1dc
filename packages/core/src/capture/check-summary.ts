import type { Differences } from './difference.ts';
import type { CaptureExpected } from './format.ts';

/** Leaves up to which frames are counted one by one. */
const MOST_LEAVES = 1 << 24;

/** Checks that what a capture says twice agrees: totals with the lists, and processes with each other. */
export function checkSummary(expected: CaptureExpected, differences: Differences): void {
  const { summary, processes, tables, leaves } = expected;
  if (summary !== undefined) {
    const leafCount = leaves.reduce((sum, { count }) => sum + count, 0);
    const mappedBytes = leaves.reduce((sum, { count, leafSize }) => sum + count * leafSize, 0);
    differences.compare('capture', 'leaves, by the summary and by the list', summary.leafCount, leafCount);
    differences.compare('capture', 'mapped bytes, by the summary and by the list', summary.mappedBytes, mappedBytes);
    const levels = new Map(Object.keys(summary.tables).map((level) => [level, 0]));
    for (const { level } of tables) levels.set(level, (levels.get(level) ?? 0) + 1);
    for (const [level, count] of levels) {
      differences.compare(
        'capture',
        `${level} tables, by the summary and by the list`,
        summary.tables[level] ?? 0,
        count,
      );
    }
    if (leafCount <= MOST_LEAVES) {
      const frames = new Set<number>();
      for (const { pa, count, paStep } of leaves)
        for (let n = 0; n < count; n++) frames.add(pa + n * Number(paStep ?? 0n));
      differences.compare('capture', 'frames, by the summary and by the list', summary.distinctLeafPas, frames.size);
    }
  }
  if (processes === undefined || processes === null) return;
  const allEqual = processes.mms.every(({ differing }) => differing.length === 0);
  differences.compare('capture', 'all processes equal', String(processes.allEqual ?? allEqual), String(allEqual));
  const root = tables[0];
  if (root === undefined) return;
  const indexes = Array.from(
    { length: root.windowLastIndex - root.windowFirstIndex + 1 },
    (_, n) => root.windowFirstIndex + n,
  );
  differences.compare(
    'capture',
    'top-level entries of processes',
    processes.topLevelIndexes.join(' '),
    indexes.join(' '),
  );
}
