import type { Facts } from '../clause-failure.ts';
import type { OutcomeKind } from '../outcome.ts';
import type { Report } from '../run.ts';

/** A clause in a configuration, as the JSON form has it. */
export interface ResultJson {
  /** Plugin and configuration, as `x86 la57=false`. */
  readonly label: string;
  /** Id of the clause. */
  readonly id: string;
  /** `required` or `recommended`. */
  readonly level: string;
  /** What the clause is about, such as `mapping`. */
  readonly area: string;
  /** The rule, as a sentence without a full stop. */
  readonly title: string;
  /** The kernel function or the real bug behind the clause. */
  readonly why: string;
  /** What came of the clause. */
  readonly outcome: OutcomeKind;
  /** Empty when passed or not applicable. */
  readonly message: string;
  /** Only when the clause was broken, known or not. */
  readonly facts?: Facts;
}

/** A report without anything that JSON has no words for. The README describes it. */
export interface ReportJson {
  /** Name of the plugin. */
  readonly plugin: string;
  /** True when nothing failed, and no known failure passed. */
  readonly ok: boolean;
  /** How many results there are of each outcome. */
  readonly totals: Readonly<Record<OutcomeKind, number>>;
  /** By configuration, then by clause, in the order of both. */
  readonly results: readonly ResultJson[];
}

/** The JSON form of a report. */
export function reportJson({ plugin, ok, totals, results }: Report): ReportJson {
  return {
    plugin,
    ok,
    totals,
    results: results.map(({ label, clause, kind, message, failure }) => ({
      label,
      ...clause,
      outcome: kind,
      message,
      ...(failure !== undefined && { facts: failure.facts }),
    })),
  };
}
