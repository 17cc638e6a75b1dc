// @ts-check
// Runs the generator in a copy of the workspace: the new package must build, pass lint and types, and run the kit,
// which must name just the clauses that the templates leave to their author.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'mips';
/** What the templates declare and leave to do: giving memory back, and the fields of an entry. */
const LEFT_TO_DO = ['ALT-1', 'ALT-5', 'ERR-3', 'FREE-1', 'FREE-2', 'FREE-9', 'TAB-6'];

const copy = mkdtempSync(join(tmpdir(), 'vmemmap-new-arch-'));
try {
  copyWorkspace();
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

// What git would have in a clone, with installed packages linked in and those of the workspace being the copy's own.
function copyWorkspace() {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  for (const file of files.trim().split('\n')) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  const installed = join(root, 'node_modules');
  mkdirSync(join(copy, 'node_modules/@vmemmap'), { recursive: true });
  for (const entry of readdirSync(installed)) {
    if (entry !== '@vmemmap') symlinkSync(join(installed, entry), join(copy, 'node_modules', entry));
  }
  for (const folder of ['packages', 'tools']) {
    for (const name of readdirSync(join(copy, folder))) {
      symlinkSync(join(copy, folder, name), join(copy, 'node_modules/@vmemmap', name));
    }
  }
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
