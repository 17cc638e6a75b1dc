/** A stream the command writes to. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What the command has of the world around it. Tests put their own in. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative plugin paths start from. */
  readonly cwd: string;
  /** Milliseconds, for deciding whether a progress bar is worth its while. */
  now(): number;
}
