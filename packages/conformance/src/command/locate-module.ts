import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageEntry } from './package-entry.ts';

/** Where a module is, or why there is none. */
export type Located = { readonly url: string } | { readonly wrong: string };

/**
 * Finds the module that a word of a command line means.
 * @param specifier package name, or path or URL of a module or of a package's folder. A word that could be either is a file
 * if there is one, then a package, then a folder.
 * @param cwd folder that names and relative paths are looked up from
 */
export function locateModule(specifier: string, cwd: string): Located {
  if (specifier === '') return { wrong: 'the name is empty' };
  if (/^(data|node):/.test(specifier)) return { url: specifier };
  const isUrl = specifier.startsWith('file:');
  const path = isUrl ? pathOf(specifier) : resolve(cwd, specifier);
  if (path === undefined) return { wrong: 'this URL is no path; write it as file:///folder/plugin.js' };
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return { url: isUrl ? specifier : pathToFileURL(path).href };
  // As a module in the caller's folder would find it; else as a package beside the command.
  const isPath = isUrl || isAbsolute(specifier) || /^(\.{0,2}[/\\]|\.{1,2}$)/.test(specifier);
  const bases = isPath ? [] : [join(cwd, 'vmemmap.js'), fileURLToPath(import.meta.url)];
  const found = bases.map((base) => inPackages(specifier, base)).find((one) => one !== undefined);
  if (found !== undefined) return found;
  if (stats?.isDirectory() === true) return entryOf(path);
  if (isPath) return { wrong: 'there is no such file or folder' };
  return {
    wrong: `no package of this name is installed; run npm install ${specifier}, or give a path such as ./${specifier}.js`,
  };
}

function inPackages(name: string, base: string): Located | undefined {
  const require = createRequire(base);
  for (const folder of require.resolve.paths(name) ?? []) {
    const candidate = join(folder, name);
    if (statSync(join(candidate, 'package.json'), { throwIfNoEntry: false }) !== undefined) return entryOf(candidate);
  }
  try {
    // Parts of packages, built-in modules, and packages that lie in no folder of that name.
    const path = require.resolve(name);
    return { url: isAbsolute(path) ? pathToFileURL(path).href : path };
  } catch {
    return undefined;
  }
}

function entryOf(folder: string): Located {
  const entry = packageEntry(folder);
  return 'path' in entry ? { url: pathToFileURL(entry.path).href } : entry;
}

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
