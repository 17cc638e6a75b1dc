import { describe, expect, test } from 'vitest';
import { invoke, invokeWith, path } from './invoke.ts';

const COMMANDS = [
  'populate',
  'run',
  'diff',
  'translate',
  'tables',
  'compare',
  'conformance',
  'arches',
  'releases',
  'completion',
];
const scenario = path('../../examples/scenarios/hotplug.json');
const capture = path('../x86/fixtures/boot-2g.json');

describe('help', () => {
  test('lists the commands', async () => {
    const { code, out, err } = await invoke('--help');
    expect(code).toBe(0);
    expect(err).toBe('');
    for (const command of COMMANDS) expect(out).toContain(`vmemmap ${command}`);
    expect(out).toContain('Examples:');
  });

  test.each(COMMANDS)('of %s has examples', async (command) => {
    const { code, out } = await invoke(command, '--help');
    expect(code).toBe(0);
    expect(out).toContain(`vmemmap ${command}`);
    expect(out).toContain('--json');
    const [, examples = ''] = out.split('Examples:\n');
    expect(examples).toMatch(new RegExp(`^ {2}vmemmap ${command}`));
    // Columns stay within the terminal.
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

test('--version', async () => {
  const { code, out } = await invoke('--version');
  expect(code).toBe(0);
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('completion prints a script', async () => {
  const { code, out, err } = await invoke('completion');
  expect(code).toBe(0);
  expect(err).toBe('');
  expect(out).toMatch(/^###-begin-vmemmap-completions-###$/m);
  expect(out).toContain('vmemmap --get-yargs-completions');
});

test('completion for a shell', async () => {
  const bash = await invoke('completion', 'bash');
  expect(bash.out).toContain('complete -o bashdefault');
  const zsh = await invoke('completion', 'zsh');
  expect(zsh.out).toMatch(/^#compdef vmemmap\n/);
  expect((await invokeWith({ env: { SHELL: '/bin/zsh' } }, 'completion')).out).toBe(zsh.out);
  expect((await invokeWith({ env: { SHELL: '/bin/dash' } }, 'completion')).out).toBe(bash.out);
});

test.each([
  ['release', '', ['6.12', '7.2']],
  ['release', '6', ['6.12']],
  ['arch', '', ['x86', 'arm64', 'powerpc', 'riscv', 's390', 'sparc', 'loongarch']],
])('completion of --%s %s', async (option, begun, choices) => {
  const { out } = await invoke('--get-yargs-completions', 'vmemmap', 'populate', `--${option}`, begun);
  for (const choice of choices) expect(out.split('\n')).toContain(choice);
});

test('-h is --help', async () => {
  expect((await invoke('populate', '-h')).out).toBe((await invoke('populate', '--help')).out);
});

test('--json=false is none', async () => {
  for (const words of [['--json=false'], ['--json', 'false'], ['--json', '--json=false']]) {
    expect((await invoke('releases', ...words)).out).toMatch(/^release /);
  }
});

test('completion completes', async () => {
  const { out } = await invoke('--get-yargs-completions', 'vmemmap', 'pop');
  expect(out).toContain('populate');
});

const JSON_LINES: readonly (readonly string[])[] = [
  ['populate', '--ram', '1G', '--trace'],
  ['run', scenario, '--trace'],
  ['diff', scenario, '--from', '7.3', '--to', 'series-04'],
  ['translate', '0', '--ram', '1G'],
  ['tables', '--ram', '1G'],
  ['compare', capture],
  ['conformance', 'x86'],
  ['arches'],
  ['releases'],
  ['completion'],
  ['--version'],
  ['--help'],
];

test.each(JSON_LINES)('%s … --json: nothing but JSON, on a terminal as well', async (...argv) => {
  const { code, out, err } = await invokeWith({ stdoutIsTTY: true, stderrIsTTY: true }, ...argv, '--json');
  expect(JSON.parse(out)).toBeTypeOf('object');
  expect(out).not.toContain('\u001b');
  expect(err).toBe('');
  expect(code).toBe(0);
});

describe('colours', () => {
  test('on a terminal', async () => {
    const { out } = await invokeWith({ stdoutIsTTY: true }, 'compare', capture);
    expect(out).toContain('\u001b[32mequal\u001b[39m');
  });

  test('not in a pipe', async () => {
    expect((await invoke('compare', capture)).out).not.toContain('\u001b');
  });

  test('not with NO_COLOR', async () => {
    const { out } = await invokeWith({ stdoutIsTTY: true, env: { NO_COLOR: '1' } }, 'compare', capture);
    expect(out).not.toContain('\u001b');
  });
});

describe('progress', () => {
  // Each look at the clock is a second later.
  const slow = (): (() => number) => {
    let now = 0;
    return () => (now += 1000);
  };

  test('is drawn on a terminal when it takes long', async () => {
    const { err, out } = await invokeWith({ stderrIsTTY: true, now: slow() }, 'populate', '--ram', '1G');
    expect(err).toContain('populate');
    expect(err).toContain('of 8 sections');
    expect(out).toContain('verified');
    expect(out).not.toContain('of 8 sections {');
  });

  test('is not drawn when it is quick', async () => {
    const { err } = await invokeWith({ stderrIsTTY: true }, 'populate', '--ram', '1G');
    expect(err).toBe('');
  });

  test('is not drawn in a pipe', async () => {
    const { err } = await invokeWith({ now: slow() }, 'populate', '--ram', '1G');
    expect(err).toBe('');
  });
});
