// @ts-check
// How much the tests notice: `npm run mutation [-- core x86 …]`. Every mutant of a package runs against the tests that reach
// it, the kit's first; then docs/mutation.md is written, with each survivor and why it may live.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hunt } from './hunt.mjs';
import { instrument } from './instrument.mjs';
import { writeReport } from './report.mjs';
import { addTests, makeSandbox, replaceSources } from './sandbox.mjs';
import { scoreText } from './score.mjs';
import { root, targets } from './targets.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string' },
    file: { type: 'string' },
    out: { type: 'string' },
    'kit-only': { type: 'boolean' },
    again: { type: 'boolean' },
    budget: { type: 'string', default: '1200' },
    part: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(`npm run mutation [-- <package>…] [options]

  <package>      core or a plugin, by its folder's name; default: all, which takes hours
  --jobs <n>     processes; default: one for each CPU
  --file <re>    only mutants of files whose names match
  --part <k/n>   only every n-th mutant, from the k-th on; default 1/16 for core, 1/1 for plugins
  --kit-only     only the kit's tests
  --again        only mutants that the kit did not find last time; what is known of the others is kept
  --budget <ms>  of tests of each kind that a mutant is given after the first few; default 1200
  --out <dir>    where results go; default tools/mutation/.results
`);
  process.exit();
}
/** Tests that are the kit mounted: its clauses with random machines and their lives, and its captures and known entries. All others are `tests`. */
const KIT = /** @type {const} */ ([
  ['clauses', /\/(conformance|random-machines|random-lives)\.test\.js$/],
  ['captures', /\/(captures|kernel-entries)\.test\.js$/],
]);
/** @param {string} file */
const kindOf = (file) => KIT.find(([, name]) => name.test(file))?.[0] ?? 'tests';

/** What a mutant is, whatever its number. @param {import('./instrument.mjs').Mutant} mutant */
const keyOf = ({ file, line, column, mutator, original, replacement }) =>
  [file, line, column, mutator, original, replacement].join('\0');

const results = values.out ?? fileURLToPath(new URL('.results/', import.meta.url));
mkdirSync(results, { recursive: true });
const jobs = Number(values.jobs ?? availableParallelism());

for (const { name, files, tests, every: nth } of targets()) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const wanted = files.filter((file) => values.file === undefined || new RegExp(values.file).test(file));
  const sources = wanted.map((file) => ({
    name: file,
    content: readFileSync(join(root, 'packages', name, 'src', file), 'utf8'),
  }));
  const { files: mutated, mutants: every } = await instrument(sources);
  const [first = 1, step = 1] = values.part?.split('/').map(Number) ?? [1, nth];
  const result = join(results, `${name}.json`);
  /** @type {Map<string, import('./hunt.mjs').Verdict>} */
  const known = new Map();
  if (values.again) {
    const last = /** @type {import('./hunt.mjs').Verdict[]} */ (JSON.parse(readFileSync(result, 'utf8')));
    for (const verdict of last)
      if (verdict.fate === 'clauses' || verdict.fate === 'captures') known.set(keyOf(verdict.mutant), verdict);
  }
  const mutants = every.filter((mutant, at) => at % step === first - 1 && !known.has(keyOf(mutant)));
  const folder = makeSandbox(name);
  replaceSources(folder, name, mutated);
  const setup = {
    runner: join(folder, 'node_modules/vitest/index.js'),
    packages: [join(folder, 'packages', name, 'dist/index.js')],
    files: tests
      .flatMap((owner) => addTests(folder, owner))
      .map((file) => ({ file, kind: kindOf(file) }))
      .filter(({ kind }) => kind !== 'tests' || !values['kit-only']),
  };
  const start = performance.now();
  let last = 0;
  const hunted = await hunt(setup, mutants, {
    jobs,
    budget: Number(values.budget),
    progress: (done, total) => {
      if (performance.now() - last < 10_000 && done < total) return;
      last = performance.now();
      console.error(`${name}: ${done} of ${total} mutants, ${((last - start) / 1000).toFixed(0)} s`);
    },
  });
  const news = new Map(hunted.map((verdict) => [keyOf(verdict.mutant), verdict]));
  const verdicts = every.flatMap((mutant) => news.get(keyOf(mutant)) ?? known.get(keyOf(mutant)) ?? []);
  writeFileSync(result, `${JSON.stringify(verdicts, null, 1)}\n`);
  console.log(scoreText(name, verdicts));
}

// A part says little of the whole.
if (positionals.length === 0 && values.file === undefined && values.part === undefined && !values['kit-only']) {
  const short = writeReport(results);
  for (const sentence of short) console.error(`mutation: ${sentence}`);
  if (short.length > 0) process.exitCode = 1;
}
