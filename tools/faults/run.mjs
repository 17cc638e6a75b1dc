// @ts-check
// One fault: the whole kit on the plugin that has it, and nothing but the kit.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));
const packages = new URL('../../packages/', import.meta.url);
/** A fault may make a loop without end; the kit takes a second. */
const PATIENCE = 60_000;

/**
 * @typedef {object} Fault
 * @property {string} what the mistake, as a reviewer would put it
 * @property {string} in `<package>/<file below src>`
 * @property {string} from what the source says; must be there just once
 * @property {string} to what it says with the fault
 * @property {string} clause that names it
 * @property {string} [plugin] that shows it. Default: the package itself
 * @property {object} [config] of the plugin. Default: its default
 */

/**
 * @param {Fault} fault
 * @returns {Promise<string[]>} ids of the clauses that fail, in the kit's order
 */
export function failedClauses(fault) {
  const { plugin, config = {} } = { plugin: fault.in.split('/')[0], ...fault };
  const { url, source } = faulty(fault);
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let errors = '';
    child.stderr?.on('data', (text) => (errors += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    child.on('message', (/** @type {string[]} */ failed) => resolve(failed));
    child.on('error', reject);
    // Not 'exit', which may come before the message that the child sent last.
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`faults: the kit did not come to an end (${signal ?? `exit code ${code}`})\n${errors}`));
    });
    child.send({ plugin, config, url, source });
  });
}

/**
 * The built file with the fault in it.
 * @param {Fault} fault
 */
export function faulty({ in: place, from, to }) {
  const [name, ...file] = place.split('/');
  const text = readFileSync(new URL(`${name}/src/${file.join('/')}`, packages), 'utf8');
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`faults: ${place} has ${parts.length - 1} times ${JSON.stringify(from)}, not once`);
  const { outputText } = ts.transpileModule(parts.join(to), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return { url: new URL(`${name}/dist/${file.join('/').replace(/\.ts$/, '.js')}`, packages).href, source: outputText };
}
