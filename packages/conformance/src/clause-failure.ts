/** The smallest facts that show what is wrong. */
export interface Facts {
  /** What the machine is made of, when it matters which. See {@link machineText}. */
  readonly machine?: string;
  /** Virtual address, or what else names the place. */
  readonly address?: string;
  /** The entry that the walk of the address ends with. */
  readonly entry?: string;
  readonly expected: string;
  readonly found: string;
}

/** Thrown when an architecture breaks a clause. The message starts with the clause's id. */
export class ClauseFailure extends Error {
  override readonly name = 'ClauseFailure';
  /** Id of the clause. */
  readonly clause: string;
  readonly facts: Facts;

  /** @param cause the error of the architecture itself, when it threw one */
  constructor(clause: string, facts: Facts, cause?: unknown) {
    const { machine, address, entry, expected, found } = facts;
    const lines = [
      `${clause}: expected ${expected}; found ${found}`,
      ...(address === undefined ? [] : [`  at ${address}`]),
      ...(entry === undefined ? [] : [`  entry ${entry}`]),
      ...(machine === undefined ? [] : [`  machine ${machine}`]),
    ];
    super(lines.join('\n'), cause === undefined ? undefined : { cause });
    this.clause = clause;
    this.facts = facts;
  }
}
