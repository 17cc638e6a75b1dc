import { defaultRelease } from '@vmemmap/core';
import { expect, test } from 'vitest';
import { invoke, invokeJson, path } from './invoke.ts';
import { temporaryFile } from './temporary-file.ts';

const GIB = 2 ** 30;

test('without options: a server with two nodes, verified', async () => {
  const { code, out, err } = await invoke('populate');
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out).toMatch(/^built-in dual-socket server: 191\.6 GiB on 2 nodes; x86, default configuration; Linux 7\.2/);
  expect(out).toMatch(/^node +RAM +struct pages +tables +of RAM$/m);
  expect(out).toMatch(/^all +191\.6 GiB +3\.00 GiB .* 1\.56 %$/m);
  expect(out).toContain('leaves    1534 x 2 MiB');
  expect(out).toContain('tables    pgd 1, p4d 1, pud 1, pmd 4, pte 0');
  expect(out).toContain('counters  nr_memmap_boot_pages 785408, nr_memmap_pages 0');
  expect(out).toContain('warnings  none');
  expect(out).toMatch(
    /^verified 50266112 struct pages in 1534 leaves of 1534 sections: all mapped once, writable, kernel only, not executable$/m,
  );
});

test('--ram as JSON', async () => {
  const { code, json } = await invokeJson('populate', '--ram', '2G');
  expect(code).toBe(0);
  expect(json).toMatchObject({
    machine: {
      title: '2 GiB of RAM',
      arch: 'x86',
      config: { la57: true },
      release: defaultRelease,
      memory: [{ node: 0, start: '0x0', end: '0x80000000' }],
      window: { base: '0xffd4000000000000', start: '0xffd4000000000000', end: '0xffd6000000000000' },
    },
    notes: [],
    sections: 16,
    cost: {
      nodes: [{ node: 0, ram: 2 * GIB, structPages: 32 * 2 ** 20, tables: 4 * 4096 }],
      leaves: [{ size: 2 ** 21, count: 16 }],
    },
    counters: { nr_memmap_boot_pages: 8192, nr_memmap_pages: 0 },
    events: [],
    verification: { sections: 16, structPages: 2 ** 19, leaves: 16, offNode: 0, problems: [] },
  });
});

test('64 TiB are built and verified', async () => {
  const { code, json } = await invokeJson('populate', '--ram', '64T', '--nodes', '8');
  expect(code).toBe(0);
  expect(json.verification).toMatchObject({ structPages: 2 ** 34, leaves: 2 ** 19, sections: 2 ** 19, problems: [] });
  expect(json.cost.nodes).toHaveLength(8);
});

test('--ram is split where a section begins', async () => {
  const { json } = await invokeJson('populate', '--ram', '1000M', '--nodes', '3', '--no-verify');
  expect(json.machine.memory).toEqual([
    { node: 0, start: '0x0', end: '0x10000000' },
    { node: 1, start: '0x10000000', end: '0x28000000' },
    { node: 2, start: '0x28000000', end: '0x3e800000' },
  ]);
});

test('--config, --release and --no-verify', async () => {
  const argv = ['populate', '--ram', '1G', '--config', 'la57=false,no-pse', '--config', 'pti', '--release', '6.12'];
  const { json } = await invokeJson(...argv, '--no-verify');
  expect(json.machine).toMatchObject({ release: '6.12', config: { la57: false, pse: false, pti: true, nx: true } });
  expect(json.cost.leaves).toEqual([{ size: 4096, count: 4096 }]);
  expect(json.verification).toBeNull();
  const { out } = await invoke(...argv, '--no-verify');
  expect(out).toMatch(/; x86, la57=false pse=false pti=true; Linux 6\.12/);
  expect(out).not.toContain('verified');
});

test('addresses in --config', async () => {
  const { json } = await invokeJson('populate', '--ram', '1G', '--config', 'kaslr,vmemmapBase=0xffd5000040000000');
  expect(json.machine.window.base).toBe('0xffd5000040000000');
  expect(json.machine.config.vmemmapBase).toBe('0xffd5000040000000');
});

