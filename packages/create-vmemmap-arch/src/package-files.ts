import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { filledIn } from './template.ts';

const home = new URL('../', import.meta.url);

/** This package's version, which is that of core and of the kit: they are released together. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', home), 'utf8')) as { version: string };
  return version;
}

/**
 * The files of the package of a new architecture: the plugin's, which a package in the monorepo has too, and those that
 * only a package on its own needs.
 */
export function packageFiles(name: string): ReadonlyMap<string, string> {
  const version = ownVersion();
  const major = Number.parseInt(version, 10);
  const values = {
    name,
    className: `${name[0]?.toUpperCase()}${name.slice(1)}`,
    packageName: `vmemmap-${name}`,
    range: `^${version}`,
    corePeerRange: `>=${version} <${major + 1}`,
    // npm leaves files of such names out of what it packs.
    dot: '.',
  };
  const folder = (which: string): string => fileURLToPath(new URL(`templates/${which}`, home));
  return new Map([...filledIn(folder('plugin'), values), ...filledIn(folder('package'), values)]);
}
