// @ts-check
// Starting a program and waiting for it. Never synchronously: the registry lives in this process and has to answer.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {Record<string, string>} [env] beside what this process has
 * @property {number} [expect] exit code that is success; default 0
 */

/**
 * @param {RunOptions} options
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string>} what it printed on stdout
 */
export function run({ cwd, env, expect = 0 }, command, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === expect) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`));
    });
  });
}

/**
 * Does a job for every item, as many at a time as there are processors. All end before the first failure is thrown.
 * @template Item, Result
 * @param {readonly Item[]} items
 * @param {(item: Item) => Promise<Result>} job
 * @returns {Promise<Result[]>} in the order of the items
 */
export async function forEachAtOnce(items, job) {
  /** @type {Result[]} */
  const results = [];
  /** @type {unknown[]} */
  const errors = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await job(/** @type {Item} */ (items[index]));
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (errors.length > 0) throw new Error(errors.map((error) => /** @type {any} */ (error).message).join('\n'));
  return results;
}
