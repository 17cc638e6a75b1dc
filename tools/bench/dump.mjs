// @ts-check
// Measures the audit of a dump beside libkdumpfile, taking turns in one run: every struct page's address translated by both,
// the same physical addresses found. Then what opening and auditing take, and the memory that stays.
//   node dump.mjs [DUMP] [--json] [--runs N]        default: a trimmed dump that ships with the project
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { audit, openKernel } from '@vmemmap/audit';
import { plugins } from '@vmemmap/plugins';
import { writeElfCore } from '@vmemmap/vmcore';
import { openDump } from '@vmemmap/vmcore/node';
import { startBaseline } from './baseline.mjs';

const SHIPPED = fileURLToPath(new URL('../../packages/audit/fixtures/x86-hvo.core.gz', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '15' } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`bench: --runs must be a whole number from 1, not ${values.runs}`);
  process.exit(2);
}
/** @param {readonly number[]} samples */
const median = (samples) => [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;
/** Addresses that are translated at a time. */
const CHUNK = 2 ** 16;
const LANE = 2 ** 32;

/**
 * An ELF core that libkdumpfile opens: with VMCOREINFO as a note, which QEMU leaves out, and init_uts_ns, which trimmed dumps
 * do without since a host's name is in it. Its memory is what an audit reads.
 * @param {string} path
 * @param {readonly import('@vmemmap/core').ArchPlugin[]} known
 */
function withNote(path, known) {
  /** @type {Set<number>} */
  const wanted = new Set();
  const dump = openDump(path, { onPage: (pa) => wanted.add(pa) });
  const kernel = openKernel(dump, known);
  audit(kernel);
  const { pageSize, ranges } = dump.memory;
  const { facts, memory, vmcoreinfo } = kernel;
  const name = memory.translate((facts.symbol('init_uts_ns') ?? 0n) + BigInt(facts.offset('uts_namespace.name') ?? 0));
  const page = name === undefined ? -1 : name - (name % pageSize);
  if (page >= 0) wanted.add(page);
  const uts = new Uint8Array(pageSize);
  // struct new_utsname: sysname, nodename, release, version, machine, 65 letters each.
  const text = ['Linux', 'bench', facts.osrelease, '#1', facts.machine];
  for (const [n, word] of text.entries()) uts.set(new TextEncoder().encode(word), (name ?? 0) - page + 65 * n);
  const parts = [
    ...writeElfCore({
      machine: dump.machine,
      byteOrder: dump.byteOrder,
      notes: [{ name: 'VMCOREINFO', type: 0, desc: new TextEncoder().encode(vmcoreinfo.text) }],
      ranges,
      pageSize,
      pages: [...wanted].filter((pa) => pa === page || dump.memory.has(pa)).sort((a, b) => a - b),
      read: (pa) => (pa === page ? uts : dump.memory.page(pa)),
    }),
  ];
  const all = Buffer.concat(parts);
  dump.close();
  return all;
}

const folder = mkdtempSync(join(tmpdir(), 'vmemmap-bench-'));
try {
  const [file = SHIPPED] = positionals;
  const program = join(folder, 'baseline');
  const source = fileURLToPath(new URL('dump-baseline.c', import.meta.url));
  try {
    execFileSync('gcc', ['-O2', '-o', program, source, '-lkdumpfile', '-laddrxlat'], { stdio: 'inherit' });
  } catch (cause) {
    throw new Error('the benchmark needs gcc and libkdumpfile (Debian: libkdumpfile-dev)', { cause });
  }
  const known = await plugins();
  const begun = performance.now();
  const dump = openDump(file);
  const kernel = openKernel(dump, known);
  const opened = performance.now() - begun;
  const { ops, model, window } = kernel.context;
  const { walker, initMm } = ops;
  if (walker.walkRange === undefined) throw new Error(`${kernel.plugin.arch} translates one address at a time only`);
  // The longest stretch of sections that are there one after the other: holes are libkdumpfile's slow way.
  const perSection = 2 ** (model.sectionSizeBits - model.pageShift);
  let [first, count] = [0, 0];
  for (let n = 0, run = 0; n < kernel.sections.length; n++) {
    run = kernel.sections[n]?.nr === (kernel.sections[n - 1]?.nr ?? -2) + 1 ? run + 1 : 1;
    if (run > count) [first, count] = [(kernel.sections[n]?.nr ?? 0) - run + 1, run];
  }
  const pages = count * perSection;
  const size = model.structPageSize;
  const va = BigInt.asUintN(64, window.base + BigInt(first * perSection * size));
  const start = Number(va - window.start);
  const pas = new Int32Array(2 * CHUNK);
  /** @returns {readonly [number, bigint]} nanoseconds, and the sum of all physical addresses */
  const ours = () => {
    const at = performance.now();
    let [low, high] = [0, 0];
    for (let done = 0; done < pages; done += CHUNK) {
      const part = Math.min(CHUNK, pages - done);
      walker.walkRange?.(initMm.root, start + done * size, size, part, pas);
      for (let n = 0; n < part; n++) {
        low += (pas[2 * n] ?? 0) >>> 0;
        high += pas[2 * n + 1] ?? 0;
      }
    }
    return [(performance.now() - at) * 1e6, BigInt(low) + BigInt(high) * BigInt(LANE)];
  };
  const copy = join(folder, 'dump');
  writeFileSync(copy, withNote(file, known));
  const theirs = startBaseline(program, [
    copy,
    va.toString(16),
    (va + BigInt(pages * size)).toString(16),
    size.toString(16),
  ]);
  /** @type {[number[], number[]]} */
  const samples = [[], []];
  for (let n = 0; n < runs; n++) {
    const [took, sum] = ours();
    const [other, otherSum] = (await theirs.line()).split(' ');
    if (BigInt(otherSum ?? 0) !== sum) throw new Error(`the sums differ: ${sum} here, ${otherSum} there`);
    samples[0].push(took / pages);
    samples[1].push(Number(other) / pages);
  }
  theirs.stop();
  const [own, baseline] = samples.map(median);
  const audits = Array.from({ length: runs }, () => {
    const at = performance.now();
    audit(kernel);
    return performance.now() - at;
  });
  const figures = {
    structPages: pages,
    ours: own,
    libkdumpfile: baseline,
    timesAsFast: (baseline ?? 0) / (own ?? 1),
    openMs: opened,
    firstAuditMs: audits[0],
    auditMs: median(audits),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  dump.close();
  if (values.json) console.log(JSON.stringify(figures, undefined, 2));
  else {
    const ns = (/** @type {number | undefined} */ value) => `${(value ?? 0).toFixed(2)} ns`;
    console.log(`translate ${pages} struct pages: ours ${ns(own)} each, libkdumpfile ${ns(baseline)}`);
    console.log(`  ${figures.timesAsFast.toFixed(1)} times as fast, the same addresses`);
    console.log(
      `open ${opened.toFixed(0)} ms, audit ${figures.auditMs.toFixed(1)} ms (the first ${audits[0]?.toFixed(0)} ms)`,
    );
    console.log(`memory at its peak ${(figures.peakBytes / 2 ** 20).toFixed(0)} MiB`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
