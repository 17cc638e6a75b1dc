// @ts-check
// Measures the model beside a C baseline of the same algorithm, base pages of every architecture beside x86's, and what
// comes after boot beside base pages, taking turns in one run, and prints ratios of medians.
//   node bench.mjs [--json] [--runs N]
import { parseArgs } from 'node:util';
import { archCases } from './arches.mjs';
import { compileBaseline, startBaseline } from './baseline.mjs';
import { cases, memoryCase } from './cases.mjs';
import { basePages, lifeCases } from './life.mjs';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '31' } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`bench: --runs must be a whole number from 1, not ${values.runs}`);
  process.exit(2);
}
// Short cases need many runs until the compiler has seen enough of them.
const WARM_UP = 10;
const WARM_UP_MS = 500;
/** A round of what comes after boot may take seconds, and needs fewer. */
const LIFE_RUNS = Math.min(runs, 5);

/** @param {number[]} samples */
const median = (samples) => samples.sort((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;

/** @type {{ name: string, ours: number, baseline: number, unit: string, ratio: number }[]} */
const results = [];
/**
 * @param {{ name: string, ours: number, baseline: number, unit: string }} result
 * @param {string} beside what the baseline is
 */
function report(result, beside = 'C') {
  const ratio = result.ours / result.baseline;
  results.push({ ...result, ratio });
  if (values.json) return;
  const { name, ours, baseline, unit } = result;
  console.log(
    `${name.padEnd(68)} ours ${ours.toFixed(2).padStart(9)}  ${beside} ${baseline.toFixed(2).padStart(9)} ${unit.padEnd(18)} ratio ${ratio.toFixed(2)}`,
  );
}

const { program, remove } = compileBaseline();
try {
  for (const make of cases) {
    const { name, baseline, count, run } = make();
    const c = startBaseline(program, baseline);
    const ours = [];
    const theirs = [];
    const warm = performance.now() + WARM_UP_MS;
    for (let i = 0; i < WARM_UP || performance.now() < warm; i++) run();
    for (let i = 0; i < WARM_UP; i++) await c.sample();
    for (let i = 0; i < runs; i++) {
      ours.push(run() / count);
      theirs.push((await c.sample()) / count);
    }
    c.stop();
    report({ name, ours: median(ours), baseline: median(theirs), unit: 'ns per entry' });
  }
  report({ ...memoryCase(), unit: 'bytes per frame' });
  const base = basePages();
  for (const make of lifeCases) {
    const { names, count, unit, run, frame } = make();
    run();
    for (let i = 0; i < WARM_UP; i++) base.run();
    /** @type {number[][]} */
    const own = names.map(() => []);
    /** @type {number[]} */
    const theirs = [];
    for (let i = 0; i < LIFE_RUNS; i++) {
      for (const [part, took] of run().entries()) own[part]?.push(took / count);
      theirs.push(base.run() / base.count);
    }
    const baseline = median(theirs);
    for (const [part, name] of names.entries()) report({ name, ours: median(own[part] ?? []), baseline, unit }, 'base');
    report({ name: `memory/${names[0]}`, ours: frame(), baseline: 1, unit: 'bytes per byte' }, 'tables');
  }
  for (const { name, ours, x86 } of await archCases()) {
    /** @type {number[]} */
    const own = [];
    /** @type {number[]} */
    const theirs = [];
    const warm = performance.now() + WARM_UP_MS;
    for (let i = 0; i < WARM_UP || performance.now() < warm; i++) {
      ours.run();
      x86.run();
    }
    for (let i = 0; i < runs; i++) {
      own.push(ours.run() / ours.count);
      theirs.push(x86.run() / x86.count);
    }
    report({ name: `base/${name}`, ours: median(own), baseline: median(theirs), unit: 'ns per entry' }, 'x86');
  }
} finally {
  remove();
}
if (values.json) console.log(JSON.stringify({ results }, null, 2));
