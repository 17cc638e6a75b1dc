// @ts-check
// A tree of built packages in which one has other sources: where mutants live.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transpile } from './instrument.mjs';
import { root } from './targets.mjs';

/** Inside of the workspace, so that what it has installed is found. */
const place = fileURLToPath(new URL('.sandbox/', import.meta.url));

/**
 * @param {string} name of the sandbox
 * @returns {string} its folder, with every built package in it
 */
export function makeSandbox(name) {
  const folder = join(place, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'node_modules/@vmemmap'), { recursive: true });
  for (const entry of readdirSync(join(root, 'packages'))) {
    const from = join(root, 'packages', entry);
    const to = join(folder, 'packages', entry);
    if (!existsSync(join(from, 'dist'))) throw new Error(`mutation: ${entry} is not built; run npm run build`);
    mkdirSync(to, { recursive: true });
    cpSync(join(from, 'package.json'), join(to, 'package.json'));
    cpSync(join(from, 'dist'), join(to, 'dist'), { recursive: true });
    if (existsSync(join(from, 'fixtures'))) symlinkSync(join(from, 'fixtures'), join(to, 'fixtures'));
    symlinkSync(to, join(folder, 'node_modules/@vmemmap', entry));
  }
  // Tests that are not started by vitest get what they use of it from here.
  mkdirSync(join(folder, 'node_modules/vitest'));
  writeFileSync(join(folder, 'node_modules/vitest/package.json'), '{"type":"module","exports":"./index.js"}\n');
  cpSync(fileURLToPath(new URL('test-runner.mjs', import.meta.url)), join(folder, 'node_modules/vitest/index.js'));
  return folder;
}

/**
 * @param {string} folder of the sandbox
 * @param {string} name of the package
 * @param {readonly { name: string, content: string }[]} files below its `src`, JavaScript
 */
export function replaceSources(folder, name, files) {
  for (const file of files) {
    writeFileSync(join(folder, 'packages', name, 'dist', file.name.replace(/\.ts$/, '.js')), file.content);
  }
}

/**
 * Puts a package's tests into the sandbox.
 * @param {string} folder of the sandbox
 * @param {string} name of the package
 * @returns {string[]} the files that hold tests, as paths
 */
export function addTests(folder, name) {
  const tests = join(root, 'packages', name, 'test');
  const found = [];
  for (const file of /** @type {string[]} */ (readdirSync(tests, { recursive: true })).sort()) {
    if (!file.endsWith('.ts')) continue;
    const to = join(folder, 'packages', name, 'test', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(to), { recursive: true });
    const content = readFileSync(join(tests, file), 'utf8');
    writeFileSync(to, transpile(content.replaceAll(/'((?:\.\.\/)+)src\//g, "'$1dist/")));
    if (file.endsWith('.test.ts')) found.push(to);
  }
  return found;
}
