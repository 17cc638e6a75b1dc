// @ts-check
// Processes that run mutants, and what becomes of one that hangs, crashes or is not clean any more.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** Memory that a mutant may take, in MiB, before it counts as found. */
const HEAP = 3000;
/** Tests collected anew stay in memory: a process is replaced before they fill it. */
const ROUNDS = 60;

/**
 * @param {object} setup what worker.mjs takes
 * @param {string} [mutant] awake from the start
 */
export async function startWorker(setup, mutant) {
  const child = fork(WORKER, [JSON.stringify(setup)], {
    execArgv: [`--max-old-space-size=${HEAP}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let rounds = 0;
  /** @type {((answer: any) => void) | undefined} */
  let settle;
  child.on('message', (answer) => settle?.(answer));
  child.on('exit', () => settle?.({ gone: 'crashed' }));
  /**
   * @param {object} message
   * @param {number} milliseconds
   * @returns {Promise<any>}
   */
  const ask = (message, milliseconds) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        settle = undefined;
        resolve({ gone: 'takes too long' });
      }, milliseconds);
      settle = (answer) => {
        clearTimeout(timer);
        settle = undefined;
        if (answer.fatal) reject(new Error(answer.fatal));
        else resolve(answer);
      };
      if (child.connected) child.send(message);
      else settle({ gone: 'crashed' });
    });
  return {
    survey: () => ask({ kind: 'survey' }, 3_600_000),
    load: () => ask({ kind: 'load', mutant }, 60_000),
    /**
     * @param {import('./worker.mjs').Job} job
     * @param {number} milliseconds
     */
    run: (job, milliseconds) => {
      if (job.collect) rounds++;
      return ask({ kind: 'run', job }, milliseconds);
    },
    get worn() {
      return rounds >= ROUNDS || !child.connected;
    },
    stop: () => {
      if (child.connected) child.kill('SIGKILL');
    },
  };
}
