import { ArchRegistry, boot, definePlugin, isPlugin, type VmemmapArch } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { tableless } from './tableless.ts';

const refused = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('ArchRegistry', () => {
  it('finds what it was given', () => {
    const plugin = tableless();
    const registry = new ArchRegistry([plugin]);
    expect(registry.find('tableless')).toBe(plugin);
    expect(registry.names).toEqual(['tableless']);
    expect(registry.plugins).toEqual([plugin]);
  });

  it('says which architectures there are', () => {
    expect(() => new ArchRegistry([tableless()]).find('vax')).toThrow(
      refused('UNKNOWN_ARCH', 'no architecture "vax"; registered are tableless'),
    );
    expect(() => new ArchRegistry().find('vax')).toThrow(refused('UNKNOWN_ARCH', 'none is registered'));
  });

  it('takes a name once', () => {
    expect(() => new ArchRegistry([tableless(), tableless()])).toThrow(
      refused('DUPLICATE_ARCH', 'two plugins are called tableless'),
    );
  });

  it.each([undefined, null, 1, {}, () => {}])('refuses %o as a plugin', (value) => {
    expect(isPlugin(value)).toBe(false);
    expect(() => new ArchRegistry([value])).toThrow(refused('BAD_PLUGIN', 'make one with definePlugin()'));
  });

  it('knows a plugin by its brand, also from another copy of this package', () => {
    const foreign = Object.defineProperty(() => {}, Symbol.for('@vmemmap/plugin'), { value: true });
    expect(isPlugin(foreign)).toBe(true);
  });

  it('checks that what is declared is there', () => {
    const missing = tableless(['free', 'page-tables']);
    expect(() => new ArchRegistry([missing])).toThrow(
      refused('BAD_PLUGIN', 'plugin tableless declares capability page-tables but has no pageTable'),
    );
    const sync = tableless(['page-directory-sync']);
    expect(() => new ArchRegistry([sync])).toThrow(
      refused('BAD_PLUGIN', 'declares capability page-directory-sync but has no syncKernelMappings'),
    );
  });

  it('checks what every plugin must have', () => {
    const hollow = tableless([], { vmemmapFree: undefined } as never);
    expect(() => new ArchRegistry([hollow])).toThrow(refused('BAD_PLUGIN', 'attach() returned no vmemmapFree'));
  });

  it.each<[string, (arch: VmemmapArch) => unknown, string]>([
    ['no architecture at all', () => undefined, 'returned no architecture'],
    ['another name', (arch) => ({ ...arch, name: 'other' }), 'calls itself "other"'],
    ['an unknown capability', (arch) => ({ ...arch, capabilities: ['teleport'] }), 'unknown capability "teleport"'],
    [
      'an undeclared capability',
      (arch) => ({ ...arch, capabilities: ['altmap'] }),
      'which the plugin does not declare',
    ],
    [
      'an odd page size',
      (arch) => ({ ...arch, model: { ...arch.model, pageShift: 11 } }),
      'model.pageShift must be 12 to 16, not 11',
    ],
    ['an odd struct page', (arch) => ({ ...arch, model: { ...arch.model, structPageSize: 60 } }), 'multiple of 8'],
    ['no attach()', (arch) => ({ ...arch, attach: undefined }), 'has no attach()'],
  ])('refuses an architecture with %s', (_, change, message) => {
    const good = tableless();
    const bad = definePlugin({
      name: 'tableless',
      about: '',
      config: {},
      capabilities: good.capabilities,
      create: () => change(good()) as VmemmapArch,
    });
    expect(() => new ArchRegistry([bad])).toThrow(refused('BAD_PLUGIN', message));
  });
});

describe('a machine without page tables', () => {
  const m = boot({ arch: tableless()(), memory: { ranges: [{ node: 0, start: 0, end: 2 ** 28 }] } });

  it('boots, verifies and translates like any other', () => {
    expect(m.verify()).toMatchObject({ sections: 2, structPages: 65536, leaves: 1024, problems: [] });
    expect([...m.tables()]).toEqual([]);
    expect(m.levels).toEqual([]);
    expect(m.cost().leaves).toEqual([{ size: 4096, count: 1024 }]);
    const { result } = m.translatePage(100);
    expect(result.mapped).toBe(true);
    const pas = new Int32Array(4);
    m.translateMany(Float64Array.of(6400, 2 ** 30), pas);
    expect([pas[0], pas[1], pas[3]]).toEqual([result.pa, 0, -1]);
    m.translateRange(6400, 4096, 2, pas);
    expect(pas[0]).toBe(result.pa);
  });

  it('has no address spaces of its own', () => {
    expect(() => m.createAddressSpace('x')).toThrow(
      refused('NOT_MODELLED', "every address space uses init_mm's kernel tables"),
    );
  });

  it('cannot be made from something else', () => {
    const memory = { ranges: [{ node: 0, start: 0, end: 2 ** 28 }] };
    const bad = (options: unknown) => () => boot(options as never);
    expect(bad({ arch: tableless(), memory })).toThrow(refused('BAD_ARGUMENT', 'call the plugin first'));
    expect(bad({ memory })).toThrow(refused('BAD_ARGUMENT', 'arch is no architecture'));
    expect(bad({ arch: tableless()() })).toThrow(refused('BAD_ARGUMENT', 'memory has no ranges'));
    expect(() => tableless()(null as never)).toThrow(refused('BAD_CONFIG', 'must be an object'));
  });

  it('refuses arguments out of range, and changes nothing', () => {
    const before = m.ram.freeBytes();
    expect(() => m.boot()).toThrow(refused('BAD_ARGUMENT', 'booted already'));
    expect(() => m.translatePage(-1)).toThrow(refused('BAD_ARGUMENT', 'a pfn'));
    expect(() => m.translatePage(2 ** 28)).toThrow(refused('BAD_ARGUMENT', '2^28-1'));
    expect(() => m.translate(-1n)).toThrow(refused('BAD_ARGUMENT', 'an address'));
    expect(() => m.translateMany(new Float64Array(2), new Int32Array(3))).toThrow(
      refused('BAD_ARGUMENT', 'room for 4 lanes'),
    );
    expect(() => m.translateRange(0, 0, 1, new Int32Array(2))).toThrow(refused('BAD_ARGUMENT', 'the step'));
    expect(() => m.translateRange(0, 1, 2, new Int32Array(2))).toThrow(refused('BAD_ARGUMENT', 'room for 4 lanes'));
    expect(() => m.populateSection(0, 2 ** 30, 0)).toThrow(refused('BAD_ARGUMENT', 'physical limit'));
    expect(() => m.entryLanes(0x1000, 0)).toThrow(refused('BAD_ARGUMENT', 'no table at 0x1000'));
    expect(m.ram.freeBytes()).toBe(before);
  });

  it('warns about pages that are no subsection, and about freeing what is not in use', () => {
    expect(m.populateSection(2 ** 20 + 1, 512, 0)).toBe(false);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'WARN_ON_ONCE', id: 'populate-unaligned' })]);
    m.depopulateSection(2 ** 20, 512);
    expect(m.events.at(-1)).toMatchObject({ kind: 'WARN', id: 'bad-free' });
  });
});
