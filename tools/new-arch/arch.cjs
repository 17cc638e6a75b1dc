// @ts-check
// npm run new:arch -- mips: the package of a new architecture plugin. The plugin's own files are those that `npm create
// vmemmap-arch` writes; files/ has what a package in the workspace has besides.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { generateFiles, readJson, updateJson } = require('@nx/devkit');

const PLUGIN = join(__dirname, '../../packages/create-vmemmap-arch/templates/plugin');
const OWN = join(__dirname, 'files');
const CHANGESETS = '.changeset/config.json';

/**
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string }} options
 * @returns {Promise<import('@nx/devkit').GeneratorCallback>}
 */
async function archGenerator(tree, options) {
  const name = String(options.name);
  if (!/^[a-z][a-z0-9]*$/.test(name)) {
    throw new Error(`new-arch: "${name}" is no architecture name: use lower-case letters and digits, a letter first`);
  }
  const root = `packages/${name}`;
  // Packages and tools share the @vmemmap/ scope.
  for (const taken of [root, `tools/${name}`]) {
    if (tree.exists(taken)) throw new Error(`new-arch: ${taken} exists already`);
  }

  const packageName = `@vmemmap/${name}`;
  // One release train: the new plugin starts where the contract and the kit are now.
  const values = {
    name,
    className: name[0]?.toUpperCase() + name.slice(1),
    packageName,
    version: readJson(tree, 'packages/core/package.json').version,
    corePeerRange: readJson(tree, 'packages/conformance/package.json').peerDependencies['@vmemmap/core'],
  };
  for (const templates of [PLUGIN, OWN]) generateFiles(tree, templates, root, values);
  tree.write(`${root}/LICENSE`, /** @type {Buffer} */ (tree.read('LICENSE')));

  updateJson(tree, CHANGESETS, (/** @type {{ fixed: string[][] }} */ config) => {
    const group = config.fixed.find((names) => names.includes('@vmemmap/core'));
    if (group && !group.includes(packageName)) group.push(packageName);
    return config;
  });

  return () => {
    run(tree.root, 'nx', 'sync');
    run(tree.root, 'biome', 'check', '--write', root, CHANGESETS);
    console.log(`
${packageName} is in ${root}. Next:
  1. npm install                    links the package and adds it to package-lock.json
  2. npx nx test ${packageName}     runs the kit; the clauses that fail are what is left to do
  3. ${root}/README.md says where to begin
  4. npm run changeset
`);
  };
}

/**
 * Runs a tool of the workspace in its root; throws when it fails.
 * @param {string} cwd
 * @param {string} tool
 * @param {string[]} args
 */
function run(cwd, tool, ...args) {
  const { status } = spawnSync('npx', ['--no-install', tool, ...args], {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`new-arch: ${tool} ${args.join(' ')} failed`);
}

module.exports = archGenerator;
