// @ts-check
// The versions of Node that packages are used with: the one this runs on, and others as packages of the registry.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const MAJORS = [20, 22, 24];

/** @typedef {{ version: string, path: string }} Node */

/** @returns {Node} */
export const currentNode = () => ({ version: process.version, path: process.execPath });

/**
 * @param {string} folder
 * @param {Record<string, string>} env
 * @returns {Promise<{ says: string, value: Node[] }>}
 */
export async function nodes(folder, env) {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const found = [currentNode()];
  const missing = [];
  for (const major of MAJORS.filter((wanted) => !process.version.startsWith(`v${wanted}.`))) {
    // The package `node` fetches its binary when it is installed, which many do not allow; this one is the binary.
    const name = `node-${process.platform}-${process.arch}@${major}`;
    try {
      await run({ cwd: folder, env }, 'npm', 'install', '--ignore-scripts', `node${major}@npm:${name}`);
      const path = join(folder, 'node_modules', `node${major}`, 'bin/node');
      found.push({ version: (await run({ cwd: folder }, path, '--version')).trim(), path });
    } catch {
      missing.push(`Node ${major} not available (no ${name} in the registry)`);
    }
  }
  return { says: [...found.map(({ version }) => version), ...missing].join(', '), value: found };
}
