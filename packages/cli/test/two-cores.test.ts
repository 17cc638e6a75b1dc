import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runConformance } from '@vmemmap/conformance';
import * as core from '@vmemmap/core';
import { x86 } from '@vmemmap/x86';
import { describe, expect, it } from 'vitest';
import { invoke, path } from './invoke.ts';
import { temporaryFolder } from './temporary-file.ts';

const GIB = 2 ** 30;
const memory = { ranges: [{ node: 0, start: 0, end: GIB }] };
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'CONTRACT_VERSION', message: expect.stringMatching(message) });

/** A tree with a core of its own and a plugin that uses it, as a package manager makes one that cannot share. */
class Tree {
  readonly #packages: string;

  constructor(name: string) {
    this.#packages = join(temporaryFolder, name, 'node_modules');
    for (const one of ['core', 'x86']) {
      cpSync(path(`../${one}/dist`), join(this.folder(one), 'dist'), { recursive: true });
      const manifest = { name: `@vmemmap/${one}`, type: 'module', exports: './dist/index.js' };
      writeFileSync(join(this.folder(one), 'package.json'), JSON.stringify(manifest));
    }
    mkdirSync(this.#packages, { recursive: true });
    symlinkSync(path('../../node_modules/zod'), join(this.#packages, 'zod'), 'dir');
  }

  folder(name: string): string {
    return join(this.#packages, '@vmemmap', name);
  }

  /** Makes this tree's core one of another contract. */
  become(contract: number): void {
    const file = join(this.folder('core'), 'dist/contract/contract-version.js');
    const text = readFileSync(file, 'utf8');
    const other = text.replace('CONTRACT_VERSION = 1;', `CONTRACT_VERSION = ${contract};`);
    expect(other).not.toBe(text);
    writeFileSync(file, other);
  }

  core(): Promise<typeof core> {
    return import(pathToFileURL(join(this.folder('core'), 'dist/index.js')).href);
  }

  async plugin(): Promise<typeof x86> {
    return (await import(pathToFileURL(join(this.folder('x86'), 'dist/index.js')).href)).x86;
  }
}

describe('two copies of core in one tree', async () => {
  const tree = new Tree('same');
  const [other, foreign] = await Promise.all([tree.core(), tree.plugin()]);

  /** What a machine is after a life in which it allocates and frees. */
  function life({ boot, OK }: typeof core, plugin: typeof x86): object {
    const m = boot({ arch: plugin({ la57: false }), memory });
    const range = [4 * GIB, 5 * GIB] as const;
    expect(m.hotplug.add({ node: 0, start: range[0], end: range[1] })).toBe(OK);
    const verified = m.verify();
    expect(m.hotplug.remove(...range)).toBe(OK);
    return { verified, after: m.verify(), cost: m.cost(), events: m.events, free: m.ram.freeBytes() };
  }

  it('are two', () => {
    expect(other.Machine).not.toBe(core.Machine);
    expect(other.VmemmapError).not.toBe(core.VmemmapError);
    expect(foreign).not.toBe(x86);
  });

  it('build the same, whichever the plugin was made with', () => {
    const expected = life(core, x86);
    expect(expected).toMatchObject({ verified: { problems: [] }, after: { problems: [] } });
    expect(life(core, foreign)).toEqual(expected);
    expect(life(other, x86)).toEqual(expected);
    expect(life(other, foreign)).toEqual(expected);
    // Nothing is left of the lives between.
    expect(life(core, x86)).toEqual(expected);
  });

  it("know each other's plugins, errors and releases", () => {
    expect(new core.ArchRegistry([foreign]).names).toEqual(['x86']);
    expect(new other.ArchRegistry([x86]).names).toEqual(['x86']);
    for (const [{ isVmemmapError, VmemmapError }, plugin] of [[core, foreign] as const, [other, x86] as const]) {
      const error = thrownBy(() => plugin({ la57: 'maybe' } as never));
      expect(error).not.toBeInstanceOf(VmemmapError);
      expect(isVmemmapError(error)).toBe(true);
      expect(error).toMatchObject({ name: 'VmemmapError', code: 'BAD_CONFIG' });
    }
    const release = other.findRelease('6.12');
    const m = core.boot({ arch: foreign(), memory, release });
    expect(m.cost()).toEqual(core.boot({ arch: x86(), memory, release: '6.12' }).cost());
  });

  it('are no matter to the kit', () => {
    const kinds = (plugin: typeof x86): readonly string[] =>
      runConformance(plugin).results.map(({ clause, kind }) => `${clause.id} ${kind}`);
    expect(kinds(foreign)).toEqual(kinds(x86));
  });

  it('are no matter to the command as it is installed', () => {
    const argv = [path('bin/vmemmap.js'), 'conformance', tree.folder('x86'), '--clause', 'MAP-*,FREE-*'];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^x86: \d+ ok/m);
    expect(status).toBe(0);
  });
});

describe.each([
  [2, 'newer', /plugin x86 was made for contract 2, this core has contract 1; update @vmemmap\/core, with .*/],
  [0, 'older', /plugin x86 was made for contract 0, this core has contract 1; update the plugin; .*/],
])('of which one has contract %i', async (contract, name, sentence) => {
  const tree = new Tree(name);
  tree.become(contract);
  const [other, foreign] = await Promise.all([tree.core(), tree.plugin()]);

  it('its own plugins work', () => {
    expect(other.boot({ arch: foreign(), memory }).verify().problems).toEqual([]);
  });

  it('machines, registries and the kit refuse what was made with the other', () => {
    expect(() => core.boot({ arch: foreign(), memory })).toThrow(refused(sentence));
    expect(() => new core.ArchRegistry([foreign])).toThrow(refused(sentence));
    expect(() => runConformance(foreign)).toThrow(refused(sentence));
    expect(() => other.boot({ arch: x86(), memory })).toThrow(
      refused(new RegExp(`made for contract 1, this core has contract ${contract}; update `)),
    );
  });

  it('the command refuses it in one line', async () => {
    for (const argv of [
      ['conformance', tree.folder('x86')],
      ['arches', '--plugin', tree.folder('x86')],
    ]) {
      const { code, out, err } = await invoke(...argv);
      expect(err).toMatch(new RegExp(`^vmemmap: ${sentence.source}\\n$`));
      expect([code, out]).toEqual([2, '']);
    }
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
}
