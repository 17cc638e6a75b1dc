// @ts-check
// Bundles as a web page would have them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { BROWSER_JOB } from './jobs.mjs';

/**
 * @param {string} project folder in which the packages are installed
 * @param {string} source
 * @param {object} options
 * @param {'browser' | 'node'} options.platform
 * @param {'iife' | 'esm'} options.format
 * @param {string[]} [options.external] packages to leave out
 * @returns {Promise<string>} minified
 */
async function bundle(project, source, { platform, format, external = [] }) {
  const folder = join(project, 'bundled');
  mkdirSync(folder, { recursive: true });
  const input = join(folder, `${platform}-${format}.mjs`);
  writeFileSync(input, source);
  const bundled = await rolldown({
    input,
    cwd: project,
    platform,
    external: external.map((name) => new RegExp(`^${name}(/|$)`)),
    onLog: (level, log) => {
      // What cannot be resolved would be left out without a word.
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
    },
  });
  const { output } = await bundled.generate({ format, minify: true, codeSplitting: false });
  await bundled.close();
  return output[0].code;
}

/**
 * Core and each architecture for the browser: nothing of Node is left, and it runs where there is only the language.
 * @param {{ short: string, isArch: boolean, project: string }[]} projects
 */
export async function bundles(projects) {
  const largest = { bytes: 0, short: '' };
  const arches = projects.filter(({ isArch }) => isArch);
  for (const { short, project } of arches) {
    const code = await bundle(project, BROWSER_JOB(short), { platform: 'browser', format: 'iife' });
    const left =
      /(?:\bfrom|\bimport|\brequire\()\s*["'`](?:node:)?[\w/]+["'`]/.exec(code) ?? /["'`]node:\w+/.exec(code);
    if (left !== null) throw new Error(`the bundle of core and ${short} still imports: ${left[0]}`);
    const context = createContext({});
    runInContext(code, context);
    const { problems, structPages, mapped } = JSON.parse(context.answer);
    if (problems.length > 0 || structPages === 0 || !mapped)
      throw new Error(`bundled ${short}: ${problems.join('; ')}`);
    const bytes = gzipSync(code).length;
    if (bytes > largest.bytes) Object.assign(largest, { bytes, short });
  }
  if (arches.length === 0) throw new Error('there is no architecture to bundle');
  const size = `${(largest.bytes / 1024).toFixed(1)} KiB`;
  return {
    says: `core with each of ${arches.length} architectures; with ${largest.short}, the largest, ${size} gzipped`,
    value: true,
  };
}

/**
 * What a package adds to a page or program that has the other packages of the workspace already.
 * @param {import('./projects.mjs').Project} found
 * @returns {Promise<number>} bytes, minified and gzipped
 */
export async function bundledSize({ name, project, manifest, job }) {
  const others = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const external = others.filter((other) => other.startsWith('@vmemmap/'));
  const options = { platform: job.platform, format: /** @type {const} */ ('esm'), external };
  return gzipSync(await bundle(project, `export * from '${name}';\n`, options)).length;
}
