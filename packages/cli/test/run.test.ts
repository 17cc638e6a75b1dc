import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { invoke, invokeJson, path } from './invoke.ts';
import { temporaryFile } from './temporary-file.ts';

const EXAMPLES = path('../../examples/scenarios/');
const example = (name: string): string => `${EXAMPLES}${name}.json`;
/** Examples in which the kernel refuses a step, and with what. */
const REFUSED: Readonly<Record<string, string>> = {
  'add-without-memory': 'ENOMEM',
  'altmap-exhausted': 'ENOMEM',
  'dax-ranges-unwound': 'ENXIO',
  's390-subsections': 'EEXIST',
};

describe('vmemmap run', () => {
  it.each(readdirSync(EXAMPLES).map((file) => file.replace('.json', '')))(
    'does %s, and all of it is verified',
    async (name) => {
      const { code, json } = await invokeJson('run', example(name));
      expect(json.verification.problems).toEqual([]);
      expect(code).toBe(name in REFUSED ? 1 : 0);
      const results = json.steps
        .map(({ result }: { result: string }) => result)
        .filter((result: string) => result !== 'OK');
      expect(results[0]).toBe(REFUSED[name]);
    },
  );

  it('accounts for each step', async () => {
    const { code, out } = await invoke('run', example('hotplug'));
    expect(code).toBe(0);
    expect(out).toContain('  3  hotplug-remove  0x100000000-0x140000000 (1 GiB)  OK');
    expect(out).toContain('RAM       4096 pages given back (16 MiB)');
    expect(out).toContain('leaves    8 pmd cleared');
    expect(out).toContain('counters  nr_memmap_pages -4096');
    expect(out).toContain('verified 622592 struct pages in 19 leaves of 19 sections');
  });

  it('names the entry that processes lack', async () => {
    const { out, code } = await invoke('run', example('dax-new-top-level-entry'), '--release', '7.3-unsynced');
    expect(code).toBe(0);
    expect(out).toContain('bash: pgd entry 469 is missing: an access to 0xffffea8000000000 and on faults');
  });

  it('says what became of huge pages', async () => {
    expect((await invoke('run', example('hugetlb-1g-boot'))).out).toContain('OK, 0 optimised, 2 already');
    expect((await invoke('run', example('hugetlb-2m'))).out).toContain('OK, 32 restored');
    const inert = await invoke('run', example('hugetlb-2m'), '--arch', 'arm64');
    expect(inert.out).toContain('inert     arch/arm64/Kconfig selects no ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP');
  });

  it('prints the steps of populate and free', async () => {
    const { out } = await invoke('run', example('hugetlb-2m'), '--trace', '--trace-limit', '1000');
    expect(out).toMatch(/^split {10}pmd leaf for 0x/m);
    expect(out).toMatch(/^remap {10}7 x pte from 0x.*, read-only$/m);
    expect((await invoke('run', example('hugetlb-2m'), '--trace', '--trace-limit', '1')).out).toContain(
      'more steps; see --trace-limit',
    );
  });

  it('ends where the kernel stops', async () => {
    const file = temporaryFile(
      'stop.json',
      JSON.stringify({
        format: 'vmemmap-scenario/1',
        name: 'stop',
        machine: { arch: 'x86', memory: [{ start: 0, end: '0x40000000' }] },
        steps: [
          { op: 'hotplug-remove', start: 4096, end: 8192 },
          { op: 'process', name: 'never' },
        ],
      }),
    );
    const { code, out } = await invoke('run', file);
    expect(code).toBe(1);
    expect(out).toContain('the kernel stopped');
    expect(out).toContain('process  never  not run');
  });

  it.each([
    ['no file', ['run', 'nowhere.json'], 'there is no such file'],
    ['no scenario', ['run', path('package.json')], 'is not a scenario'],
    ['an unknown release', ['run', example('hotplug'), '--release', '5.0'], 'no release "5.0"'],
    ['an unknown architecture', ['run', example('hotplug'), '--arch', 'vax'], 'vax'],
    [
      'an architecture without hotplug',
      ['run', example('hotplug'), '--arch', 'sparc'],
      'step 1 (hotplug-add): sparc has no memory hotplug',
    ],
  ])('refuses %s in one line', async (_, argv, message) => {
    const { code, err, out } = await invoke(...argv);
    expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
    expect(err).toContain(message);
  });

  const machine = { arch: 'x86', memory: [{ start: 0, end: '0x40000000' }] };
  it.each<[string, object, string]>([
    ['a step that there is not', { steps: [{ op: 'reboot' }] }, 'steps.0.op: '],
    ['a key that a step has not', { steps: [{ op: 'memunmap', id: 'a', ids: 1 }] }, 'steps.0: Unrecognized key: "ids"'],
    ['a key that a scenario has not', { step: [] }, 'the whole: Unrecognized key: "step"'],
    [
      'an address that is none',
      { machine: { arch: 'x86', memory: [{ start: 0, end: 'lots' }] } },
      'machine.memory.0.end: must be a number, or 0x and up to 13 hex digits',
    ],
    ['a configuration that is not there', { machine: { ...machine, config: { la75: true } } }, 'no option "la75"'],
    ['a device that is not there', { steps: [{ op: 'memunmap', id: 'a' }] }, 'step 1 (memunmap): no device a'],
  ])('refuses %s, and says where', async (name, part, message) => {
    const text = JSON.stringify({ format: 'vmemmap-scenario/1', name: 'bad', machine, ...part });
    const { code, err, out } = await invoke('run', temporaryFile(`${name}.json`, text));
    expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
    expect(err).toContain(message);
  });

  it('refuses JSON that is cut off', async () => {
    const { code, err } = await invoke('run', temporaryFile('cut.json', '{"format": "vmemmap-sc'));
    expect(code).toBe(2);
    expect(err).toMatch(/cut\.json is not complete JSON/);
  });

  // The `test` target builds first.
  it.each([
    ['run', '-'],
    ['diff', '-', '--from', '7.3', '--to', 'series-04'],
  ])('%s %s reads stdin', (...argv) => {
    const spawn = (input: string) =>
      spawnSync(process.execPath, [path('bin/vmemmap.js'), ...argv], { input, encoding: 'utf8' });
    const { status, stdout } = spawn(readFileSync(example('hotplug'), 'utf8'));
    expect(stdout).toMatch(/^memory is added in two calls/);
    expect(status).toBe(0);
    expect(spawn('{')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^vmemmap: \/dev\/stdin is not complete JSON/),
    });
  });
});
