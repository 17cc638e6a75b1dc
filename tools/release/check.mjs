// @ts-check
// The release check: a copy of the tree is given its next version, built, packed and published to a registry of its own,
// and every package is used from there as someone outside would use it. With --quick, from the tarballs alone, as built,
// with npm, on the running Node and the TypeScript of the tree.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundles } from './bundle.mjs';
import { build, copyTree, takeBuild } from './copy.mjs';
import { create } from './create.mjs';
import { dependencies } from './imports.mjs';
import { npmFromRegistry, npmFromTarballs, pnpmFromRegistry } from './installers.mjs';
import { licences } from './licences.mjs';
import { lint } from './lint.mjs';
import { currentNode, nodes } from './nodes.mjs';
import { pack } from './pack.mjs';
import { install, runKit, use } from './projects.mjs';
import { publish, startRegistry } from './registry.mjs';
import { nameRepository } from './repository.mjs';
import { sizes } from './sizes.mjs';
import { Steps } from './steps.mjs';
import { compilers, types } from './types.mjs';
import { changelogs, version } from './version.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    accept: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('../../', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'vmemmap-release-'));
const steps = new Steps(values.json);

/** @returns {Promise<void>} */
async function quick() {
  const packed = await released(takeBuild);
  const projects = await steps.step('install npm', () => install(all(packed), join(work, 'npm'), npmFromTarballs()), [
    packed,
  ]);
  await steps.step('use npm', () => use(all(projects), currentNode()), [projects]);
  const own = { version: 'of the tree', tsc: join(root, 'node_modules/typescript/bin/tsc') };
  await steps.step('types', () => types(all(projects), [own], ['nodenext']), [projects]);
  await measured(projects);
}

/** @returns {Promise<void>} */
async function full() {
  const packed = await released((_, copy) => build(copy));
  await steps.step('publint, attw', () => lint(all(packed), root), [packed]);
  const registry = await steps.step('registry', () => startRegistry(join(work, 'registry')));
  try {
    await published(packed, registry);
  } finally {
    await registry?.close();
  }
}

/**
 * @param {import('./pack.mjs').Packed[] | undefined} packed
 * @param {import('./registry.mjs').Registry | undefined} registry
 */
async function published(packed, registry) {
  const there = await steps.step('publish', () => publish(all(packed), given(registry)), [packed, registry]);
  const env = registry?.env ?? {};
  const versions = await steps.step('Node', () => nodes(join(work, 'nodes'), env), [registry]);
  const tsc = await steps.step('TypeScript', () => compilers(join(work, 'typescript'), env), [registry]);
  const npm = npmFromRegistry(env);
  const projects = await steps.step('install npm', () => install(all(packed), join(work, 'npm'), npm), [there]);
  for (const node of versions ?? []) {
    await steps.step(`use npm ${node.version}`, () => use(all(projects), node), [projects]);
  }
  const pnpm = await steps.step('pnpm', () => pnpmFromRegistry(join(work, 'pnpm'), env), [registry]);
  const linked = await steps.step(
    'install pnpm',
    () => install(all(packed), join(work, 'pnpm-projects'), given(pnpm)),
    [there, pnpm],
  );
  for (const node of versions ?? []) {
    await steps.step(`use pnpm ${node.version}`, () => use(all(linked), node), [linked]);
  }
  await steps.step('types', () => types(all(projects), all(tsc), ['nodenext', 'bundler']), [projects, tsc]);
  // pnpm's folders show a package only what it declares, types too.
  await steps.step('types pnpm', () => types(all(linked), all(tsc).slice(-1), ['nodenext']), [linked, tsc]);
  await measured(projects);
  await steps.step('kit', () => runKit(all(projects), npm), [projects]);
  if (!packed?.some(({ name }) => name === 'create-vmemmap-arch')) return;
  await steps.step('npm create', () => create(join(work, 'copy'), join(work, 'create'), env), [there]);
}

/**
 * What both have in common before anything is installed.
 * @param {(root: string, copy: string) => Promise<{ says: string, value: string }>} built
 * @returns {Promise<import('./pack.mjs').Packed[] | undefined>}
 */
async function released(built) {
  const copy = join(work, 'copy');
  const copied = await steps.step('copy', () => copyTree(root, copy));
  const versioned = await steps.step('changeset version', () => version(copy), [copied]);
  await steps.step('changelogs', () => changelogs(copy, given(versioned)), [versioned]);
  // Before it is packed, as in the workflow; any address will do.
  if (versioned !== undefined) nameRepository(copy, 'vmemmap/vmemmap');
  const ready = await steps.step('build', () => built(root, copy), [copied]);
  const packed = await steps.step('pack', () => pack(copy, join(work, 'tarballs')), [versioned, ready]);
  await steps.step('dependencies', () => dependencies(all(packed)), [packed]);
  return packed;
}

/** @param {import('./projects.mjs').Project[] | undefined} projects */
async function measured(projects) {
  await steps.step('bundle for browsers', () => bundles(all(projects)), [projects]);
  await steps.step('sizes', () => sizes(all(projects), values.accept), [projects]);
  await steps.step('licences', () => licences(all(projects).map(({ project }) => project)), [projects]);
}

/**
 * A step runs only when what it needs is there.
 * @template Value
 * @param {Value | undefined} value
 * @returns {Value}
 */
function given(value) {
  if (value === undefined) throw new Error('release: a step ran without what it needs');
  return value;
}

/**
 * @template Item
 * @param {Item[] | undefined} items
 * @returns {Item[]}
 */
function all(items) {
  const found = given(items);
  if (found.length === 0) throw new Error('release: there is nothing to check');
  return found;
}

try {
  await (values.quick ? quick() : full());
} finally {
  if (values.keep) console.error(`release: everything is left in ${work}`);
  else rmSync(work, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify({ ok: steps.ok, steps: steps.results }, null, 2));
else console.log(`\n${steps.table()}`);
process.exitCode = steps.ok ? 0 : 1;
