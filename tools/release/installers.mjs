// @ts-check
// The package managers that packages are installed with, each from the registry or, for npm, from tarballs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/** @typedef {import('./projects.mjs').Installer} Installer */

const PNPM = '10.34.8';
const NPM_INSTALL = ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts'];

/**
 * Ours from their tarballs; what they need from outside out of npm's cache where it is there.
 * @returns {Installer}
 */
export function npmFromTarballs() {
  const [command = '', ...options] = NPM_INSTALL;
  return {
    name: 'npm',
    from: ({ tarball }) => tarball,
    add: (cwd, packages) => run({ cwd }, command, ...options, '--prefer-offline', ...packages),
  };
}

/**
 * @param {Record<string, string>} env
 * @returns {Installer}
 */
export function npmFromRegistry(env) {
  const [command = '', ...options] = NPM_INSTALL;
  return { name: 'npm', add: (cwd, packages) => run({ cwd, env }, command, ...options, ...packages) };
}

/**
 * @param {string} folder where pnpm itself is installed
 * @param {Record<string, string>} env
 * @returns {Promise<{ says: string, value: Installer }>}
 */
export async function pnpmFromRegistry(folder, env) {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  await run({ cwd: folder, env }, 'npm', 'install', `pnpm@${PNPM}`);
  const installed = join(folder, 'node_modules/pnpm');
  const { bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const command = join(installed, bin.pnpm);
  const own = { ...env, npm_config_store_dir: join(folder, 'store'), npm_config_cache_dir: join(folder, 'cache') };
  /** @type {Installer} */
  const value = {
    name: 'pnpm',
    add: (cwd, packages) => run({ cwd, env: own }, process.execPath, command, 'add', ...packages),
  };
  return { says: `pnpm ${PNPM}`, value };
}
