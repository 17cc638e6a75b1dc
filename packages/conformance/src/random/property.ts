import fc from 'fast-check';
import { ClauseFailure } from '../clause-failure.ts';
import { factsOf } from '../steps/facts.ts';
import type { Subject } from '../subject.ts';

/** How to meet the same examples again. */
export interface Replay {
  /** Of a failure that was printed. Default: another one each time. */
  readonly seed?: number;
  /** Of the same failure: goes straight to its example. */
  readonly path?: string;
}

/** A property of a plugin. */
export interface Property<T> {
  /** What it is about: the message begins with it. */
  readonly name: string;
  /** What should be. */
  readonly expected: string;
  readonly examples: fc.Arbitrary<T>;
  readonly numRuns: number;
  /** Whatever it throws is what was found. */
  check(example: T): void;
}

/**
 * Checks a property, and makes the first example that fails smaller.
 * @throws ClauseFailure with the seed, and with machine and steps of the smallest example
 */
export function mustHold<T>(
  subject: Subject,
  { name, expected, examples, numRuns, check }: Property<T>,
  { seed, path }: Replay,
): void {
  const given = { numRuns, ...(seed !== undefined && { seed }), ...(path !== undefined && { path }) };
  const run = fc.check(fc.property(examples, check), given);
  if (!run.failed) return;
  const { counterexample, counterexamplePath, errorInstance } = run;
  const found = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const example = counterexamplePath === null ? {} : { path: counterexamplePath };
  const facts = counterexample === null ? {} : factsAfter(subject, () => check(counterexample[0]));
  throw new ClauseFailure(name, { ...facts, expected, found, seed: run.seed, ...example }, errorInstance);
}

/**
 * Whatever a check throws, with machine and steps of what it was at last.
 * @throws ClauseFailure
 */
export function mustPass(
  subject: Subject,
  { name, expected }: Pick<Property<unknown>, 'name' | 'expected'>,
  check: () => void,
): void {
  try {
    check();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new ClauseFailure(name, { ...latestFacts(subject), expected, found }, error);
  }
}

// The smallest example is not the last one that was tried.
function factsAfter(subject: Subject, check: () => void): object {
  try {
    check();
  } catch {
    // It fails again: that is what is wanted of it.
  }
  return latestFacts(subject);
}

function latestFacts(subject: Subject): object {
  return subject.latest === undefined ? {} : factsOf(subject.latest, subject);
}
