import { ArchRegistry, boot, CONTRACT_VERSION, checkPlugin, definePlugin, type VmemmapArch } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { tableless } from './tableless.ts';

const memory = { ranges: [{ node: 0, start: 0, end: 2 ** 28 }] };
const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

const OTHERS: readonly (readonly [string, number, RegExp])[] = [
  [
    'older',
    CONTRACT_VERSION - 1,
    /^@vmemmap\/core: plugin tableless was made for contract 0, this core has contract 1; update the plugin; .*guide/,
  ],
  [
    'newer',
    CONTRACT_VERSION + 1,
    /^@vmemmap\/core: plugin tableless was made for contract 2, this core has contract 1; update @vmemmap\/core, with /,
  ],
];

/** A plugin written for a contract; its architecture may be nothing that this core knows how to use. */
function writtenFor(contract: number | undefined, change: (arch: VmemmapArch) => unknown = (arch) => arch) {
  return definePlugin({
    name: 'tableless',
    about: '',
    config: {},
    capabilities: [],
    ...(contract !== undefined && { contract }),
    create: () => change({ ...tableless([])() }) as VmemmapArch,
  });
}

describe.each(OTHERS)('a plugin of an %s contract', (_, contract, sentence) => {
  const plugin = writtenFor(contract);

  it('is refused, and so is a registry with it', () => {
    expect(() => checkPlugin(plugin)).toThrow(refused('CONTRACT_VERSION', sentence));
    expect(() => new ArchRegistry([plugin])).toThrow(refused('CONTRACT_VERSION', sentence));
  });

  it('makes an architecture that no machine takes', () => {
    expect(() => boot({ arch: plugin(), memory })).toThrow(refused('CONTRACT_VERSION', sentence));
  });

  it('makes one that no machine looks at before it asks', () => {
    const strange = writtenFor(contract, ({ name }) => ({ name }));
    expect(() => boot({ arch: strange(), memory })).toThrow(refused('CONTRACT_VERSION', sentence));
  });
});

describe('the contract of a plugin', () => {
  it("is this core's own where the plugin names none", () => {
    const plugin = writtenFor(undefined);
    expect(plugin.contract).toBe(CONTRACT_VERSION);
    expect(boot({ arch: plugin(), memory }).verify().problems).toEqual([]);
  });

  it('is that of the plugin that made the architecture, not of one that hands it on', () => {
    const inner = writtenFor(CONTRACT_VERSION + 1);
    const outer = writtenFor(undefined, () => inner());
    expect(() => boot({ arch: outer(), memory })).toThrow(refused('CONTRACT_VERSION', /made for contract 2/));
  });

  it('may be left out by an architecture made by hand, or frozen', () => {
    expect(boot({ arch: { ...writtenFor(2)() }, memory }).verify().problems).toEqual([]);
    const frozen = writtenFor(undefined, (arch) => Object.freeze(arch));
    expect(boot({ arch: frozen(), memory }).verify().problems).toEqual([]);
  });

  it.each([undefined, '1', 1.5, Number.NaN])('is a whole number, not %o', (contract) => {
    const plugin = Object.assign(writtenFor(undefined), { contract });
    expect(() => checkPlugin(plugin)).toThrow(
      refused('BAD_PLUGIN', /plugin tableless carries no contract version; make it with definePlugin\(\)$/),
    );
  });
});
