// @ts-check
// The licences of everything that an installed package brings along.
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from './packages.mjs';

const ALLOWED = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0'];

/**
 * Every package below a node_modules folder.
 * @param {string} modules
 * @returns {string[]}
 */
function installed(modules) {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((part) => join(name, part)) : [name],
    )
    .map((name) => realpathSync(join(modules, name)))
    .flatMap((folder) => [folder, ...installed(join(folder, 'node_modules'))]);
}

/** @param {string[]} projects folders in which packages were installed with npm */
export async function licences(projects) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const folder of projects.flatMap((project) => installed(join(project, 'node_modules')))) {
    const { name, version, license } = readManifest(folder);
    if (name !== undefined) found.set(`${name}@${version}`, typeof license === 'string' ? license : 'none');
  }
  const wrong = [...found].filter(([, license]) => !ALLOWED.includes(license));
  if (wrong.length > 0) {
    throw new Error(
      `${wrong.map(([name, license]) => `${name}: ${license}`).join(', ')}; allowed: ${ALLOWED.join(', ')}`,
    );
  }
  const kinds = [...new Set(found.values())].sort().join(', ');
  return { says: `${found.size} packages: ${kinds}`, value: true };
}
