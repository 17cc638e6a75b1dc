import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));

/** Every source that an entry point is made of, and what else it imports. */
function madeOf(entry: string): { readonly files: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/(?<!')\b(?:from|import)\s*\(?'([^']+)'/g)) {
      if (from.startsWith('.')) visit(resolve(dirname(file), from));
      else packages.add(from);
    }
  };
  visit(resolve(root, entry));
  return { files, packages };
}

const entries = Object.entries<Record<string, string>>(manifest.exports).flatMap(
  ([name, { '@vmemmap/source': source }]) => (source === undefined ? [] : [[name, source] as const]),
);

describe('the package', () => {
  it('depends on core and fast-check, and on no runner, assertion library or plugin', () => {
    expect(manifest.dependencies).toEqual({ 'fast-check': expect.any(String) });
    expect(Object.keys(manifest.peerDependencies)).toEqual(['@vmemmap/core']);
    expect(manifest).not.toHaveProperty('optionalDependencies');
  });

  it.each(entries)('%s imports what is declared, and Node for the command alone', (name, source) => {
    const { files, packages } = madeOf(source);
    const declared = ['@vmemmap/core', '@vmemmap/core/capture', ...(name === './random' ? ['fast-check'] : [])];
    const others = [...packages].filter((one) => !declared.includes(one));
    if (name === './command') {
      expect(others.length).toBeGreaterThan(0);
      for (const other of others) expect(other).toMatch(/^node:/);
      return;
    }
    expect(others).toEqual([]);
    for (const file of files) expect(readFileSync(file, 'utf8'), file).not.toMatch(/\b(process|Buffer|require)\b[.(]/);
  });

  it('has a program, and everything that it names', () => {
    expect(Object.keys(manifest.bin)).toHaveLength(1);
    for (const file of Object.values<string>(manifest.bin)) {
      expect(existsSync(resolve(root, file))).toBe(true);
      expect(readFileSync(resolve(root, file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
    expect(entries.map(([name]) => name)).toEqual([
      '.',
      './captures',
      './command',
      './entries',
      './random',
      './reference',
    ]);
  });
});
