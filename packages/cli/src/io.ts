/** A stream the command writes to. */
export interface Output {
  /** Writes text, without a line break of its own. */
  write(text: string): unknown;
  /** Whether it is a terminal: colours and progress bars only there. Default: false. */
  readonly isTTY?: boolean;
  /** Width in characters, for the help. Default: 100. */
  readonly columns?: number;
}

/** What the command has of the world around it. Tests put their own in. */
export interface Io {
  /** Where answers go; with `--json` one JSON value and nothing else. */
  readonly stdout: Output;
  /** Where errors, warnings and progress go. */
  readonly stderr: Output;
  /** The environment: `NO_COLOR` and the like. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative plugin paths start from. */
  readonly cwd: string;
  /** Milliseconds, for deciding whether a progress bar is worth its while. */
  now(): number;
}
