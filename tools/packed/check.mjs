// @ts-check
// Packs core and every architecture as they would be published, installs each architecture in an empty project with
// only core beside it, boots its default machine there and compiles a consumer against its types. No registry is asked:
// what core depends on is packed from the workspace.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'vmemmap-packed-'));

/** @param {string} folder */
const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 */
const run = (cwd, command, ...args) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' });

/**
 * Packs a folder.
 * @param {string} folder
 * @returns {string} path of the tarball
 */
function pack(folder) {
  const [{ filename }] = JSON.parse(
    run(folder, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', work),
  );
  return join(work, filename);
}

/**
 * The dependencies of a package, all the way down, as tarballs of what the workspace has installed.
 * @param {string} folder
 * @param {Map<string, string>} found
 */
function dependencies(folder, found = new Map()) {
  for (const name of Object.keys(manifest(folder).dependencies ?? {})) {
    if (found.has(name)) continue;
    const installed = resolve(root, 'node_modules', name);
    found.set(name, pack(installed));
    dependencies(installed, found);
  }
  return found;
}

/** What an installed architecture is asked to do: boot, verify, translate. */
const CONSUMER = (/** @type {string} */ arch) => `import { boot, type Machine } from '@vmemmap/core';
import { ${arch} } from '@vmemmap/${arch}';

for (const { config } of ${arch}.variants) {
  const machine: Machine = boot({
    arch: ${arch}(config),
    memory: { ranges: [{ node: 0, start: 0, end: 4 * 2 ** 30 }] },
  });
  const { problems, structPages } = machine.verify();
  const { result } = machine.translatePage(0x100);
  if (problems.length > 0 || structPages === 0 || !result.mapped) throw new Error(problems.join('; ') || 'nothing is mapped');
}
`;

let failed = 0;
try {
  const core = pack(join(root, 'packages/core'));
  const below = dependencies(join(root, 'packages/core'));
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
  for (const folder of packages) {
    const { name, keywords = [] } = manifest(folder);
    if (!keywords.includes('vmemmap-arch')) continue;
    const arch = name.replace('@vmemmap/', '');
    const project = join(work, arch);
    mkdirSync(project);
    const files = Object.fromEntries([...below].map(([dependency, file]) => [dependency, `file:${file}`]));
    const own = { '@vmemmap/core': `file:${core}`, [name]: `file:${pack(folder)}` };
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ private: true, type: 'module', dependencies: { ...own, ...files } }),
    );
    try {
      run(project, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts');
      const beside = readdirSync(join(project, 'node_modules/@vmemmap')).sort().join(' ');
      if (beside !== [arch, 'core'].sort().join(' ')) throw new Error(`it brought ${beside} along`);
      writeFileSync(join(project, 'consumer.ts'), CONSUMER(arch));
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck', 'false'];
      run(project, process.execPath, tsc, ...options, 'consumer.ts');
      run(project, process.execPath, 'consumer.js');
      console.log(`ok      ${name} works alone from its tarball`);
    } catch (error) {
      failed++;
      const { stdout = '', stderr = '', message } = /** @type {any} */ (error);
      console.log(`FAILED  ${name}: ${message}\n${stdout}${stderr}`);
    }
  }
} finally {
  rmSync(work, { recursive: true });
}
process.exitCode = failed === 0 ? 0 : 1;
