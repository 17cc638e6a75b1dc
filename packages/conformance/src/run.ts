import { type ArchPlugin, checkPlugin } from '@vmemmap/core';
import type { Clause } from './clause.ts';
import { type ConformanceOptions, completeOptions } from './options.ts';
import { type Outcome, type OutcomeKind, outcomeOf } from './outcome.ts';
import { subjectOf } from './subject.ts';

/** One clause in one configuration. */
export interface Result extends Outcome {
  /** Plugin and configuration, as `x86 la57=false`; with the release where that is not the default one. */
  readonly label: string;
  /** The clause that was checked. */
  readonly clause: Pick<Clause, 'id' | 'level' | 'area' | 'title' | 'why'>;
}

/** What a run found. Plain data but for the errors in it. */
export interface Report {
  /** Name of the plugin. */
  readonly plugin: string;
  /** By configuration, release and clause, in the order of each. */
  readonly results: readonly Result[];
  /** How many results there are of each kind. */
  readonly totals: Readonly<Record<OutcomeKind, number>>;
  /** True when nothing failed, and no known failure passed. */
  readonly ok: boolean;
}

/**
 * Checks a plugin against the clauses, without any test runner.
 * @throws VmemmapError `BAD_PLUGIN`, `CONTRACT_VERSION`, `BAD_CONFIG`, `UNKNOWN_RELEASE`, or `BAD_ARGUMENT` for a wrong option
 */
export function runConformance<C extends object>(plugin: ArchPlugin<C>, options: ConformanceOptions<C> = {}): Report {
  const checked = checkPlugin(plugin);
  const { configs, releases, clauses, knownFailures } = completeOptions(checked, options);
  const results: Result[] = [];
  const totals: Record<OutcomeKind, number> = {
    passed: 0,
    failed: 0,
    'known-failure': 0,
    'unexpected-pass': 0,
    'not-applicable': 0,
  };
  for (const subject of configs.flatMap((config) => releases.map((release) => subjectOf(checked, config, release)))) {
    for (const clause of clauses) {
      const outcome = outcomeOf(clause, subject, knownFailures);
      const { id, level, area, title, why } = clause;
      results.push({ label: subject.label, clause: { id, level, area, title, why }, ...outcome });
      totals[outcome.kind]++;
    }
  }
  const ok = totals.failed === 0 && totals['unexpected-pass'] === 0;
  return { plugin: checked.arch, results, totals, ok };
}
