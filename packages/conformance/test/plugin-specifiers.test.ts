import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importPlugin, importPlugins } from '@vmemmap/conformance/command';
import { afterAll, describe, expect, it } from 'vitest';

const cwd = mkdtempSync(join(tmpdir(), 'vmemmap-specifiers-'));
afterAll(() => rmSync(cwd, { recursive: true }));

function file(name: string, text = ''): string {
  const path = join(cwd, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Text of a module with a plugin for which no core need be found: what tells a plugin is its brand. */
function plugin(arch: string, declare = 'export default'): string {
  const facts = JSON.stringify({ arch, about: '', config: {}, capabilities: [], variants: [], contract: 1 });
  return `
    const plugin = Object.assign(() => ({}), ${facts});
    Object.defineProperty(plugin, Symbol.for('@vmemmap/plugin'), { value: true });
    ${declare} plugin;`;
}

function aPackage(folder: string, manifest: object, module = './main.mjs'): void {
  file(join(folder, 'package.json'), JSON.stringify(manifest));
  file(join(folder, module), plugin('demo'));
}

const names = async (specifier: string): Promise<readonly string[]> =>
  (await importPlugins(specifier, cwd, '@vmemmap/demo')).map(({ arch }) => arch);

const refused = (message: string | RegExp, code = 'BAD_PLUGIN') => expect.objectContaining({ code, message });

describe('a plugin is loaded from', () => {
  it('a module, by path or URL', async () => {
    const path = file('demo.mjs', plugin('demo'));
    for (const specifier of ['./demo.mjs', 'demo.mjs', path, pathToFileURL(path).href])
      expect(await names(specifier)).toEqual(['demo']);
    expect(await names(`data:text/javascript,${encodeURIComponent(plugin('data'))}`)).toEqual(['data']);
  });

  it.each([
    ['exports, a text', { exports: './main.mjs' }],
    ['exports of "."', { exports: { './part': './part.mjs', '.': './main.mjs' } }],
    ['exports for import alone', { exports: { '.': { types: './main.d.ts', import: './main.mjs' } } }],
    ['exports with a condition of its own first', { exports: { 'demo/source': './main.ts', default: './main.mjs' } }],
    ['exports, nested', { exports: { require: './main.cjs', node: { browser: './web.js', import: './main.mjs' } } }],
    ['exports, a list', { exports: [{ require: './main.cjs' }, './main.mjs'] }],
    ['exports before main', { main: './none.mjs', exports: './main.mjs' }],
    ['main', { main: 'main.mjs' }],
  ])('the folder of a package: %s', async (name, manifest) => {
    const folder = name.replaceAll(/\W/g, '-');
    aPackage(folder, manifest);
    expect(await names(`./${folder}`)).toEqual(['demo']);
    expect(await names(`${folder}/`)).toEqual(['demo']);
    expect(await names(pathToFileURL(join(cwd, folder)).href)).toEqual(['demo']);
  });

  it('a package that is installed, before a folder of that name', async () => {
    aPackage('node_modules/@porter/mips', { exports: { import: './main.mjs' } });
    expect(await names('@porter/mips')).toEqual(['demo']);
    aPackage('node_modules/both', { main: './main.mjs' });
    file('both/package.json', '{}');
    expect(await names('both')).toEqual(['demo']);
  });

  it('a part of a package', async () => {
    aPackage('node_modules/parts', { exports: { './mips': './mips.mjs' } }, './mips.mjs');
    expect(await names('parts/mips')).toEqual(['demo']);
  });
});

describe('of several plugins', () => {
  const several = 'several.mjs';
  file('one.mjs', plugin('one'));
  file('two.mjs', plugin('two'));
  file(several, `export { default } from './one.mjs'; export { default as two } from './two.mjs';`);

  it('all are taken, or the one after #', async () => {
    expect(await names(several)).toEqual(['one', 'two']);
    expect(await names(`${several}#two`)).toEqual(['two']);
    expect(await names(`${pathToFileURL(join(cwd, several)).href}#two`)).toEqual(['two']);
  });

  it('one must be chosen where one is meant', async () => {
    expect((await importPlugin(`${several}#one`, cwd, '@vmemmap/demo')).arch).toBe('one');
    await expect(importPlugin(several, cwd, '@vmemmap/demo')).rejects.toThrow(
      refused('@vmemmap/demo: several.mjs exports 2 plugins; choose one of several.mjs#one, several.mjs#two'),
    );
    await expect(names(`${several}#three`)).rejects.toThrow(
      refused('@vmemmap/demo: several.mjs exports no plugin three; choose one of several.mjs#one, several.mjs#two'),
    );
    await expect(names('two.mjs#three')).rejects.toThrow(
      refused('@vmemmap/demo: two.mjs exports no plugin three; it has two.mjs#two'),
    );
  });
});

describe('one sentence says why it cannot be loaded:', () => {
  file('broken-json/package.json', '{');
  file('no-module/package.json', '{ "exports": { "require": "./index.cjs" } }');
  file('unbuilt/package.json', '{ "exports": "./dist/index.js" }');
  file('unbuilt/tsconfig.json', '{}');
  file('node_modules/unbuilt-too/package.json', '{}');
  file('node_modules/unbuilt-too/tsconfig.json', '{}');
  file('moved/package.json', '{ "main": "./dist/index.js" }');
  file('bare/index.mjs', plugin('bare'));
  file('throws.mjs', "throw new RangeError('too\\nmuch');");
  file('throws-text.mjs', "throw 'nothing';");
  file('throws-nothing.mjs', 'throw undefined;');
  file('none.mjs', 'export const demo = {};');

  it.each([
    ['./missing.mjs', 'plugin ./missing.mjs cannot be loaded: there is no such file or folder'],
    [
      'missing',
      'plugin missing cannot be loaded: no package of this name is installed; run npm install missing, or give a path such as ./missing.js',
    ],
    ['', 'plugin  cannot be loaded: the name is empty'],
    [
      'file://elsewhere/demo.mjs',
      'plugin file://elsewhere/demo.mjs cannot be loaded: this URL is no path; write it as file:///folder/plugin.js',
    ],
    ['./bare', 'plugin ./bare cannot be loaded: this folder has no package.json; give the module in it'],
    ['./broken-json', 'plugin ./broken-json cannot be loaded: its package.json is no JSON; mend it'],
    [
      './no-module',
      'plugin ./no-module cannot be loaded: its package.json names no module; give it "exports" or "main"',
    ],
    [
      './unbuilt',
      'plugin ./unbuilt cannot be loaded: it is not built: there is no ./dist/index.js; run npm run build in it first',
    ],
    [
      'unbuilt-too',
      'plugin unbuilt-too cannot be loaded: it is not built: there is no ./index.js; run npm run build in it first',
    ],
    [
      './moved',
      'plugin ./moved cannot be loaded: there is no ./dist/index.js, which its package.json names; mend "exports" or "main"',
    ],
    ['./throws.mjs', 'plugin ./throws.mjs cannot be loaded: importing it throws RangeError: too much'],
    ['./throws-text.mjs', 'plugin ./throws-text.mjs cannot be loaded: importing it throws nothing'],
    ['./throws-nothing.mjs', 'plugin ./throws-nothing.mjs cannot be loaded: importing it throws undefined'],
    [
      './none.mjs',
      './none.mjs exports no architecture plugin; export what definePlugin() returns, not what that makes',
    ],
  ])('%s', async (specifier, message) => {
    await expect(names(specifier)).rejects.toThrow(refused(`@vmemmap/demo: ${message}`));
  });

  it.each([
    [2, 'update @vmemmap/core, with @vmemmap/conformance and @vmemmap/cli where they are used'],
    [0, 'update the plugin; if it is your own, the guide to contract changes lists what to do'],
  ])('contract %i', async (contract, what) => {
    const name = file(`contract-${contract}.mjs`, plugin('demo').replace('"contract":1', `"contract":${contract}`));
    const message = `@vmemmap/core: plugin demo was made for contract ${contract}, this core has contract 1; ${what}`;
    await expect(names(name)).rejects.toThrow(refused(message, 'CONTRACT_VERSION'));
  });
});
