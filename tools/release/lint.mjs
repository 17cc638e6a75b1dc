// @ts-check
// What publint and attw say of every tarball.
import { join } from 'node:path';
import { forEachAtOnce, run } from './run.mjs';

/**
 * @param {import('./pack.mjs').Packed[]} packed
 * @param {string} root whose tools are used
 */
export async function lint(packed, root) {
  const bin = join(root, 'node_modules/.bin');
  await forEachAtOnce(packed, async ({ folder, tarball, manifest }) => {
    await run({ cwd: folder }, join(bin, 'publint'), 'run', tarball, '--strict');
    // A package of nothing but a command has no entry whose types could be wrong.
    if (manifest.exports !== undefined) await run({ cwd: folder }, join(bin, 'attw'), tarball, '--profile', 'esm-only');
  });
  return { says: `publint and attw are content with ${packed.length} tarballs`, value: true };
}
