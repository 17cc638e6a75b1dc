// @ts-check
// Outside of the workspace, from tarballs alone: makes a package with create-vmemmap-arch, expects the kit to name just
// the clauses that are left to do, follows docs/guides/write-a-plugin.md, and expects every clause to hold. No registry is
// asked: what the packages depend on is packed from the workspace.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyGuide } from './guide.mjs';
import { install, pack, root, run, tarballs } from './tarballs.mjs';

const CREATOR = join(root, 'packages/create-vmemmap-arch');
/** @type {string[]} */
const LEFT_TO_DO = JSON.parse(readFileSync(join(CREATOR, 'templates/left-to-do.json'), 'utf8'));

const work = mkdtempSync(join(tmpdir(), 'vmemmap-outside-'));
try {
  const creator = join(work, 'creator');
  mkdirSync(creator);
  writeFileSync(join(creator, 'package.json'), '{ "private": true }\n');
  install(creator, [pack(work, CREATOR)]);
  run(work, join(creator, 'node_modules/.bin/create-vmemmap-arch'), 'demo');

  const demo = join(work, 'demo');
  install(demo, tarballs(work));
  expectFailures(demo, LEFT_TO_DO, 'a fresh package');
  const written = applyGuide(demo);
  expectFailures(demo, [], `a package with ${written.join(', ')} of the guide`);
  console.log(`outside: a fresh package names ${LEFT_TO_DO.join(' ')}; with the guide's files every clause holds`);
} catch (error) {
  console.error(`outside: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true });
}

/**
 * Runs `npm test`, which begins with tsc, and compares the clauses that fail.
 * @param {string} folder
 * @param {string[]} expected
 * @param {string} what
 */
function expectFailures(folder, expected, what) {
  const { status, stdout, stderr } = spawnSync('npm', ['test'], { cwd: folder, encoding: 'utf8' });
  const marked = (/** @type {string} */ mark) => [
    ...stdout.matchAll(new RegExp(`^\\s*${mark} \\[([A-Z]+-\\d+)\\]`, 'gm')),
  ];
  const failed = [...new Set(marked('✖').map(([, id]) => id))].sort();
  const asExpected =
    failed.join() === expected.toSorted().join() &&
    marked('✔').length > 0 &&
    (status === 0) === (expected.length === 0);
  if (asExpected) return;
  const list = (/** @type {(string | undefined)[]} */ ids) => ids.join(' ') || 'no clause';
  throw new Error(`in ${what} ${list(failed)} failed, and not ${list(expected)}\n${stdout}${stderr}`);
}
