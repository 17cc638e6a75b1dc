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
  expect(out).toMatch(/; x86, la57=false,pse=false,pti=true; Linux 6\.12/);
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
  expect(out).toMatch(/… 1 more step; see --trace-limit/);
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

test('--fail: a boot that loses some sections verifies the others, and is not what was asked for', async () => {
  const { code, json } = await invokeJson('populate', '--ram', '4G', '--fail', 'source=memblock,nth=9,times=all');
  expect(code).toBe(1);
  expect(json.verification).toMatchObject({ sections: json.sectionsWithMemmap, problems: [] });
  expect(json.sectionsOfRam).toBe(32);
  expect(json.sections).toBeLessThan(32);
  expect(json.events).toMatchObject([{ kind: 'pr_err', id: 'memmap-backing-failed' }]);
  const { out } = await invoke('populate', '--ram', '4G', '--fail', 'source=memblock,nth=9,times=all');
  expect(out).toContain('warnings  1');
  expect(out).toMatch(/^\d+ of 32 sections have a memmap$/m);
  expect(out).toMatch(/^pr_err in mm\/sparse\.c:sparse_init_nid: node\[0\] memory map backing failed/m);
});

test.each([
  ['no memory for any', ['--ram', '1G', '--fail', 'source=memblock'], '0 of 8 sections have'],
  ['memory that runs out', ['--ram', '64K'], '0 of 1 section has'],
])('a boot that loses all sections claims nothing: %s', async (_name, argv, counts) => {
  const { code, out } = await invoke('populate', ...argv);
  expect(code).toBe(1);
  expect(out).toMatch(/^nothing to verify: no section has a memmap$/m);
  expect(out).toContain(`\n${counts} a memmap\n`);
  expect((await invoke('populate', ...argv, '--no-verify')).code).toBe(1);
});

test('without NX the pages can be executed, and it does not say otherwise', async () => {
  const { code, out } = await invoke('populate', '--ram', '1G', '--config', 'no-nx');
  expect(code).toBe(0);
  expect(out).toMatch(/all mapped once, writable, kernel only$/m);
});

test('a kernel that panics leaves its trace', async () => {
  const argv = ['populate', '--ram', '1G', '--release', '7.3', '--fail', 'source=memblock,nth=3', '--trace'];
  const { code, out, err } = await invoke(...argv);
  expect(code).toBe(1);
  expect(out).toMatch(/^1 GiB of RAM.*\nsection {8}pfn 0x0, 32768 pages, node 0\ntable /);
  expect(out).toMatch(/^out of memory /m);
  expect(err).toMatch(/^vmemmap: the modelled kernel stopped with panic in mm\/sparse.c.*\n$/);
  const { code: sameCode, json } = await invokeJson(...argv);
  expect(sameCode).toBe(1);
  expect(json.error.code).toBe('KERNEL_PANIC');
  expect(json.trace.steps[0]).toEqual({ step: 'section', pfn: 0, pages: 32768, node: 0 });
  expect(json.trace.stepCount).toBe(json.trace.steps.length);
});

test('a machine file that begins with a byte order mark', async () => {
  const text = JSON.stringify({ format: 'vmemmap-machine/1', memory: [{ start: 0, end: '1G' }] });
  const { code, err } = await invoke('populate', '--machine', temporaryFile('bom.json', `\uFEFF${text}`));
  expect(err).toBe('');
  expect(code).toBe(0);
});

test('one of a kind is singular, and no name from a file tells the terminal what to do', async () => {
  const fields = { name: 'mine\u001b[31m\n\u202ered', memory: [{ start: 0, end: '128M' }] };
  const file = temporaryFile('one.json', JSON.stringify({ format: 'vmemmap-machine/1', ...fields }));
  const { code, out } = await invoke('populate', '--machine', file);
  expect(code).toBe(0);
  expect(out).toMatch(/^mine \[31m red: 128 MiB on 1 node; /);
  expect(out).toContain('struct pages in 1 leaf of 1 section:');
});

test('--verify and --no-verify, in every form', async () => {
  const verified = async (...argv: string[]): Promise<boolean> =>
    (await invokeJson('populate', '--ram', '1G', ...argv)).json.verification !== null;
  expect(await verified('--verify')).toBe(true);
  expect(await verified('--no-verify=false')).toBe(true);
  expect(await verified('--verify=false')).toBe(false);
  expect(await verified('--no-verify')).toBe(false);
});

test('a failure that nothing met is told', async () => {
  const { code, out } = await invoke(
    'populate',
    '--ram',
    '1G',
    '--fail',
    'source=altmap',
    '--fail',
    'source=memblock,order=9',
  );
  expect(code).toBe(0);
  expect(out).toContain('note: --fail source=altmap never fired');
  expect(out).not.toContain('order=9 never fired');
});
