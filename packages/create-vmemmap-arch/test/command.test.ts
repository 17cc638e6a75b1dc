import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'create-vmemmap-arch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const json = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const own = json('../package.json');

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'create-vmemmap-arch-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** What the command says and returns. */
function call(...args: string[]): { code: number; stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  const to = (name: keyof typeof said) => ({ write: (text: string) => (said[name] += text) });
  const code = run(args, { stdout: to('stdout'), stderr: to('stderr'), cwd });
  return { code, ...said };
}

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const text = (path: string): string => readFileSync(join(cwd, path), 'utf8');

describe('what is asked', () => {
  it.each(['--help', '-h'])('%s says how to call it', (option) => {
    const { code, stdout, stderr } = call(option);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^npm create vmemmap-arch <name>\n/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each(['--version', '-v'])('%s says the version', (option) => {
    expect(call(option)).toEqual({ code: 0, stdout: `${own.version}\n`, stderr: '' });
  });
});

describe('what is refused, in one sentence and with nothing written', () => {
  it.each([
    [[], 'give one name'],
    [['one', 'two'], 'give one name'],
    [['Demo'], '"Demo" is no architecture name'],
    [['../demo'], '"../demo" is no architecture name'],
    [['my-arch'], '"my-arch" is no architecture name'],
    [['9p'], '"9p" is no architecture name'],
    [[''], '"" is no architecture name'],
    [['class'], '"class" cannot be exported'],
    [['vmemmap'], '"vmemmap" cannot be exported'],
    [['demo', '--force'], 'there is no option --force'],
    [['demo', '-x'], 'there is no option -x'],
    [['demo', '--help=yes'], '--help takes no value'],
  ])('%j', (args, sentence) => {
    const { code, stdout, stderr } = call(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^create-vmemmap-arch: [^\n]+\n$/);
    expect(stderr).toContain(sentence);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('a folder that is not empty', () => {
    mkdirSync(join(cwd, 'demo'));
    writeFileSync(join(cwd, 'demo/mine.txt'), 'mine');
    const { code, stderr } = call('demo');
    expect(code).toBe(2);
    expect(stderr).toBe(
      `create-vmemmap-arch: ${join(cwd, 'demo')} is there and not empty: choose another name or remove it\n`,
    );
    expect(files(join(cwd, 'demo'))).toEqual(['mine.txt']);
  });

  it('a file of that name', () => {
    writeFileSync(join(cwd, 'demo'), 'mine');
    expect(call('demo')).toMatchObject({ code: 2, stdout: '' });
    expect(text('demo')).toBe('mine');
  });
});

describe('what is written', () => {
  it('into a new folder, or an empty one', () => {
    mkdirSync(join(cwd, 'mips64'));
    for (const name of ['demo', 'mips64']) {
      const { code, stdout, stderr } = call(name);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`cd ${name}\n  npm install\n  npm test\n`);
      expect(files(join(cwd, name))).toEqual(
        [
          '.github/workflows/test.yml',
          '.gitignore',
          'LICENSE',
          'README.md',
          'known-failures.txt',
          'package.json',
          'src/capabilities.ts',
          'src/entry-layouts.ts',
          'src/format.ts',
          'src/free.ts',
          'src/index.ts',
          `src/${name}.ts`,
          'src/ops.ts',
          'src/reader.ts',
          'test/conformance.test.js',
          'tsconfig.json',
        ].sort(),
      );
    }
  });

  it('with every mark filled in', () => {
    call('mips64');
    for (const path of files(join(cwd, 'mips64'))) expect(text(`mips64/${path}`), path).not.toMatch(/<%|%>|__\w+__/);
    expect(text('mips64/src/ops.ts')).toContain('class Mips64Ops ');
    expect(text('mips64/src/index.ts')).toContain("export { mips64, type Mips64Config } from './mips64.ts';");
  });

  it('asks for core and the kit of its own version, and for the compiler that the workspace has', () => {
    call('demo');
    const manifest = JSON.parse(text('demo/package.json'));
    const core = json('../../core/package.json');
    const kit = json('../../conformance/package.json');
    expect(own.version).toBe(core.version);
    expect(manifest).toMatchObject({
      name: 'vmemmap-demo',
      peerDependencies: kit.peerDependencies,
      devDependencies: {
        '@vmemmap/conformance': `^${kit.version}`,
        '@vmemmap/core': `^${core.version}`,
        typescript: json('../../../package.json').devDependencies.typescript,
      },
    });
  });

  it('names each clause that is left to do in the README, and no other by number', () => {
    call('demo');
    const named = new Set([...text('demo/README.md').matchAll(/\b[A-Z]+-\d+\b/g)].map(([id]) => id));
    expect([...named].sort()).toEqual(json('../templates/left-to-do.json'));
  });

  it('lists no known failure', () => {
    call('demo');
    for (const line of text('demo/known-failures.txt').trim().split('\n')) expect(line).toMatch(/^#/);
  });
});