test('a machine file, and options that win over it', async () => {
  const { code, json } = await invokeJson('populate', '--machine', path('fixtures/machine.json'));
  expect(code).toBe(0);
  expect(json.machine).toMatchObject({
    title: 'two small nodes',
    release: '7.3',
    config: { la57: false },
    memory: [
      { node: 0, start: '0x0', end: '0x100000000' },
      { node: 1, start: '0x100000000', end: '0x200000000' },
    ],
  });
  const changed = await invokeJson(
    'populate',
    ...['--machine', path('fixtures/machine.json'), '--release', '7.2', '--config', 'la57,pti'],
  );
  expect(changed.json.machine).toMatchObject({ release: '7.2', config: { la57: true, pti: true } });
});

test('reserved ranges are not used', async () => {
  const memory = [{ start: 0, end: '1G' }];
  const file = (reserved: object[]): string =>
    temporaryFile('reserved.json', JSON.stringify({ format: 'vmemmap-machine/1', memory, reserved }));
  const leafPa = async (name: string): Promise<string> => {
    const { json } = await invokeJson('translate', '--machine', name, '0');
    return json.translations[0].pa;
  };
  expect(await leafPa(file([]))).toBe('0x3fc00000');
  expect(await leafPa(file([{ start: '512M', end: '1G' }]))).toBe('0x1fc00000');
});

test('the machine of a capture, by --capture and by --machine', async () => {
  const capture = path('../x86/fixtures/numa-holes-no5lvl.json');
  const { code, json } = await invokeJson('populate', '--capture', capture);
  expect(code).toBe(0);
  expect(json.machine).toMatchObject({ title: 'x86/numa-holes-no5lvl', config: { la57: false } });
  expect(json.machine.memory.length).toBeGreaterThan(2);
  expect((await invokeJson('populate', '--machine', capture)).json).toEqual(json);
});

test('--trace prints steps up to a limit', async () => {
  const { out } = await invoke('populate', '--ram', '256M', '--trace', '--trace-limit', '6');
  expect(out).toContain('section        pfn 0x0, 32768 pages, node 0');
  expect(out).toMatch(/^table {10}pmd for 0xffd4000000000000 at 0x[0-9a-f]+$/m);
  expect(out).toMatch(/^leaves {9}1 x pmd from 0xffd4000000000000 to 0x[0-9a-f]+/m);
  expect(out).toMatch(/… \d+ more steps; see --trace-limit/);
  const { json } = await invokeJson('populate', '--ram', '256M', '--trace', '--trace-limit', '2');
  expect(json.trace.steps).toEqual([
    { step: 'section', pfn: 0, pages: 32768, node: 0 },
    { step: 'table', level: 'p4d', va: '0xffd4000000000000', pa: expect.stringMatching(/^0x/) },
  ]);
  expect(json.trace.stepCount).toBeGreaterThan(2);
});

test('every kind of step has a line', async () => {
  const { out } = await invoke(
    ...['populate', '--ram', '512M', '--trace', '--fail', 'source=memblock,order=9,nth=2,times=all'],
  );
  expect(out).toContain('out of memory');
  expect(out).not.toContain('undefined');
});

test('--fail: a boot that does without some sections still verifies', async () => {
  const { code, json } = await invokeJson('populate', '--ram', '4G', '--fail', 'source=memblock,nth=9,times=all');
  expect(code).toBe(0);
  expect(json.sections).toBeLessThan(32);
  expect(json.events).toMatchObject([{ kind: 'pr_err', id: 'memmap-backing-failed' }]);
  const { out } = await invoke('populate', '--ram', '4G', '--fail', 'source=memblock,nth=9,times=all');
  expect(out).toContain('warnings  1');
  expect(out).toMatch(/^pr_err in mm\/sparse\.c:sparse_init_nid: node\[0\] memory map backing failed/m);
});

test('a boot that does without all sections claims nothing', async () => {
  const { code, out } = await invoke('populate', '--ram', '1G', '--fail', 'source=memblock,times=all');
  expect(code).toBe(0);
  expect(out).toMatch(/^nothing to verify: no section has a memmap$/m);
});

test('without NX the pages can be executed, and it does not say otherwise', async () => {
  const { code, out } = await invoke('populate', '--ram', '1G', '--config', 'no-nx');
  expect(code).toBe(0);
  expect(out).toMatch(/all mapped once, writable, kernel only$/m);
});
