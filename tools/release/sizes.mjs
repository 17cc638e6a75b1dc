// @ts-check
// What a package weighs: packed, unpacked, and bundled (minified and gzipped). sizes.json has what was accepted.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundledSize } from './bundle.mjs';

const FILE = fileURLToPath(new URL('sizes.json', import.meta.url));
const ACCEPT = 'if that is worth it, say so with: npm run release:check -- --accept';
/** A package may grow by a tenth before someone has to look. */
const ALLOWED_GROWTH = 1.1;

/** @typedef {{ packed: number, unpacked: number, bundled: number }} Size bytes */

/**
 * @param {import('./projects.mjs').Project[]} projects
 * @param {boolean} accept write what is found, and be content
 */
export async function sizes(projects, accept) {
  /** @type {Record<string, Size>} */
  const found = {};
  for (const project of projects) {
    const { name, packed, unpacked } = project;
    found[name] = { packed, unpacked, bundled: await bundledSize(project) };
  }
  const total = Object.values(found).reduce((sum, { packed: bytes }) => sum + bytes, 0);
  const says = `${Object.keys(found).length} packages, ${Math.round(total / 1024)} KiB packed`;
  if (accept) {
    writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`);
    return { says: `${says}, accepted`, value: found };
  }
  /** @type {Record<string, Size>} */
  const accepted = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
  const wrong = Object.entries(found).flatMap(([name, size]) => tooLarge(name, size, accepted[name]));
  const gone = Object.keys(accepted).filter((name) => !(name in found));
  wrong.push(...gone.map((name) => `${name} is in sizes.json and is no package`));
  if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\n${ACCEPT}`);
  return { says: `${says}; none has grown by more than a tenth`, value: found };
}

/**
 * @param {string} name
 * @param {Size} size
 * @param {Size | undefined} accepted
 * @returns {string[]}
 */
function tooLarge(name, size, accepted) {
  if (accepted === undefined) return [`${name} has no size in sizes.json`];
  return Object.entries(size).flatMap(([kind, bytes]) => {
    const before = accepted[/** @type {keyof Size} */ (kind)] ?? 0;
    return bytes <= before * ALLOWED_GROWTH ? [] : [`${name} ${kind}: ${before} bytes have become ${bytes}`];
  });
}
