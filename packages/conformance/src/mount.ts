import { type ArchPlugin, checkPlugin } from '@vmemmap/core';
import { type ConformanceOptions, completeOptions } from './options.ts';
import { outcomeOf } from './outcome.ts';
import { subjectOf } from './subject.ts';

/** What a test runner must have. vitest, node:test, mocha, jest and bun:test do. */
export interface TestRunner {
  /** Opens a group of tests; calls `body` for those in it. */
  describe(name: string, body: () => void): unknown;
  /** Declares a test, which fails when `body` throws. */
  it(name: string, body: () => void): unknown;
}

/**
 * Makes a test of every clause that applies, in every configuration: `[MAP-1] x86 la57=false: boot maps …`.
 * A known failure is a test that passes, and fails once the clause holds.
 * @throws VmemmapError as runConformance() does
 */
export function mountConformance<C extends object>(
  { describe, it }: TestRunner,
  plugin: ArchPlugin<C>,
  options: ConformanceOptions<C> = {},
): void {
  const checked = checkPlugin(plugin);
  const { configs, releases, clauses, knownFailures } = completeOptions(checked, options);
  for (const subject of configs.flatMap((config) => releases.map((release) => subjectOf(checked, config, release)))) {
    describe(`conformance of ${subject.label}`, () => {
      for (const clause of clauses) {
        if (!clause.applies(subject.arch)) continue;
        const level = clause.level === 'recommended' ? ' (recommended)' : '';
        it(`[${clause.id}] ${subject.label}: ${clause.title}${level}`, () => {
          const { kind, message, failure } = outcomeOf(clause, subject, knownFailures);
          if (kind === 'failed') throw failure;
          if (kind === 'unexpected-pass') throw new Error(message);
        });
      }
    });
  }
}
