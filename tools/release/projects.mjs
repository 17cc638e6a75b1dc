// @ts-check
// An empty project for every package, in which it is installed alone, with its peers, and used.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'rolldown/utils';
import { jobOf } from './jobs.mjs';
import { forEachAtOnce, run } from './run.mjs';

/** @typedef {import('./pack.mjs').Packed & { project: string, job: import('./jobs.mjs').Job }} Project */
/**
 * @typedef {object} Installer
 * @property {string} name
 * @property {(project: string, packages: string[]) => Promise<unknown>} add installs packages into a project
 * @property {((tarball: import('./pack.mjs').Packed) => string) | undefined} [from] what to ask for instead of the name
 */

/**
 * The packages of ours that a package needs, itself among them.
 * @param {import('./pack.mjs').Packed} one
 * @param {import('./pack.mjs').Packed[]} all
 * @param {Set<import('./pack.mjs').Packed>} [found]
 */
function needed(one, all, found = new Set()) {
  found.add(one);
  for (const name of Object.keys({ ...one.manifest.dependencies, ...one.manifest.peerDependencies })) {
    const other = all.find((candidate) => candidate.name === name);
    if (other !== undefined && !found.has(other)) needed(other, all, found);
  }
  return found;
}

/**
 * @param {import('./pack.mjs').Packed[]} packed
 * @param {string} folder
 * @param {Installer} installer
 */
export async function install(packed, folder, installer) {
  mkdirSync(folder);
  const projects = packed.map((found) => ({ ...found, project: join(folder, found.short), job: jobOf(found) }));
  await forEachAtOnce(projects, async (found) => {
    const { name, project, manifest, job } = found;
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
    const all = needed(found, packed);
    const peers = Object.keys(manifest.peerDependencies ?? {});
    const { from } = installer;
    await installer.add(project, from ? [...all].map(from) : [name, ...peers]);
    const ours = join(project, 'node_modules/@vmemmap');
    const came = existsSync(ours) ? readdirSync(ours).map((short) => `@vmemmap/${short}`) : [];
    const extra = came.filter((other) => ![...all].some((one) => one.name === other));
    if (extra.length > 0) throw new Error(`${name} brought ${extra.join(', ')} along`);
    writeFileSync(join(project, 'consumer.ts'), job.source);
    writeFileSync(join(project, 'consumer.mjs'), transformSync('consumer.ts', job.source, { lang: 'ts' }).code);
  });
  return { says: `${projects.length} packages, each alone with its peers`, value: projects };
}

/**
 * @param {Project[]} projects
 * @param {import('./nodes.mjs').Node} node
 */
export async function use(projects, node) {
  await forEachAtOnce(projects, async ({ name, project, job }) => {
    await run({ cwd: project }, node.path, 'consumer.mjs');
    for (const { file, args, prints } of job.commands) {
      const printed = await run({ cwd: project }, node.path, join('node_modules', name, file), ...args);
      if (!printed.includes(prints)) throw new Error(`${file} of ${name} does not print "${prints}":\n${printed}`);
    }
  });
  return { says: `every package does its main job on Node ${node.version}`, value: true };
}

/**
 * The kit beside each architecture, started as its user starts it.
 * @param {Project[]} projects
 * @param {Installer} installer
 */
export async function runKit(projects, installer) {
  const arches = projects.filter(({ isArch }) => isArch);
  const says = await forEachAtOnce(arches, async ({ name, project }) => {
    await installer.add(project, ['@vmemmap/conformance']);
    const printed = await run({ cwd: project }, 'npx', '--no-install', 'vmemmap-conformance', name);
    const last = printed.trim().split('\n').at(-1) ?? '';
    if (!/: [1-9]\d* ok/.test(last)) throw new Error(`the kit says nothing of ${name}:\n${printed}`);
    return last;
  });
  return { says: says.join('; '), value: true };
}
