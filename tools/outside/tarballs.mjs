// @ts-check
// Tarballs of what a package outside of the workspace needs, so that no registry is asked.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The workspace. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
const INSTALL = ['install', '--offline', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];

/**
 * Installs tarballs, and what they depend on out of tarballs too.
 * @param {string} cwd
 * @param {string[]} tarballs
 */
export function install(cwd, tarballs) {
  run(cwd, 'npm', ...INSTALL, ...tarballs);
}

/**
 * core, the kit, the compiler, and all that they depend on.
 * @param {string} work folder for them
 */
export function tarballs(work) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const add = (/** @type {string} */ name, /** @type {string} */ folder) => {
    if (found.has(name)) return;
    found.set(name, pack(work, folder));
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies)) add(dependency, join(root, 'node_modules', dependency));
  };
  add('@vmemmap/core', join(root, 'packages/core'));
  add('@vmemmap/conformance', join(root, 'packages/conformance'));
  add('typescript', join(root, 'node_modules/typescript'));
  return [...found.values()];
}

/**
 * Packs a folder.
 * @param {string} work
 * @param {string} folder
 * @returns {string} path of the tarball
 */
export function pack(work, folder) {
  // Not from within: what a dependency asks of its own developers is no matter here.
  const out = run(work, 'npm', 'pack', folder, '--json', '--ignore-scripts');
  return join(work, JSON.parse(out)[0].filename);
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 * @returns {string} its output
 */
export function run(cwd, command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${command} ${args[0]} failed in ${cwd}: ${error?.message ?? ''}\n${stdout}${stderr}`);
  return stdout;
}
