import type { VmemmapArch } from '@vmemmap/core';
import { ClauseFailure, type Facts } from './clause-failure.ts';
import type { Subject } from './subject.ts';

/**
 * How much hangs on a clause. `required`: the contract, or the kernel corrupts memory without it. `recommended`: the
 * generic code and most architectures do it, but some real one does not.
 */
export type ClauseLevel = 'required' | 'recommended';

/** One thing that every architecture must do, with the check of it. */
export interface Clause {
  /** Such as `MAP-1`. Never changes, and is never used again for something else. */
  readonly id: string;
  readonly level: ClauseLevel;
  /** What it is about, such as `mapping`. */
  readonly area: string;
  /** The rule, as a sentence without a full stop. */
  readonly title: string;
  /** The kernel function or the real bug behind it. */
  readonly why: string;
  /** Whether there is anything to check; decided from what is declared alone. Default: always. */
  applies?(arch: Pick<VmemmapArch, 'capabilities' | 'exceptions'>): boolean;
  /** @throws ClauseFailure */
  check(subject: Subject): void;
}

/** Ends a check. */
export type Fail = (facts: Facts) => never;

/** A clause as its author writes it: the check is handed what it fails with. */
export interface ClauseDefinition extends Omit<Clause, 'check'> {
  check(subject: Subject, fail: Fail): void;
}

/** Makes a clause. Whatever else a check throws is a failure of the clause too, with that error as its cause. */
export function defineClause(definition: ClauseDefinition): Clause {
  const { id } = definition;
  const fail: Fail = (facts) => {
    throw new ClauseFailure(id, facts);
  };
  return {
    ...definition,
    check(subject) {
      try {
        definition.check(subject, fail);
      } catch (error) {
        if (error instanceof ClauseFailure) throw error;
        const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        throw new ClauseFailure(id, { expected: 'no error', found: text }, error);
      }
    },
  };
}
