import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Io, type Output, run } from '../src/cli.ts';

/** What one run of the command came to. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface InvokeOptions {
  readonly stdoutIsTTY?: boolean;
  readonly stderrIsTTY?: boolean;
  readonly env?: Io['env'];
  readonly now?: () => number;
}

/** The folder of a fixture or of the package. */
export function path(relative: string): string {
  return fileURLToPath(new URL(`../${relative}`, import.meta.url));
}

/** Runs the command in this process. */
export async function invokeWith(options: InvokeOptions, ...argv: string[]): Promise<Outcome> {
  const stdout = collector(options.stdoutIsTTY ?? false);
  const stderr = collector(options.stderrIsTTY ?? false);
  const code = await run(argv, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: options.env ?? {},
    cwd: path('test'),
    now: options.now ?? (() => 0),
  });
  return { code, out: stdout.text(), err: stderr.text() };
}

/** Runs the command in this process, without a terminal. */
export function invoke(...argv: string[]): Promise<Outcome> {
  return invokeWith({}, ...argv);
}

/** Runs the command with `--json` and parses all of its stdout. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into it
export async function invokeJson(...argv: string[]): Promise<{ code: number; json: any; err: string }> {
  const { code, out, err } = await invoke(...argv, '--json');
  return { code, json: JSON.parse(out), err };
}

function collector(isTTY: boolean): { stream: Output; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  const chunks: string[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { stream, text: () => chunks.join('') };
}
