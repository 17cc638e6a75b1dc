// @ts-check
// `changeset version` in the copy, and whether a user can read what it writes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicPackages } from './packages.mjs';
import { run } from './run.mjs';

/** @param {string} text */
const squeezed = (text) => text.replace(/\s+/g, ' ').trim();

/**
 * @param {string} tree
 * @returns {Changeset[]}
 */
function changesets(tree) {
  const folder = join(tree, '.changeset');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => {
      const [, head = '', text = ''] =
        /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
      return {
        file,
        packages: [...head.matchAll(/^['"]?([^'":]+)['"]?:/gm)].map(([, name]) => `${name}`),
        text: squeezed(text),
      };
    });
}

/** @typedef {{ file: string, packages: string[], text: string }} Changeset */

/** @param {string} copy */
export async function version(copy) {
  const value = changesets(copy);
  await run({ cwd: copy }, 'npx', 'changeset', 'version');
  const left = changesets(copy);
  if (left.length > 0) throw new Error(`changeset version left ${left.map(({ file }) => file).join(', ')}`);
  const versions = [...new Set(publicPackages(copy).map(({ manifest }) => manifest.version))];
  return { says: `${value.length} changesets become ${versions.join(', ')}`, value };
}

/**
 * @param {string} copy
 * @param {Changeset[]} released what the changelogs have to tell
 */
export async function changelogs(copy, released) {
  const wrong = publicPackages(copy).flatMap((found) => {
    const mine = released.filter(({ packages }) => packages.includes(found.name));
    return unreadable(found, mine).map((what) => `the CHANGELOG of ${found.name} ${what}`);
  });
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return {
    says: 'every changeset is in the changelogs of its packages once, and nothing about dependencies',
    value: true,
  };
}

/**
 * @param {import('./packages.mjs').Package} found
 * @param {Changeset[]} mine
 * @returns {string[]} what is wrong with its changelog
 */
function unreadable({ folder, manifest }, mine) {
  const file = join(folder, 'CHANGELOG.md');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const wrong = mine.flatMap((changeset) => {
    const times = squeezed(text).split(changeset.text).length - 1;
    return times === 1 ? [] : [`has ${changeset.file} ${times} times, not once`];
  });
  if (mine.length > 0 && !text.includes(`\n## ${manifest.version}\n`))
    wrong.push(`has no heading for ${manifest.version}`);
  if (text.includes('Updated dependencies')) wrong.push('lists updated dependencies');
  return wrong;
}
