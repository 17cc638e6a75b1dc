// @ts-check
// The types of every package, read by the compilers that its users have, with nothing skipped.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const VERSIONS = ['5.6', '5.9', '6.0'];
const RESOLUTIONS = {
  nodenext: ['--module', 'nodenext'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
};
const STRICT = ['--noEmit', '--target', 'es2022', '--strict', '--skipLibCheck', 'false'];

/** @typedef {{ version: string, tsc: string }} Compiler */

/**
 * @param {string} folder
 * @param {Record<string, string>} env
 * @returns {Promise<{ says: string, value: Compiler[] }>}
 */
export async function compilers(folder, env) {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const value = VERSIONS.map((version) => ({ version, tsc: join(folder, `node_modules/ts${version}/bin/tsc`) }));
  await run(
    { cwd: folder, env },
    'npm',
    'install',
    ...VERSIONS.map((version) => `ts${version}@npm:typescript@${version}`),
  );
  return { says: `TypeScript ${VERSIONS.join(', ')}`, value };
}

/**
 * @param {import('./projects.mjs').Project[]} projects
 * @param {Compiler[]} with_
 * @param {(keyof typeof RESOLUTIONS)[]} resolutions
 */
export async function types(projects, with_, resolutions) {
  const consumers = projects.map(({ project }) => join(project, 'consumer.ts'));
  const cwd = /** @type {string} */ (projects[0]?.project);
  for (const { version, tsc } of with_) {
    for (const resolution of resolutions) {
      try {
        await run({ cwd }, process.execPath, tsc, ...STRICT, ...RESOLUTIONS[resolution], ...consumers);
      } catch (error) {
        throw new Error(`TypeScript ${version}, ${resolution}: ${/** @type {Error} */ (error).message}`);
      }
    }
  }
  const versions = with_.map(({ version }) => version).join(', ');
  return { says: `${consumers.length} consumers with TypeScript ${versions}; ${resolutions.join(', ')}`, value: true };
}
