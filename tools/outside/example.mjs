// @ts-check
// The example of a plugin from outside, as somebody would use it who has it from npm: installed from tarballs alone, it
// builds, its own tests pass, and the command of this tree loads it by its folder and compares its captures.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, root, run, tarballs } from './tarballs.mjs';

const CLI = join(root, 'packages/cli/dist/main.js');
const NAME = 'vmemmap-mips64';

const work = mkdtempSync(join(tmpdir(), 'vmemmap-example-'));
try {
  const example = join(work, NAME);
  cpSync(join(root, 'examples', NAME), example, {
    recursive: true,
    filter: (source) => !/[/\\](node_modules|dist)$/.test(source),
  });
  const unbuilt = command('arches', '--plugin', `./${NAME}`);
  expect(unbuilt, 2, /is not built: there is no \.\/dist\/index\.js; run npm run build in it first/);
  install(example, tarballs(work));
  run(example, 'npm', 'test');
  expect(
    command('populate', '--plugin', `./${NAME}`, '--arch', 'mips64', '--ram', '1G'),
    0,
    /all mapped once, writable/,
  );
  expect(command('conformance', `./${NAME}`, '--variants'), 0, /mips64: \d+ ok/);
  const captures = readdirSync(join(example, 'captures')).filter((name) => name.endsWith('.json'));
  for (const name of captures) {
    const file = join(example, 'captures', name);
    expect(command('compare', '--plugin', `./${NAME}`, file), 0, /^equal/);
    const tampered = join(work, `tampered-${name}`);
    const json = JSON.parse(readFileSync(file, 'utf8'));
    json.expected.leaves[0].count--;
    writeFileSync(tampered, JSON.stringify(json));
    expect(command('compare', '--plugin', `./${NAME}`, tampered), 1, /differs/);
  }
  console.log(`outside: ${NAME} builds and passes its tests from tarballs; ${captures.length} captures are equal`);
} catch (error) {
  console.error(`outside: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true });
}

/** @param {string[]} args */
function command(...args) {
  return { args, ...spawnSync(process.execPath, [CLI, ...args], { cwd: work, encoding: 'utf8' }) };
}

/**
 * @param {ReturnType<typeof command>} ran
 * @param {number} code
 * @param {RegExp} text
 */
function expect({ args, status, stdout, stderr }, code, text) {
  if (status === code && text.test(`${stdout}${stderr}`)) return;
  throw new Error(`vmemmap ${args.join(' ')} came to ${status}, not to ${code} with ${text}\n${stdout}${stderr}`);
}
