// @ts-check
// Every code block of the README files and of docs/ is compiled, run, parsed or compared with what its command prints.
// A block that cannot be is told by a rule of rules.mjs, or by a comment above it with the reason.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { blocksOf } from './blocks.mjs';
import { useOf } from './rules.mjs';

/** @typedef {import('./blocks.mjs').Block} Block */

const root = new URL('../../', import.meta.url);
const at = fileURLToPath(root);
const dist = fileURLToPath(new URL('dist/', import.meta.url));
const bins = {
  vmemmap: join(at, 'packages/cli/bin/vmemmap.js'),
  'vmemmap-conformance': join(at, 'packages/conformance/bin/vmemmap-conformance.js'),
};

/** @type {string[]} */
const problems = [];
/** @type {Record<string, number>} */
const counts = {};

/** @param {Block} block */
const place = ({ file, line }) => `${file}:${line}`;

/** The documents: README files, guides and descriptions; docs/api is written from the types, and holds signatures. */
function documents() {
  const of = (/** @type {string} */ folder, /** @type {RegExp} */ name) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((path) => name.test(path) && !path.includes('node_modules') && !path.startsWith('api/'))
      .map((path) => `${folder}${path}`);
  const packages = readdirSync(new URL('packages/', root)).map((name) => `packages/${name}/README.md`);
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...packages.filter((path) => existsSync(new URL(path, root))),
    ...of('docs/', /\.md$/),
  ].sort();
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, VITEST: undefined, NODE_OPTIONS: undefined };
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { printed: `${stdout}${stderr}`, status, error };
}

/**
 * What a command of this project prints, started from the root.
 * @param {string} line
 */
function commandPrints(line) {
  const [name = '', ...rest] = line
    .replace(/^npx (@vmemmap\/conformance|vmemmap)\b/, (_, bin) => (bin === 'vmemmap' ? bin : 'vmemmap-conformance'))
    .split(/\s+/);
  const bin = Object.entries(bins).find(([known]) => known === name)?.[1];
  if (bin === undefined) throw new Error(`no command ${name} to run`);
  return run(process.execPath, [bin, ...rest], at).printed;
}

/**
 * A line that is … stands for any lines.
 * @param {Block} block
 * @param {string} shown
 * @param {string} printed
 */
function compare(block, shown, printed) {
  const plain = (/** @type {string} */ text) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trim();
  const parts = plain(shown)
    .split(/^ *…$/m)
    .map((part) => part.replaceAll(/^\n|\n$/g, ''));
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = escaped.reduce((before, part) => `${before}\\n[^]*${part && `\\n${part}`}`);
  if (new RegExp(`^${pattern}$`).test(plain(printed))) return;
  problems.push(`${place(block)}: printed is\n${plain(printed)}`);
}

/**
 * @param {Block[]} programs
 * @param {string} folder
 * @returns {string[]} paths of what they were compiled to, in the same order
 */
function compile(programs, folder) {
  const files = programs.map((block, n) => {
    const path = join(folder, `${n}.${block.language === 'ts' ? 'mts' : 'mjs'}`);
    writeFileSync(path, block.code);
    return path;
  });
  const out = join(folder, 'out');
  const program = ts.createProgram(files, {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    allowJs: true,
    checkJs: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    rootDir: folder,
    outDir: out,
    skipLibCheck: true,
  });
  for (const { file, start = 0, messageText } of [
    ...ts.getPreEmitDiagnostics(program),
    ...program.emit().diagnostics,
  ]) {
    const block = programs[files.indexOf(file?.fileName ?? '')];
    const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
    const where = block === undefined ? (file?.fileName ?? 'tsc') : `${block.file}:${block.line + line}`;
    problems.push(`${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  }
  return files.map((_, n) => join(out, `${n}.mjs`));
}

/**
 * Where a program reads files: the folder that a comment names, or the root.
 * @param {Block} block
 */
function folderOf({ directive = '' }) {
  return join(at, /^run in: (\S+)$/.exec(directive)?.[1] ?? '.');
}

/**
 * @param {Block} block
 * @param {string} path
 */
function runTests(block, path) {
  if (block.code.includes("from 'node:test'")) return run(process.execPath, ['--test', path], folderOf(block));
  const vitest = join(at, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--root', join(at, 'tools/snippets'), path.slice(dist.length)];
  return run(process.execPath, args, folderOf(block));
}

mkdirSync(dist, { recursive: true });
const folder = mkdtempSync(dist);
try {
  const blocks = documents().flatMap((file) => blocksOf(root, file));
  /** @type {Block[]} */
  const programs = [];
  for (const block of blocks) {
    const use = useOf(block);
    if (use === undefined) {
      problems.push(`${place(block)}: no rule says how to check this block; see tools/snippets/rules.mjs`);
      continue;
    }
    counts[use.kind] = (counts[use.kind] ?? 0) + 1;
    if (use.kind === 'program' || use.kind === 'tests') programs.push(block);
    if (use.kind === 'json') {
      try {
        JSON.parse(block.code);
      } catch (error) {
        problems.push(`${place(block)}: ${error}`);
      }
    }
    if (use.kind === 'commands') {
      for (const [, line = '', shown = ''] of block.code.matchAll(/^\$ (.*)\n?((?:(?!\$ ).*\n?)*)/gm)) {
        compare(block, shown, commandPrints(line));
      }
    }
    if (use.kind === 'output' && use.of !== 'the program above') compare(block, block.code, commandPrints(use.of));
  }
  const compiled = compile(programs, folder);
  if (problems.length === 0) {
    for (const [n, block] of programs.entries()) {
      const path = compiled[n] ?? '';
      const { printed, status, error } =
        useOf(block)?.kind === 'tests' ? runTests(block, path) : run(process.execPath, [path], folderOf(block));
      if (status !== 0) problems.push(`${place(block)}: ended with ${status ?? error}\n${printed}`);
      const next = blocks[blocks.indexOf(block) + 1];
      if (next?.directive === 'printed by: the program above') compare(next, next.code, printed);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (problems.length > 0) {
  console.error(problems.map((text) => `snippets: ${text}`).join('\n'));
  process.exitCode = 1;
} else {
  console.log(
    `snippets: ${Object.entries(counts)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}`,
  );
}
