import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { importPlugins, loadRegistry } from '../src/plugins.ts';
import { invoke, invokeJson } from './invoke.ts';
import { pluginText } from './plugin-text.ts';
import { temporaryFile, temporaryFolder } from './temporary-file.ts';

test('arches lists what is built in, with capabilities and configuration', async () => {
  const { code, json } = await invokeJson('arches');
  expect(code).toBe(0);
  const [first] = json.arches;
  expect(first).toMatchObject({ name: 'x86', contract: 1, capabilities: expect.arrayContaining(['huge-pages']) });
  expect(first.config.la57).toMatchObject({ type: 'boolean', default: true });
  expect(first.config.vmemmapBase).toMatchObject({ type: 'address', default: null, align: '0x40000000' });
  const { out } = await invoke('arches');
  expect(out).toMatch(/^x86 {2}/);
  expect(out).toMatch(/^vmemmapBase +multiple of 0x40000000 +- +VA of/m);
});

test('releases lists what is modelled, and the default', async () => {
  const { code, json } = await invokeJson('releases');
  expect(code).toBe(0);
  expect(json.releases.map(({ name }: { name: string }) => name)).toContain(json.default);
  const { out } = await invoke('releases');
  expect(out).toMatch(new RegExp(`^${json.default} \\(default\\) +Linux`, 'm'));
  expect(out).toMatch(/^6\.16 +absent +yes +not synced +no +generic +own +own-head +late +on-success$/m);
  expect(out).toMatch(/^series-04 +panic +no +synced +yes +generic +own +zone +early +as-if-populated$/m);
  expect(out).toMatch(/^series-05 +panic +no +synced +yes +arch\* +own +zone +early +/m);
  expect(out).toMatch(/^series-49 +panic +no +synced +no +arch\* +zone\* +zone +early, read-only\* /m);
  expect(out).toContain('* inferred from the titles of patches');
});

test('a plugin by path, relative path and URL', async () => {
  const path = temporaryFile('named.mjs', pluginText('named'));
  for (const specifier of [path, './named.mjs', 'named.mjs', pathToFileURL(path).href]) {
    const { names } = await loadRegistry([specifier], temporaryFolder);
    expect(names).toEqual(['x86', 'arm64', 'powerpc', 'riscv', 's390', 'sparc', 'loongarch', 'named']);
  }
});

test('a plugin that has been loaded does what a built-in one does', async () => {
  const path = temporaryFile('other.mjs', pluginText('other'));
  const { code, json } = await invokeJson('populate', '--plugin', path, '--arch', 'other', '--ram', '1G');
  expect(code).toBe(0);
  expect(json.machine.arch).toBe('other');
  expect(json.verification.problems).toEqual([]);
});

test('several exports are several plugins, and the same one twice is one', async () => {
  temporaryFile('one.mjs', pluginText('one'));
  temporaryFile('two.mjs', pluginText('two'));
  const text = `export { one as default, one } from './one.mjs'; export * from './two.mjs';`;
  const plugins = await importPlugins(temporaryFile('several.mjs', text), temporaryFolder);
  expect(plugins.map(({ arch }) => arch)).toEqual(['one', 'two']);
});

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  [
    'two plugins of one name',
    pluginText('x86', { declare: 'export const copy =' }),
    /^vmemmap: two plugins are called x86; register one of them only\n$/,
  ],
  [
    'a plugin for another contract',
    `${pluginText('future')}\nfuture.contract = 99;`,
    /^vmemmap: plugin future was made for contract 99.*\n$/,
  ],
  [
    'a plugin that cannot start a machine',
    pluginText('broken', { change: 'm.nothing.there();' }),
    /^vmemmap: plugin broken fails on a machine of one section: Cannot read.*\n$/,
  ],
];

test.each(REFUSED)('%s: refused', async (name, text, line) => {
  const { code, err } = await invoke('arches', '--plugin', temporaryFile(`${name}.mjs`, text));
  expect(err).toMatch(line);
  expect(code).toBe(2);
});
