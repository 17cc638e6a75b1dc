// @ts-check
// Runs the generator in a copy of the workspace: the new package must build, pass lint and types, and run the kit,
// which must name just the clauses that the templates leave to their author.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyTree } from '../release/copy.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'mips';
/** What the templates declare and leave to do. */
const LEFT_TO_DO = JSON.parse(
  readFileSync(join(root, 'packages/create-vmemmap-arch/templates/left-to-do.json'), 'utf8'),
);

const copy = mkdtempSync(join(tmpdir(), 'vmemmap-new-arch-'));
try {
  await copyTree(root, copy);
  run('npx', 'nx', 'g', '@vmemmap/new-arch:arch', NAME);
  symlinkSync(join(copy, 'packages', NAME), join(copy, 'node_modules/@vmemmap', NAME));
  run('npx', 'tsc', '-b', `packages/${NAME}`);
  run('npx', 'biome', 'check', `packages/${NAME}`, '.changeset');
  run('npx', 'nx', 'sync:check');
  spawnSync('npx', ['vitest', 'run'], { cwd: join(copy, 'packages', NAME), stdio: 'ignore' });
  const report = JSON.parse(readFileSync(join(copy, 'packages', NAME, `test-results/${NAME}.json`), 'utf8'));
  /** @type {Set<string>} */
  const failed = new Set();
  let passed = 0;
  for (const { title, status } of report.testResults.flatMap((/** @type {any} */ file) => file.assertionResults)) {
    if (status === 'passed') passed++;
    else failed.add(/^\[([A-Z]+-\d+)\]/.exec(title)?.[1] ?? title);
  }
  const named = [...failed].sort().join(' ');
  if (named !== LEFT_TO_DO.join(' ') || passed === 0) {
    console.error(`new-arch: the kit on a fresh package names ${named || 'nothing'}, not ${LEFT_TO_DO.join(' ')}`);
    process.exitCode = 1;
  } else console.log(`new-arch: a fresh package builds, and the kit names ${named} as what is left to do`);
} finally {
  rmSync(copy, { recursive: true });
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, ...args) {
  const env = { ...process.env, CI: 'true', NX_DAEMON: 'false', NX_TUI: 'false', NX_WORKSPACE_ROOT_PATH: copy };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: 'utf8', env });
  if (status === 0) return;
  console.error(`${stdout}${stderr}`);
  throw new Error(`new-arch: ${command} ${args.join(' ')} failed on a fresh package`);
}
