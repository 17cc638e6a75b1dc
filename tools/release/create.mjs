// @ts-check
// From an empty folder to a plugin that keeps the contract, as the guide tells it.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './run.mjs';

/** How node:test says that a clause failed. */
const FAILED = /^\s*✖ \[([A-Z]+-\d+)\]/gm;

/**
 * @param {string} copy whose guide is followed
 * @param {string} folder
 * @param {Record<string, string>} env
 */
export async function create(copy, folder, env) {
  mkdirSync(folder);
  await run({ cwd: folder, env }, 'npm', 'create', 'vmemmap-arch@latest', 'demo', '--yes');
  const demo = join(folder, 'demo');
  if (!existsSync(join(demo, 'package.json'))) throw new Error('npm create vmemmap-arch demo made no package');
  await run({ cwd: demo, env }, 'npm', 'install');
  const failing = await run({ cwd: demo, env, expect: 1 }, 'npm', 'test');
  const named = new Set([...failing.matchAll(FAILED)].map(([, id]) => id));
  if (named.size === 0) throw new Error(`npm test of a fresh package fails and names no clause:\n${failing}`);
  const { applyGuide } = await import(pathToFileURL(join(copy, 'tools/outside/guide.mjs')).href);
  await applyGuide(demo);
  await run({ cwd: demo, env }, 'npm', 'test');
  return {
    says: `fresh, npm test fails and names ${named.size} clauses; with the guide's code it passes`,
    value: true,
  };
}
