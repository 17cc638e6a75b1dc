import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { path } from './invoke.ts';
import { pluginText } from './plugin-text.ts';
import { temporaryFile, temporaryFolder } from './temporary-file.ts';

// The `test` target builds first.
const launcher = path('bin/vmemmap.js');

function spawn(
  argv: readonly string[],
  cwd: string = path(''),
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [launcher, ...argv], { encoding: 'utf8', env: {}, cwd });
}

test('the command is a file that is there before anything is built, and that can be executed', () => {
  const { bin, files } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
  expect(bin).toEqual({ vmemmap: './bin/vmemmap.js' });
  expect(files).toContain('bin');
  expect(statSync(launcher).mode & 0o777).toBe(0o755);
  expect(readFileSync(launcher, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('before the build it says how to build', () => {
  temporaryFile('clone/package.json', '{"type": "module"}');
  mkdirSync(`${temporaryFolder}/clone/bin`);
  const copy = `${temporaryFolder}/clone/bin/vmemmap.js`;
  copyFileSync(launcher, copy);
  const { status, stdout, stderr } = spawnSync(process.execPath, [copy, 'arches'], { encoding: 'utf8' });
  expect(stderr).toBe('vmemmap: not built yet; run "npx nx build @vmemmap/cli" in the folder of the clone\n');
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test('the built command compares', () => {
  const { status, stdout, stderr } = spawn(['compare', path('../x86/fixtures/boot-2g.json')]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^equal {4}x86\/boot-2g/);
  expect(status).toBe(0);
});

test('bad input: one line and exit code 2', () => {
  const { status, stdout, stderr } = spawn(['populate', '--arch', 'vax']);
  expect(stderr).toMatch(/^vmemmap: no architecture "vax".*\n$/);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test('a plugin is found as a package of the folder one is in', () => {
  temporaryFile('node_modules/as-package/package.json', '{"type": "module", "exports": "./index.js"}');
  temporaryFile('node_modules/as-package/index.js', pluginText('packed', { declare: 'export default' }));
  const { status, stdout, stderr } = spawn(['arches', '--plugin', 'as-package'], temporaryFolder);
  expect(stderr).toBe('');
  expect(stdout).toContain('packed  x86 by another name');
  expect(status).toBe(0);
});

test('a reader that has seen enough is no error', () => {
  const shell = `"${process.execPath}" "${launcher}" populate --ram 64G --trace --trace-limit 100000 | head -n 1`;
  const { stdout, stderr } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^64 GiB of RAM.*\n$/);
});
