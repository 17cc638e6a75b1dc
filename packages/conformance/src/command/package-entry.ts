import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What `import` asks of a package's `exports`, as Node does. */
const CONDITIONS: readonly string[] = ['import', 'node', 'module-sync', 'default'];

/** A package.json, as far as it says which module the package is. */
interface Manifest {
  readonly exports?: unknown;
  readonly main?: unknown;
}

/**
 * The module that a package's folder stands for. Node imports no folders, and its `require.resolve()` looks at no `exports`
 * of a folder and asks them for CommonJS.
 * @returns the path of the module, or what is wrong with the folder
 */
export function packageEntry(folder: string): { readonly path: string } | { readonly wrong: string } {
  const file = join(folder, 'package.json');
  if (!isFile(file)) return { wrong: 'this folder has no package.json; give the module in it' };
  let manifest: Manifest | null;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest | null;
  } catch {
    return { wrong: 'its package.json is no JSON; mend it' };
  }
  const { exports, main } = manifest ?? {};
  const entry = exports === undefined ? (main ?? './index.js') : mainExport(exports);
  if (typeof entry !== 'string') return { wrong: 'its package.json names no module; give it "exports" or "main"' };
  const path = join(folder, entry);
  if (isFile(path)) return { path };
  if (isFile(join(folder, 'tsconfig.json')))
    return { wrong: `it is not built: there is no ${entry}; run npm run build in it first` };
  return { wrong: `there is no ${entry}, which its package.json names; mend "exports" or "main"` };
}

/** What `exports` has for the package itself, and not for a part of it. */
function mainExport(exports: unknown): unknown {
  if (Array.isArray(exports)) return exports.map(mainExport).find((target) => typeof target === 'string');
  if (typeof exports !== 'object' || exports === null) return exports;
  if ('.' in exports) return mainExport(exports['.']);
  for (const [condition, target] of Object.entries(exports)) {
    const found = CONDITIONS.includes(condition) ? mainExport(target) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
