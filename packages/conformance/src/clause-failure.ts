import type { ScenarioDocument } from './steps/scenario.ts';
import { stepLines } from './steps/step-lines.ts';

/** The smallest facts that show what is wrong. */
export interface Facts {
  /** What the machine is made of, when it matters which. */
  readonly machine?: string;
  /** Virtual address, or what else names the place. */
  readonly address?: string;
  /** The entry that the walk of the address ends with. */
  readonly entry?: string;
  /** What the clause asks for. */
  readonly expected: string;
  /** What is there instead. */
  readonly found: string;
  /** How the machine was made and what was done to it, as calls; see Subject. */
  readonly steps?: readonly string[];
  /** What `vmemmap run` takes to do the same, where it can be said so and was tried. */
  readonly scenario?: ScenarioDocument;
  /** Where anything was random. */
  readonly seed?: number;
  /** Of the seed, which example: fast-check's path. */
  readonly path?: string;
}

/** Thrown when an architecture breaks a clause. The message starts with the clause's id. */
export class ClauseFailure extends Error {
  /** Always `ClauseFailure`; tells it from errors that the architecture throws. */
  override readonly name = 'ClauseFailure';
  /** Id of the clause. */
  readonly clause: string;
  /** What is known of the failure, as data; the message is made of it. */
  readonly facts: Facts;

  /** @param cause the error of the architecture itself, when it threw one */
  constructor(clause: string, facts: Facts, cause?: unknown) {
    const { machine, address, entry, expected, found, steps = [], seed, path } = facts;
    const lines = [
      `${clause}: expected ${expected}; found ${found}`,
      ...(address === undefined ? [] : [`  at ${address}`]),
      ...(entry === undefined ? [] : [`  entry ${entry}`]),
      ...(machine === undefined ? [] : [`  machine ${machine}`]),
      ...(seed === undefined ? [] : [`  seed ${seed}${path === undefined ? '' : `, path "${path}"`}`]),
      ...stepLines(steps),
    ];
    super(lines.join('\n'), cause === undefined ? undefined : { cause });
    this.clause = clause;
    this.facts = facts;
  }
}
