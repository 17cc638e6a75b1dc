import type { Clause } from './clause.ts';
import { ClauseFailure } from './clause-failure.ts';
import { again, type Subject } from './subject.ts';

/**
 * A failure of the same clause, with the same expectation, on a machine of one node in place of two; the failure itself
 * where there is none.
 */
export function smallest(clause: Clause, subject: Subject, failure: ClauseFailure): ClauseFailure {
  if (!failure.facts.steps?.[0]?.includes("'two-nodes'")) return failure;
  try {
    clause.check(again(subject, { 'two-nodes': 'one-node' }));
  } catch (error) {
    // Where the clause needs the second node it fails otherwise.
    if (error instanceof ClauseFailure && error.facts.expected === failure.facts.expected) return error;
  }
  return failure;
}
