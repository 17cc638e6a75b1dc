import type { Options } from 'yargs';
import type { Session } from './session.ts';

/** Exit codes: fine or equal; differs or not satisfied; bad input; an audited machine is broken; a bug of ours. */
export const EXIT = { ok: 0, differs: 1, badInput: 2, broken: 3, bug: 70 } as const;

/** A subcommand as data. `A` is what its options parse to. */
export interface Command<A = never> {
  /** Name and positionals in yargs's notation. */
  readonly usage: string;
  readonly about: string;
  /** Command lines after `vmemmap`, and what they do. */
  readonly examples: readonly (readonly [string, string])[];
  readonly options: Readonly<Record<string, Options>>;
  /** About each positional, by name. */
  readonly positionals?: Readonly<Record<string, string>>;
  /** @returns the exit code */
  run(args: A, session: Session): number | Promise<number>;
}
