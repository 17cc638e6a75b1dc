// @ts-check
// The architecture plugins of this repository: packages with the keyword that marks them.
import { readdirSync, readFileSync } from 'node:fs';
import { isPlugin } from '@vmemmap/core';

const packages = new URL('../../packages/', import.meta.url);

/** @returns {Promise<import('@vmemmap/core').ArchPlugin[]>} by name */
export async function plugins() {
  const found = [];
  for (const folder of readdirSync(packages).sort()) {
    const { name, keywords = [] } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, packages), 'utf8'));
    if (keywords.includes('vmemmap-arch')) found.push(...Object.values(await import(name)).filter(isPlugin));
  }
  return found;
}
