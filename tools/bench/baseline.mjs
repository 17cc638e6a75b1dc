// @ts-check
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Compiles the C baseline with gcc -O2. */
export function compileBaseline() {
  const directory = mkdtempSync(join(tmpdir(), 'vmemmap-bench-'));
  const program = join(directory, 'baseline');
  try {
    execFileSync('gcc', ['-O2', '-o', program, fileURLToPath(new URL('baseline.c', import.meta.url))], {
      stdio: 'inherit',
    });
  } catch (error) {
    rmSync(directory, { recursive: true });
    throw new Error('the benchmark needs gcc to compile its baseline; install it and run again', { cause: error });
  }
  return { program, remove: () => rmSync(directory, { recursive: true }) };
}

/**
 * Starts the baseline for one case; `sample()` makes it do the work once.
 * @param {string} program
 * @param {string[]} args
 */
export function startBaseline(program, args) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** @returns {Promise<string>} what it says after doing the work once */
  const line = async () => {
    child.stdin.write('\n');
    const { value, done } = await lines.next();
    if (done) throw new Error(`the baseline stopped: ${args.join(' ')}`);
    return value;
  };
  return {
    line,
    /** @returns {Promise<number>} nanoseconds */
    sample: async () => Number(await line()),
    stop: () => child.stdin.end(),
  };
}
