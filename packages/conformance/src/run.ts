import { type ArchPlugin, checkPlugin } from '@vmemmap/core';
import type { Clause } from './clause.ts';
import { type ConformanceOptions, completeOptions } from './options.ts';
import { type Outcome, type OutcomeKind, outcomeOf } from './outcome.ts';
import { subjectOf } from './subject.ts';

/** One clause in one configuration. */
export interface Result extends Outcome {
  /** Plugin and configuration, as `x86 la57=false`. */
  readonly label: string;
  readonly clause: Pick<Clause, 'id' | 'level' | 'area' | 'title'>;
}

/** What a run found. Plain data but for the errors in it. */
export interface Report {
  /** Name of the plugin. */
  readonly plugin: string;
  /** By configuration, then by clause, in the order of both. */
  readonly results: readonly Result[];
  readonly totals: Readonly<Record<OutcomeKind, number>>;
  /** True when nothing failed, and no known failure passed. */
  readonly ok: boolean;
}

/**
 * Checks a plugin against the clauses, without any test runner.
 * @throws VmemmapError `BAD_PLUGIN`, `CONTRACT_VERSION`, `BAD_CONFIG`, or `BAD_ARGUMENT` for a wrong option
 */
export function runConformance<C extends object>(plugin: ArchPlugin<C>, options: ConformanceOptions<C> = {}): Report {
  const checked = checkPlugin(plugin);
  const { configs, clauses, knownFailures } = completeOptions(options);
  const results: Result[] = [];
  const totals: Record<OutcomeKind, number> = {
    passed: 0,
    failed: 0,
    'known-failure': 0,
    'unexpected-pass': 0,
    'not-applicable': 0,
  };
  for (const config of configs) {
    const subject = subjectOf(checked, config);
    for (const clause of clauses) {
      const outcome = outcomeOf(clause, subject, knownFailures);
      const { id, level, area, title } = clause;
      results.push({ label: subject.label, clause: { id, level, area, title }, ...outcome });
      totals[outcome.kind]++;
    }
  }
  const ok = totals.failed === 0 && totals['unexpected-pass'] === 0;
  return { plugin: checked.arch, results, totals, ok };
}
