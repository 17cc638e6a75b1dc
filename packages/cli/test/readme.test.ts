import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadRegistry } from '../src/plugins.ts';
import { path } from './invoke.ts';

const { plugins } = await loadRegistry([], '');

describe.each(plugins.map((plugin) => [plugin.arch, plugin] as const))('the README of %s', (arch, plugin) => {
  const text = readFileSync(path(`../${arch}/README.md`), 'utf8');

  test('lists the exceptions that the plugin declares', () => {
    const declared = plugin.variants.flatMap(({ config }) => plugin(config).exceptions ?? []);
    const [, section = ''] = /^## Exceptions$(.*?)^## /ms.exec(text) ?? [];
    const listed = [...section.matchAll(/^- `(.+?)`/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual([...new Set(declared.map(({ name }) => name))].sort());
  });

  test('names every key of the configuration', () => {
    const [, section = ''] = /^## Configuration$(.*?)^## /ms.exec(text) ?? [];
    for (const key of Object.keys(plugin.config)) expect(section).toContain(`\`${key}\``);
  });
});

test("sparc's README has the chips in the order that auto tries them in", () => {
  const text = readFileSync(path('../sparc/README.md'), 'utf8');
  const { chip } = plugins.find(({ arch }) => arch === 'sparc')!.config;
  const chips = chip?.type === 'choice' ? chip.oneOf.filter((name) => name !== 'auto') : [];
  const [row = ''] = /^\| `chip` \| `auto` \|.*$/m.exec(text) ?? [];
  const named = [...row.matchAll(/`(.+?)`/g)].map(([, name]) => name!);
  expect(named.slice(2, 2 + chips.length)).toEqual(chips);
  const table = text.slice(text.indexOf('| `chip` | CPU |')).split('\n').slice(2);
  expect(table.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(.+?)`/g)].map(([, name]) => name))).toEqual(
    chips,
  );
});

test('the files that "Where to look" names are there, in every plugin unless it says otherwise', () => {
  const text = readFileSync(path('../../docs/architecture.md'), 'utf8');
  const [, section = ''] = /^## Where to look$(.*?)^## /ms.exec(text) ?? [];
  const files = section.split('\n').flatMap((line) =>
    [...line.matchAll(/`([^`]+\/[^`]+\.ts)`/g)].flatMap(([, file]) => {
      if (!file!.startsWith('<arch>')) return [file!];
      return plugins.filter(({ arch }) => !line.includes(arch)).map(({ arch }) => file!.replace('<arch>', arch));
    }),
  );
  expect(files.length).toBeGreaterThan(plugins.length);
  expect(files.filter((file) => !existsSync(path(`../${file}`)))).toEqual([]);
});
