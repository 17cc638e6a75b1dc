// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const GUIDE = new URL('../../docs/guides/write-a-plugin.md', import.meta.url);
const BLOCK = /^```ts file=(?<path>\S+)\n(?<text>.*?)^```$/gms;

/**
 * Does what docs/guides/write-a-plugin.md says to a package that `npm create vmemmap-arch demo` has made: writes its files,
 * in the order of the guide.
 * @param {string} folder of the package
 * @returns {string[]} the paths that were written
 */
export function applyGuide(folder) {
  const written = [];
  for (const { groups } of readFileSync(GUIDE, 'utf8').matchAll(BLOCK)) {
    const { path, text } = /** @type {{ path: string, text: string }} */ (groups);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    written.push(path);
  }
  if (written.length === 0) throw new Error('docs/guides/write-a-plugin.md has no block ```ts file=…');
  return written;
}
