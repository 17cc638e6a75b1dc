import { expect, test } from 'vitest';
import { invoke, invokeJson, path } from './invoke.ts';
import { temporaryFile } from './temporary-file.ts';

const ARCHES = ['x86', 'arm64', 'powerpc', 'riscv', 's390', 'sparc', 'loongarch'];

test('one memory map through all architectures, side by side', async () => {
  const { code, out, err } = await invoke('populate', '--ram', '8G', '--arch', 'all');
  expect(err).toBe('');
  expect(code).toBe(0);
  const lines = out.split('\n');
  expect(lines[0]).toMatch(/^8 GiB of RAM: 8 GiB on 1 node; all architectures; Linux 7\.2/);
  expect(lines[1]).toMatch(/^arch +pages +sections +struct page +leaves +tables +memory +of RAM +warnings$/);
  expect(lines.slice(2, 9).map((line) => line.split(' ')[0])).toEqual(ARCHES);
  expect(lines[2]).toMatch(/^x86 +4 KiB +64 x 128 MiB +64 B +64 x 2 MiB +4 +128\.0 MiB +1\.56 % +0$/);
  expect(lines[4]).toMatch(/^powerpc +.* 512 x 16 MiB/);
  expect(lines[7]).toMatch(/^sparc +8 KiB +8 x 1 GiB .* x 8 MiB /);
  expect(lines[8]).toMatch(/^loongarch +16 KiB +16 x 512 MiB +80 B +2 x 32 MiB /);
  expect(out).toMatch(/^verified \d+ struct pages on x86, arm64, powerpc, riscv, s390, sparc, loongarch$/m);
});

test('the same as JSON', async () => {
  const { code, json } = await invokeJson('populate', '--ram', '2G', '--nodes', '2', '--arch', 'all');
  expect(code).toBe(0);
  expect(json.arches.map(({ arch }: { arch: string }) => arch)).toEqual(ARCHES);
  expect(json.refused).toEqual([]);
  for (const one of json.arches) {
    expect(one).toMatchObject({ machine: { arch: one.arch, release: '7.2' }, verification: { problems: [] } });
    expect(one.sectionsWithMemmap).toBe(one.sectionsOfRam);
    expect(one.cost.total.ram).toBe(2 ** 31);
  }
});

test('what one architecture cannot have is said, and the others are shown', async () => {
  const { code, out, err } = await invoke('populate', '--ram', '2T', '--arch', 'all', '--no-verify');
  expect(err).toMatch(/^vmemmap: sparc: RAM up to .* the 40 physical address bits.*\n$/);
  expect(out).toMatch(/^x86 +4 KiB/m);
  // As sparc alone says it.
  expect(await invoke('populate', '--ram', '2T', '--arch', 'sparc')).toEqual({ code, out: '', err });
  expect(code).toBe(2);
  const { json } = await invokeJson('populate', '--ram', '2T', '--arch', 'all', '--no-verify');
  expect(json.refused).toContainEqual({ arch: 'sparc', code: 'BAD_MEMORY_MAP', message: expect.any(String) });
  expect(json.arches[0].verification).toBeNull();
});

test('memory that none can have is bad input', async () => {
  const { code, err } = await invoke('populate', '--ram', '1G', '--nodes', '100', '--arch', 'all');
  expect(code).toBe(2);
  expect(err).toMatch(/^vmemmap: --ram 1G --nodes 100: node \d+ has no memory/);
});

test('a kernel that stops is an outcome, also of all', async () => {
  const memory = ['populate', '--ram', '4G', '--fail', 'source=memblock,nth=1'];
  const { code, out, err } = await invoke(...memory, '--arch', 'all');
  expect(out).toMatch(/^x86 +4 KiB/m);
  expect(err).toMatch(/^vmemmap: \w+: the modelled kernel stopped with panic/m);
  expect(code).toBe(1);
  for (const [, arch] of err.matchAll(/^vmemmap: (\w+): /gm))
    expect((await invoke(...memory, '--arch', arch!)).code).toBe(1);
});

test('a boot without memory is an outcome', async () => {
  const { code, out } = await invoke('populate', '--ram', '2G', '--arch', 'all', '--fail', 'source=memblock,times=all');
  expect(code).toBe(1);
  expect(out).toMatch(/^x86: 0 of 16 sections have a memmap$/m);
  expect(out).toMatch(/^sparc: pr_err in mm\/sparse\.c:sparse_init_nid/m);
});

test.each([
  ['--config', ['--config', 'no-la57']],
  ['--trace', ['--trace']],
])('%s is for one architecture', async (option, argv) => {
  const { code, err } = await invoke('populate', '--arch', 'all', ...argv);
  expect(code).toBe(2);
  expect(err).toBe(`vmemmap: --arch all: ${option} is for one architecture\n`);
});

test('the configuration in a file is for the architecture it names', async () => {
  const memory = [{ start: 0, end: '2G' }];
  const file = { format: 'vmemmap-machine/1', arch: 'x86', config: { la57: false }, memory };
  const { code, json } = await invokeJson(
    'populate',
    ...['--machine', temporaryFile('x86.json', JSON.stringify(file)), '--arch', 'all'],
  );
  expect(code).toBe(0);
  expect(json.arches[0].machine.config.la57).toBe(false);
  const capture = path('../sparc/fixtures/boot-smpmc-1G.json');
  const { json: all } = await invokeJson('populate', '--capture', capture, '--arch', 'all');
  expect(all.arches.find(({ arch }: { arch: string }) => arch === 'sparc').machine.config.memcg).toBe(true);
});
