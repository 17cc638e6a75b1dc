// @ts-check
import { LabError } from './lab-error.mjs';

/**
 * The modules that a module needs, from its .modinfo section.
 * @param {Uint8Array} data of the .ko file
 * @returns {readonly string[]}
 */
export function dependencies(data) {
  const [, names = ''] = /\0depends=([^\0]*)\0/.exec(Buffer.from(data).toString('latin1')) ?? [];
  return names
    .split(',')
    .filter((name) => name !== '')
    .map(moduleName);
}

/**
 * The kernel takes - and _ in a module's name for the same.
 * @param {string} text name or file name
 */
export function moduleName(text) {
  return text.replace(/\.ko(\.xz)?$/, '').replaceAll('-', '_');
}

/**
 * Modules with all that they need, in the order in which they can be loaded.
 * @param {readonly string[]} names
 * @param {(name: string) => Uint8Array | undefined} read undefined: there is none
 * @returns {{ name: string, data: Uint8Array }[]}
 */
export function modulesInOrder(names, read) {
  /** @type {Map<string, { name: string, data: Uint8Array }>} */
  const found = new Map();
  /** @param {string} name */
  const visit = (name) => {
    if (found.has(name)) return;
    const data = read(name);
    if (data === undefined) throw new LabError(`the kernel has no module ${name}, which this set-up needs`);
    for (const other of dependencies(data)) visit(other);
    found.set(name, { name, data });
  };
  for (const name of names) visit(name);
  return [...found.values()];
}
