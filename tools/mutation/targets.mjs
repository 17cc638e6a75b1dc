// @ts-check
// What is mutated, and which tests are asked.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The parts of core that populate, free and account; the rest reads, compares and talks. */
const ENGINE = ['engine', 'hotplug', 'hugetlb', 'memory', 'pagetable', 'sparse', 'zone-device'];

/**
 * What neither populates nor frees nor encodes: options and what follows from them, sizes and the window, names of bits,
 * exports; and walkers, which are the other witness: they find mutants, and their own tests hold them against an
 * oracle.
 */
const NOT_MUTATED =
  /^(config|chips|entry-layouts|index|layout|page-walk|recognise|resolve|va-bits|(hash-)?walker)\.ts$/;

/**
 * @typedef {object} Target
 * @property {string} name of the package's folder
 * @property {readonly string[]} files that are mutated, below its `src`
 * @property {readonly string[]} tests packages whose tests are asked
 * @property {number} every how many mutants there are to one that is tried, unless a part is asked for
 */

/** @returns {Target[]} core first, then the plugins by name */
export function targets() {
  const plugins = readdirSync(join(root, 'packages')).filter((name) =>
    JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')).keywords?.includes('vmemmap-arch'),
  );
  const engine = ENGINE.flatMap((folder) => sources(join('core/src', folder)).map((name) => `${folder}/${name}`));
  return [
    // All of some four thousand mutants against the tests of all plugins take hours: every so many, and three plugins that
    // do most otherwise: hot plug, HVO and sync; a base of its own; software walks of 8 KiB pages.
    { name: 'core', files: engine, tests: ['core', 'x86', 'riscv', 'sparc'], every: 16 },
    ...plugins.map((name) => ({
      name,
      files: sources(`${name}/src`).filter((file) => file !== `${name}.ts`),
      tests: [name],
      every: 1,
    })),
  ];
}

/** @param {string} folder */
function sources(folder) {
  return readdirSync(join(root, 'packages', folder))
    .filter((name) => name.endsWith('.ts') && !NOT_MUTATED.test(name))
    .sort();
}
