// @ts-check
// A copy of the tree to release from: versions, changelogs and tarballs come into being there, never here.
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.mjs';

/**
 * What git has or would have, as a repository of its own, with installed packages linked in and the packages of the
 * workspace being the copy's.
 * @param {string} root
 * @param {string} copy an empty folder
 */
export async function copyTree(root, copy) {
  const listed = await run({ cwd: root }, 'git', 'ls-files', '-co', '--exclude-standard');
  const files = listed
    .trim()
    .split('\n')
    .filter((file) => existsSync(join(root, file)));
  for (const file of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  mkdirSync(join(copy, 'node_modules/@vmemmap'), { recursive: true });
  for (const entry of readdirSync(join(root, 'node_modules'))) {
    if (entry !== '@vmemmap') symlinkSync(join(root, 'node_modules', entry), join(copy, 'node_modules', entry));
  }
  for (const folder of ['packages', 'tools']) {
    for (const name of readdirSync(join(copy, folder))) {
      const installed = join(root, folder, name, 'node_modules');
      if (existsSync(installed)) symlinkSync(installed, join(copy, folder, name, 'node_modules'));
      symlinkSync(join(copy, folder, name), join(copy, 'node_modules/@vmemmap', name));
    }
  }
  // Changesets asks git which commit brought a changeset.
  await run({ cwd: copy }, 'git', 'init', '--quiet', '--initial-branch', 'main');
  await run({ cwd: copy }, 'git', 'add', '--all');
  const author = ['-c', 'user.name=release', '-c', 'user.email=release@localhost', '-c', 'commit.gpgsign=false'];
  await run({ cwd: copy }, 'git', ...author, 'commit', '--quiet', '--message', 'a copy to release from');
  return { says: `${files.length} files`, value: copy };
}

/**
 * Takes over what has been built in the tree, for a check that has no time to build again.
 * @param {string} root
 * @param {string} copy
 */
export async function takeBuild(root, copy) {
  const names = readdirSync(join(copy, 'packages'));
  for (const name of names) {
    const built = join(root, 'packages', name, 'dist');
    if (existsSync(built)) cpSync(built, join(copy, 'packages', name, 'dist'), { recursive: true });
  }
  return { says: `${names.length} packages as built in the tree`, value: copy };
}

/** @param {string} copy */
export async function build(copy) {
  const env = {
    CI: 'true',
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    NX_SKIP_NX_CACHE: 'true',
    NX_WORKSPACE_ROOT_PATH: copy,
  };
  await run({ cwd: copy, env }, 'npx', 'nx', 'run-many', '-t', 'build', '--outputStyle=static');
  return { says: 'every package, from nothing', value: copy };
}
