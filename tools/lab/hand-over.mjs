// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LabError } from './lab-error.mjs';

const CLI = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/**
 * One command of the project, run on the dump, and the file that holds its answer for programs.
 * @typedef {{ command: string, exitCode: number, stdout: string, stderr: string, file?: string }} Answer
 */

/**
 * The commands that this build of the project has.
 * @param {string} help what `vmemmap --help` prints
 * @returns {ReadonlySet<string>}
 */
export function commandsOf(help) {
  const list = /^Commands:\n((?: .*\n)*)/m.exec(help)?.[1] ?? '';
  return new Set([...list.matchAll(/^ {2}vmemmap ([a-z]+)/gm)].map(([, name]) => /** @type {string} */ (name)));
}

/**
 * Has the dump audited, makes a capture of it, and compares that with the model: as far as this build can.
 * @param {string} dump file
 * @param {string} base path of the files to write, without ending
 * @param {string} node the program that runs the command line
 * @returns {{ answers: readonly Answer[], missing: readonly string[] }}
 */
export function handOver(dump, base, node = process.execPath) {
  if (!existsSync(CLI)) throw new LabError('the project is not built: npm run build');
  const run = (/** @type {string[]} */ ...args) => {
    const { status, stdout, stderr } = spawnSync(node, [CLI, ...args], { encoding: 'utf8', maxBuffer: 2 ** 30 });
    return { command: args.join(' '), exitCode: status ?? 70, stdout, stderr };
  };
  const has = commandsOf(run('--help').stdout);
  const answers = [];
  if (has.has('audit')) {
    const file = `${base}.audit.json`;
    writeFileSync(file, run('audit', dump, '--json').stdout);
    // For people.
    answers.push({ ...run('audit', dump), file });
  }
  if (has.has('capture')) {
    const file = `${base}.capture.json`;
    const answer = run('capture', dump);
    writeFileSync(file, answer.stdout);
    answers.push({ ...answer, stdout: '', file });
    if (answer.exitCode === 0) answers.push(run('compare', file));
  }
  return { answers, missing: ['audit', 'capture'].filter((name) => !has.has(name)) };
}
