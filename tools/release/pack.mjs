// @ts-check
// The tarballs that would be published.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { publicPackages } from './packages.mjs';
import { forEachAtOnce, run } from './run.mjs';

/** @typedef {import('./packages.mjs').Package & { tarball: string, packed: number, unpacked: number, files: string[] }} Packed */

/**
 * @param {string} copy
 * @param {string} into folder for the tarballs
 */
export async function pack(copy, into) {
  mkdirSync(into);
  const packages = publicPackages(copy);
  const value = await forEachAtOnce(packages, async (found) => {
    const { access, provenance } = found.manifest.publishConfig ?? {};
    if (access !== 'public' || provenance !== true) {
      throw new Error(`${found.name} lacks "publishConfig": { "access": "public", "provenance": true }`);
    }
    if (found.manifest.repository?.directory !== `packages/${found.short}`) {
      throw new Error(`${found.name} does not say where in the repository it is`);
    }
    const printed = await run(
      { cwd: found.folder },
      'npm',
      'pack',
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      into,
    );
    const [{ filename, size, unpackedSize, files }] = JSON.parse(printed);
    /** @type {string[]} */
    const paths = files.map((/** @type {{ path: string }} */ { path }) => path);
    for (const needed of ['LICENSE', 'README.md']) {
      if (!paths.includes(needed)) throw new Error(`${found.name} is packed without ${needed}`);
    }
    return { ...found, tarball: join(into, filename), packed: size, unpacked: unpackedSize, files: paths };
  });
  return { says: `${value.length} tarballs`, value };
}
