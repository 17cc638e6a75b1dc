import type { OutcomeKind } from '../outcome.ts';
import type { Report, Result } from '../run.ts';

/** What each outcome is called. */
const WORDS: Readonly<Record<OutcomeKind, string>> = {
  passed: 'ok',
  failed: 'FAILED',
  'known-failure': 'known failure',
  'unexpected-pass': 'UNEXPECTED PASS',
  'not-applicable': 'not applicable',
};
const WIDTH = Math.max(...Object.values(WORDS).map(({ length }) => length));

/** Colours, or whatever else marks a piece of text. */
export interface ReportPaint {
  /** Makes the label of a configuration stand out. */
  readonly label: (text: string) => string;
  /** Colours a text by the outcome it tells of. */
  readonly outcome: (text: string, kind: OutcomeKind) => string;
}

const PLAIN: ReportPaint = { label: (text) => text, outcome: (text) => text };

/** A report for people: a line for each clause, what is wrong below it, and the totals last. */
export function reportText({ plugin, results, totals }: Report, paint: ReportPaint = PLAIN): string {
  const lines: string[] = [];
  let label = '';
  for (const result of results) {
    if (result.label !== label) {
      label = result.label;
      lines.push(paint.label(label));
    }
    lines.push(...resultLines(result, paint));
  }
  const counts = (Object.keys(WORDS) as OutcomeKind[]).filter((kind) => totals[kind] > 0);
  return [...lines, `${plugin}: ${counts.map((kind) => `${totals[kind]} ${WORDS[kind]}`).join(', ')}`].join('\n');
}

function resultLines({ clause, kind, message }: Result, paint: ReportPaint): string[] {
  const level = clause.level === 'recommended' ? ' (recommended)' : '';
  const head = `  ${paint.outcome(WORDS[kind].padEnd(WIDTH), kind)}  ${clause.id}  ${clause.title}${level}`;
  if (message === '') return [head];
  const why = kind === 'failed' ? [`  why ${clause.why}`] : [];
  return [head, ...[...message.split('\n'), ...why].map((line) => `      ${line}`)];
}
