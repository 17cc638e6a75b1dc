import type { Capability, ExceptionName, Machine, VmemmapArch } from '@vmemmap/core';
import { ClauseFailure, type Facts } from './clause-failure.ts';
import { declares } from './declares.ts';
import { factsOf } from './steps/facts.ts';
import type { Subject } from './subject.ts';

/**
 * How much hangs on a clause. `required`: the contract, or the kernel corrupts memory without it. `recommended`: the
 * generic code and most architectures do it, but some real one does not.
 */
export type ClauseLevel = 'required' | 'recommended';

/** What an architecture declares; nothing else decides which clauses apply. */
export type Declarations = Pick<VmemmapArch, 'capabilities' | 'exceptions'>;

/** A condition that no list of capabilities can say. */
export interface ClauseCondition {
  /** For the catalogue, after "where". */
  readonly text: string;
  /** Whether an architecture that declares this is concerned. */
  holds(arch: Declarations): boolean;
}

/** One thing that every architecture must do, with the check of it. */
export interface Clause {
  /** Such as `MAP-1`. Never changes, and is never used again for something else. */
  readonly id: string;
  /** Whether the contract demands it, or most architectures keep it. */
  readonly level: ClauseLevel;
  /** What it is about, such as `mapping`. */
  readonly area: string;
  /** The rule, as a sentence without a full stop. */
  readonly title: string;
  /** The kernel function or the real bug behind it. */
  readonly why: string;
  /** There is nothing to check unless all of these are declared. Default: none. */
  readonly needs?: readonly Capability[];
  /** Exceptions that leave the clause out. Clauses with the same as `declared` test what is declared in its place. */
  readonly exceptions?: readonly ExceptionName[];
  /** The clause tests what this exception declares, and applies only where it is declared. */
  readonly declared?: ExceptionName;
  /** What else has to be declared. */
  readonly when?: ClauseCondition;
  /** Whether there is anything to check: all of the above. */
  applies(arch: Declarations): boolean;
  /** @throws ClauseFailure */
  check(subject: Subject): void;
}

/** What a check found. The machine's text, and what was done to it, are looked up. */
export interface Finding extends Pick<Facts, 'address' | 'entry' | 'expected' | 'found'> {
  /** The machine that is wrong, or what is to be said of it. */
  readonly machine?: Machine | string;
}

/** Ends a check. */
export type Fail = (finding: Finding) => never;

/** A clause as its author writes it: the check is handed what it fails with. */
export interface ClauseDefinition extends Omit<Clause, 'applies' | 'check'> {
  /** Looks at the subject, and calls `fail` at the first thing that is wrong. */
  check(subject: Subject, fail: Fail): void;
}

/** Makes a clause. Whatever else a check throws is a failure of the clause too, with that error as its cause. */
export function defineClause(definition: ClauseDefinition): Clause {
  const { id, needs = [], exceptions = [], declared, when } = definition;
  return {
    ...definition,
    applies: (arch) =>
      needs.every((capability) => arch.capabilities.includes(capability)) &&
      !exceptions.some((exception) => declares(arch, exception)) &&
      (declared === undefined || declares(arch, declared)) &&
      (when === undefined || when.holds(arch)),
    check(subject) {
      const fail: Fail = ({ machine, ...finding }) => {
        throw new ClauseFailure(id, {
          ...finding,
          ...(typeof machine === 'string' ? { machine } : machine && factsOf(machine, subject)),
        });
      };
      try {
        definition.check(subject, fail);
      } catch (error) {
        if (error instanceof ClauseFailure) throw error;
        const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        const last = subject.latest === undefined ? {} : factsOf(subject.latest, subject);
        throw new ClauseFailure(id, { expected: 'no error', found: text, ...last }, error);
      }
    },
  };
}
