// @ts-check
// What is released: every package of the workspace that is not private.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, folder: string, short: string, isArch: boolean, manifest: any }} Package */

/** @param {string} folder */
export const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/**
 * @param {string} tree
 * @returns {Package[]} by folder name
 */
export function publicPackages(tree) {
  return readdirSync(join(tree, 'packages'))
    .sort()
    .map((short) => ({ short, folder: join(tree, 'packages', short) }))
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .map(({ short, folder }) => ({ short, folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map((found) => ({
      ...found,
      name: found.manifest.name,
      isArch: found.manifest.keywords?.includes('vmemmap-arch') ?? false,
    }));
}
