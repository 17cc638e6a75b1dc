import type { Clause } from './clause.ts';
import { ClauseFailure } from './clause-failure.ts';
import { findKnownFailure, type KnownFailure } from './known-failures.ts';
import { smallest } from './smallest.ts';
import { again, type Subject } from './subject.ts';

/**
 * What became of a clause in a configuration.
 *
 * - `unexpected-pass`: it is listed as a known failure and holds
 * - `not-applicable`: what the configuration declares leaves nothing to check
 */
export type OutcomeKind = 'passed' | 'failed' | 'known-failure' | 'unexpected-pass' | 'not-applicable';

/** The same with what there is to say about it. */
export interface Outcome {
  /** What came of the clause. */
  readonly kind: OutcomeKind;
  /** Facts of the failure, or why a pass was not expected. Empty when passed or not applicable. */
  readonly message: string;
  /** Only when the clause was broken, known or not. */
  readonly failure?: ClauseFailure;
}

/** Checks one clause on a fresh architecture. Never throws for the architecture's sake. */
export function outcomeOf(clause: Clause, subject: Subject, known: readonly KnownFailure[]): Outcome {
  if (!clause.applies(subject.arch)) return { kind: 'not-applicable', message: '' };
  const listed = findKnownFailure(known, clause, subject);
  try {
    clause.check(again(subject));
  } catch (error) {
    if (!(error instanceof ClauseFailure)) throw error;
    if (listed === undefined) {
      const failure = smallest(clause, subject, error);
      return { kind: 'failed', message: failure.message, failure };
    }
    return { kind: 'known-failure', message: `${error.message}\n  known: ${listed.why}`, failure: error };
  }
  if (listed === undefined) return { kind: 'passed', message: '' };
  return {
    kind: 'unexpected-pass',
    message: `${clause.id}: holds, but is listed as a known failure (${listed.why}); take it off the list`,
  };
}
