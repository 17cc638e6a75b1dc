// @ts-check
// What every package is asked to do where it is installed: its main job, in as few lines as its user would need. Each is
// TypeScript that is type-checked, and run once its types are gone.

const GIB = 2 ** 30;

/** Boots every configuration that the architecture names, verifies it, and follows a struct page. */
const ARCH = (/** @type {string} */ arch) => `import { boot, type Machine } from '@vmemmap/core';
import { ${arch} } from '@vmemmap/${arch}';

for (const { config } of ${arch}.variants) {
  const machine: Machine = boot({
    arch: ${arch}(config),
    memory: { ranges: [{ node: 0, start: 0, end: ${4 * GIB} }] },
  });
  const { problems, structPages } = machine.verify();
  const { result } = machine.translatePage(0x100);
  if (problems.length > 0 || structPages === 0 || !result.mapped) throw new Error(problems.join('; ') || 'nothing is mapped');
}
`;

/** Core alone has no architecture to boot: releases, memory, and a document that is refused. */
const CORE = `import { findRelease, isVmemmapError, type KernelRelease, Memblock, MemoryMap } from '@vmemmap/core';
import { readScenario } from '@vmemmap/core/capture';

const release: KernelRelease = findRelease('7.2');
if (release.name !== '7.2' || typeof Memblock !== 'function' || typeof MemoryMap !== 'function') throw new Error('not core');
let refused = false;
try {
  readScenario('{ "format": "no scenario" }', 'a document');
} catch (error: unknown) {
  if (!isVmemmapError(error)) throw error;
  refused = true;
}
if (!refused) throw new Error('a document that is no scenario was read');
`;

/** The kit runs on the plugin that comes with it. */
const KIT = `import { type Report, reportText, runConformance } from '@vmemmap/conformance';
import { checkCapture } from '@vmemmap/conformance/captures';
import { mountRandomMachines } from '@vmemmap/conformance/random';
import { reference } from '@vmemmap/conformance/reference';

const report: Report = runConformance(reference);
if (!report.ok || report.results.length < 50) throw new Error(reportText(report));
if (typeof checkCapture !== 'function' || typeof mountRandomMachines !== 'function') throw new Error('the kit is not whole');
`;

/** The command as a function. */
const CLI = `import { type Io, run } from '@vmemmap/cli';

let printed = '';
const output = { write: (text: string) => (printed += text) };
const io: Io = { stdout: output, stderr: output, env: {}, cwd: '.', now: () => 0 };
const code: number = await run(['populate', '--ram', '2G'], io);
if (code !== 0 || !printed.includes('all mapped once')) throw new Error(\`vmemmap populate ended with \${code}\`);
`;

/** A dump of one page, as an ELF core that is made here; and what its VMCOREINFO says. */
const VMCORE = `import { bufferSource, type Dump, openSources, Vmcoreinfo } from '@vmemmap/vmcore';

const file = new Uint8Array(64 + 56 + 4096).fill(0x5a, 120);
const header = new DataView(file.buffer);
file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
const fields: [at: number, value: number][] = [[16, 4], [18, 62], [32, 64], [54, 56], [56, 1], [64, 1], [72, 120], [88, 4096], [96, 4096], [104, 4096]];
for (const [at, value] of fields) header.setUint16(at, value, true);
const dump: Dump = openSources([bufferSource(file)]);
if (dump.machine !== 'x86_64' || dump.memory.page(4096)[9] !== 0x5a) throw new Error('the dump was read wrongly');
const info = new Vmcoreinfo('OSRELEASE=7.2\\nSIZE(page)=64\\n');
if (info.size('page') !== 64) throw new Error('VMCOREINFO was read wrongly');
`;

/** The rules that there are; and a dump that does not say what kernel it is of. */
const AUDIT = `import { type AuditRule, openKernel, rules } from '@vmemmap/audit';
import { isVmemmapError } from '@vmemmap/core';
import { bufferSource, openSources } from '@vmemmap/vmcore';

const rule: AuditRule | undefined = rules.find(({ id }) => id === 'MAP-1');
if (rule?.severity !== 'error') throw new Error('not the rules');
const file = new Uint8Array(64 + 56 + 4096);
const header = new DataView(file.buffer);
file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
const fields: [at: number, value: number][] = [[16, 4], [18, 62], [32, 64], [54, 56], [56, 1], [64, 1], [72, 120], [88, 4096], [96, 4096], [104, 4096]];
for (const [at, value] of fields) header.setUint16(at, value, true);
let refused = false;
try {
  openKernel(openSources([bufferSource(file)]), []);
} catch (error: unknown) {
  if (!isVmemmapError(error)) throw error;
  refused = true;
}
if (!refused) throw new Error('a page of zeros is no kernel');
`;

/** What makes the package of a new plugin, as a function; that it makes one is checked from an empty folder. */
const CREATE = `import { type Output, run } from 'create-vmemmap-arch';

let printed = '';
const output = { write: (text: string) => (printed += text) };
const place: Output = { stdout: output, stderr: output, cwd: '.' };
if (run(['--help'], place) !== 0 || !printed.includes('npm create')) throw new Error(printed);
`;

/**
 * @typedef {object} Job
 * @property {string} source TypeScript
 * @property {{ file: string, args: string[], prints: string }[]} commands files of the package to start
 * @property {'browser' | 'node'} platform where it runs: what runs in browsers runs in Node
 */

/**
 * @param {import('./packages.mjs').Package} found
 * @returns {Job}
 */
export function jobOf({ name, short, isArch }) {
  if (isArch) return { source: ARCH(short), commands: [], platform: 'browser' };
  if (name === '@vmemmap/core') return { source: CORE, commands: [], platform: 'browser' };
  if (name === '@vmemmap/conformance') {
    const command = {
      file: 'bin/vmemmap-conformance.js',
      args: ['@vmemmap/conformance/reference'],
      prints: 'reference: ',
    };
    return { source: KIT, commands: [command], platform: 'browser' };
  }
  if (name === '@vmemmap/cli') {
    const file = 'bin/vmemmap.js';
    const demo = { file, args: ['populate'], prints: 'all mapped once' };
    return { source: CLI, commands: [demo, { file, args: ['arches'], prints: 's390' }], platform: 'node' };
  }
  if (name === '@vmemmap/audit') return { source: AUDIT, commands: [], platform: 'browser' };
  if (name === '@vmemmap/vmcore') return { source: VMCORE, commands: [], platform: 'browser' };
  if (name === 'create-vmemmap-arch') {
    const help = { file: 'bin/create-vmemmap-arch.js', args: ['--help'], prints: 'npm create' };
    return { source: CREATE, commands: [help], platform: 'node' };
  }
  throw new Error(`nobody has said what ${name} is to do where it is installed: say it in tools/release/jobs.mjs`);
}

/** Core and one architecture, leaving on `globalThis` what the machine comes to. */
export const BROWSER_JOB = (/** @type {string} */ arch) => `import { boot } from '@vmemmap/core';
import { ${arch} } from '@vmemmap/${arch}';

const machine = boot({ arch: ${arch}(), memory: { ranges: [{ node: 0, start: 0, end: ${4 * GIB} }] } });
globalThis.answer = JSON.stringify({ ...machine.verify(), mapped: machine.translatePage(0x100).result.mapped });
`;
