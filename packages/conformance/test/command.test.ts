import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clauses } from '@vmemmap/conformance';
import { run } from '@vmemmap/conformance/command';
import { afterAll, describe, expect, it } from 'vitest';
import { parseXml } from './xml.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const cwd = path('command');
const temporary = mkdtempSync(join(tmpdir(), 'vmemmap-conformance-'));
afterAll(() => rmSync(temporary, { recursive: true }));

function file(name: string, text = ''): string {
  const written = join(temporary, name);
  writeFileSync(written, text);
  return written;
}

async function command(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await run(argv, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    cwd,
  });
  return { code, out, err };
}

describe('vmemmap-conformance', () => {
  it('checks a plugin, clause by clause', async () => {
    const { code, out, err } = await command('./reference.ts', '--clause', 'MAP-*');
    expect(err).toBe('');
    expect(out).toMatch(/^reference\n {2}ok {15}MAP-1 {2}boot maps every struct page/);
    expect(out).toMatch(/^reference: 9 ok\n$/m);
    expect(code).toBe(0);
  });

  it('takes the folder of a package', async () => {
    const { code, out } = await command('./package', '--clause', 'MAP-1');
    expect(out).toMatch(/^reference: 1 ok\n$/m);
    expect(code).toBe(0);
  });

  it('exits with 1 when a clause is broken', async () => {
    const { code, out } = await command('./lazy.ts', '--clause', 'MAP-1');
    expect(out).toMatch(/^ {2}FAILED {11}MAP-1 /m);
    expect(out).toContain('      MAP-1: expected every struct page mapped after boot; found nothing is mapped there');
    expect(code).toBe(1);
  });

  it('takes configurations, or all of the plugin', async () => {
    const labels = async (...argv: string[]): Promise<readonly string[]> => {
      const { out } = await command('./reference.ts', '--clause', 'MAP-1', '--json', ...argv);
      return JSON.parse(out).reports[0].results.map(({ label }: { label: string }) => label);
    };
    expect(await labels()).toEqual(['reference']);
    expect(await labels('--config', 'no-hugePages')).toEqual(['reference', 'reference hugePages=false']);
    expect(await labels('--variants')).toEqual(['reference', 'reference hugePages=false']);
    expect(await labels('--release', '6.12')).toEqual(['reference on 6.12']);
  });

  it('takes known failures, and fails when one holds', async () => {
    const known = file('known.txt', '# mine\nMAP-1  # does nothing\n');
    const lazy = await command('./lazy.ts', '--clause', 'MAP-1', '--known-failures', known);
    expect(lazy.out).toContain('known: does nothing');
    expect(lazy.code).toBe(0);
    const good = await command('./reference.ts', '--clause', 'MAP-1', '--known-failures', known);
    expect(good.out).toContain('MAP-1: holds, but is listed as a known failure (does nothing); take it off the list');
    expect(good.code).toBe(1);
  });

  it('writes JUnit XML, to a file or in place of the text', async () => {
    const report = file('report.xml');
    const beside = await command('./lazy.ts', '--clause', 'MAP-1', '--junit', report);
    expect(beside.out).toContain('FAILED');
    const inPlace = await command('./lazy.ts', '--clause', 'MAP-1', '--junit', '-');
    expect(inPlace.out).toBe(readFileSync(report, 'utf8'));
    expect(parseXml(inPlace.out).attributes).toMatchObject({ tests: '1', failures: '1' });
    expect(inPlace.code).toBe(1);
  });

  it('compares captures: those of another architecture are bad input', async () => {
    const capture = path('../../x86/fixtures/boot-2g.json');
    const { code, err } = await command('./reference.ts', '--clause', 'MAP-1', '--captures', capture, capture);
    expect(err).toMatch(/^vmemmap-conformance: .*boot-2g.*\n$/);
    expect(code).toBe(2);
  });

  it('lists clauses without checking any, those that apply to a plugin', async () => {
    const all = await command('--list');
    expect(all.out.trimEnd().split('\n')).toHaveLength(clauses.length);
    expect(all.out).toContain('ALLOC-3   recommended  struct pages lie on the node of their section');
    const some = await command('./lazy.ts', '--list', '--clause', 'ALLOC-*');
    expect(some.out).not.toContain('ALLOC-8');
    expect(some.out).toContain('ALLOC-7');
    expect([all.code, some.code]).toEqual([0, 0]);
  });

  it('helps', async () => {
    const { code, out } = await command('--help');
    expect(out).toContain('npx @vmemmap/conformance ./my-plugin.js --variants --junit report.xml\n');
    expect(code).toBe(0);
  });

  it.each([
    [[], /no plugin is given; write npx @vmemmap\/conformance \.\/my-plugin\.js/],
    [['./none.js'], /plugin \.\/none\.js cannot be loaded/],
    [['node:path'], /node:path exports no architecture plugin/],
    [['./newer.ts'], /plugin reference was made for contract 2, this core has contract 1; update @vmemmap\/core, with/],
    [['.'], /plugin \. cannot be loaded: this folder has no package\.json; give the module in it/],
    [['./throws.ts'], /plugin reference fails on a machine of one section: no way/],
    [['./reference.ts', './lazy.ts'], /".\/lazy\.ts" is one plugin too many/],
    [['./reference.ts', '--speed'], /Unknown option '--speed'.*; see --help/],
    [['./reference.ts', '--clause', 'MAP-99'], /"MAP-99" means no clause/],
    [['./reference.ts', '--config', 'hugePage'], /no option "hugePage"/],
    [['./reference.ts', '--config', 'hugePages,no-hugePages'], /hugePages is given more than once/],
    [['./reference.ts', '--known-failures', 'none.txt'], /none\.txt: there is no such file/],
    [['./reference.ts', '--known-failures', 'a', '--known-failures', 'b'], /--known-failures is given more than once/],
    [['./reference.ts', '--captures', 'none.json'], /none\.json: there is no such file/],
    [['./reference.ts', '--clause', 'MAP-1', '--junit', './none/report.xml'], /none\/report\.xml/],
    [['./reference.ts', '--json', '--junit', '-'], /--json and --junit - both want standard output/],
  ])('%j is bad input: one line, exit code 2', async (argv, line) => {
    const { code, out, err } = await command(...argv);
    expect(err).toMatch(line);
    expect(err).toMatch(/^vmemmap-conformance: [^\p{Cc}]+\n$/u);
    expect(code).toBe(2);
    if (argv.includes('--json')) expect(JSON.parse(out).error.code).toBe('BAD_ARGUMENT');
  });
});

describe('the program', () => {
  const program = (...argv: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(
      process.execPath,
      [
        '--import',
        path('node-test/register.mjs'),
        '--conditions=@vmemmap/source',
        path('../src/command/main.ts'),
        ...argv,
      ],
      { cwd, encoding: 'utf8' },
    );

  it('runs without a test runner', () => {
    const { status, stdout, stderr } = program('./reference.ts', '--clause', 'MAP-1');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^reference: 1 ok\n$/m);
    expect(status).toBe(0);
  });

  it('exits with what it found', () => {
    expect(program('./lazy.ts', '--clause', 'MAP-1').status).toBe(1);
    expect(program('./none.ts').status).toBe(2);
  });
});
