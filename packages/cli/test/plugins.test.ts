import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { loadRegistry } from '../src/plugins.ts';
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
  const path = temporaryFile('several.mjs', text);
  expect((await loadRegistry(['several.mjs'], temporaryFolder)).names.slice(7)).toEqual(['one', 'two']);
  expect((await loadRegistry(['several.mjs#two'], temporaryFolder)).names.slice(7)).toEqual(['two']);
  const unclear = await invoke('conformance', path, '--clause', 'MAP-1');
  expect(unclear.err).toBe(`vmemmap: ${path} exports 2 plugins; choose one of ${path}#one, ${path}#two\n`);
  expect(unclear.code).toBe(2);
  expect((await invoke('conformance', `${path}#two`, '--clause', 'MAP-1')).out).toMatch(/^two: 1 ok$/m);
});

test('the folder of a package', async () => {
  const folder = 'examples/demo';
  temporaryFile(`${folder}/package.json`, '{ "exports": { "import": "./dist/index.mjs" } }');
  temporaryFile(`${folder}/dist/index.mjs`, pluginText('demo'));
  const url = pathToFileURL(join(temporaryFolder, folder)).href;
  for (const specifier of [`./${folder}`, folder, url, `${folder}#demo`]) {
    const { names } = await loadRegistry([specifier], temporaryFolder);
    expect(names.slice(7)).toEqual(['demo']);
  }
  const { code, json } = await invokeJson('populate', '--plugin', join(temporaryFolder, folder), '--arch', 'demo');
  expect(json.machine.arch).toBe('demo');
  expect(code).toBe(0);
});

type Refused = readonly (readonly [string, string, RegExp])[];

const REFUSED: Refused = [
  [
    'two plugins of one name',
    pluginText('x86', { declare: 'export const copy =' }),
    /^vmemmap: two plugins are called x86; register one of them only\n$/,
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

const NOT_LOADED: Refused = [
  [
    'a plugin of a newer contract',
    pluginText('future').replace('create:', 'contract: 99, create:'),
    /^vmemmap: plugin future was made for contract 99, this core has contract 1; update @vmemmap\/core, .*\n$/,
  ],
  [
    'a plugin of an older contract',
    pluginText('past').replace('create:', 'contract: 0, create:'),
    /^vmemmap: plugin past was made for contract 0, this core has contract 1; update the plugin; .*\n$/,
  ],
  [
    'a module without a plugin',
    'export const demo = {};',
    /^vmemmap: \S+(?: \S+)+ exports no architecture plugin; export what definePlugin\(\) returns, .*\n$/,
  ],
  [
    'a module that throws',
    "throw new TypeError('not\\ntoday');",
    /^vmemmap: plugin .* cannot be loaded: importing it throws TypeError: not today\n$/,
  ],
];

test.each(NOT_LOADED)('%s: refused, and by conformance too', async (name, text, line) => {
  const path = temporaryFile(`${name}.mjs`, text);
  for (const argv of [
    ['arches', '--plugin', path],
    ['conformance', path],
  ]) {
    const { code, err } = await invoke(...argv);
    expect(err).toMatch(line);
    expect(code).toBe(2);
  }
});
