// @ts-check
// One process with a sandbox's packages in it: runs tests with one mutant awake at a time.
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';

/**
 * @typedef {{ file: string, kind: string }} TestFile
 * @typedef {{ index: number, name: string, kind: string, milliseconds: number, error?: string }} TestInfo
 * @typedef {object} Job
 * @property {string} mutant
 * @property {readonly number[]} tests in the order to try
 * @property {number} hitLimit how often the mutant may be passed before it counts as a loop without end
 * @property {boolean} collect whether tests have to be collected anew, with the mutant awake
 */

const { runner, packages, files } = /** @type {{ runner: string, packages: string[], files: TestFile[] }} */ (
  JSON.parse(/** @type {string} */ (process.argv[2]))
);
/** Where instrumented code looks; Stryker's names. */
const stryker = /** @type {any} */ (globalThis).__stryker__ ?? {};
Object.assign(globalThis, { __stryker__: stryker });
// Whether a mutant is found must not depend on the day.
fc.configureGlobal({ seed: 20_240 });

/** Tests of how captures are compared, which say nothing of who built the machine, and take longest. */
const OF_COMPARISON = / with anything changed is not$/;

const { takeTests } = await import(pathToFileURL(runner).href);
/** @type {{ name: string, kind: string, body: () => unknown }[]} */
let tests = [];
let rounds = 0;

/** @param {Error} error */
const firstLine = (error) => String(error?.message ?? error).split('\n')[0];

// A query makes a module of its own: the file is run again, what it imports is not.
async function collect() {
  const found = [];
  rounds++;
  for (const { file, kind } of files) {
    await import(`${pathToFileURL(file).href}?round=${rounds}`);
    for (const test of takeTests()) if (!OF_COMPARISON.test(test.name)) found.push({ ...test, kind });
  }
  return found;
}

// What is covered, by whom: while packages are loaded, while tests are collected, and by each test.
async function survey() {
  stryker.counting = true;
  stryker.currentTestId = '@load';
  for (const entry of packages) await import(pathToFileURL(entry).href);
  stryker.currentTestId = '@collect';
  tests = await collect();
  /** @type {TestInfo[]} */
  const infos = [];
  for (const [index, { name, kind, body }] of tests.entries()) {
    stryker.currentTestId = String(index);
    const error = await failureOf(body);
    infos.push({ index, name, kind, milliseconds: 0, ...(error === undefined ? {} : { error }) });
  }
  stryker.counting = false;
  stryker.currentTestId = undefined;
  // Counting takes its time: how long a test takes is measured without.
  for (const [index, { body }] of tests.entries()) {
    const start = performance.now();
    await failureOf(body);
    infos[index].milliseconds = performance.now() - start;
  }
  return { tests: infos, coverage: stryker.mutantCoverage?.perTest ?? {} };
}

/** @param {() => unknown} body */
async function failureOf(body) {
  try {
    await body();
    return undefined;
  } catch (error) {
    return firstLine(/** @type {Error} */ (error)) || 'failed';
  }
}

/** @param {Job} job */
async function run({ mutant, tests: wanted, hitLimit, collect: anew }) {
  const asleep = tests;
  Object.assign(stryker, { activeMutant: mutant, hitCount: 0, hitLimit });
  try {
    if (anew) {
      try {
        tests = await collect();
      } catch (error) {
        return { killer: wanted[0], how: firstLine(/** @type {Error} */ (error)) };
      }
      if (tests.length !== asleep.length) return { killer: wanted[0], how: 'other tests' };
    }
    for (const index of wanted) {
      const how = await failureOf(/** @type {any} */ (tests[index]).body);
      if (how !== undefined) return { killer: index, how, clean: await isClean(asleep, index) };
    }
    return {};
  } finally {
    stryker.activeMutant = undefined;
    tests = asleep;
  }
}

// What a mutant left behind in a module must not kill the next one.
/**
 * @param {typeof tests} asleep
 * @param {number} index
 */
async function isClean(asleep, index) {
  stryker.activeMutant = undefined;
  return (await failureOf(/** @type {any} */ (asleep[index]).body)) === undefined;
}

process.on('message', async (/** @type {any} */ message) => {
  try {
    if (message.kind === 'survey') process.send?.({ ...(await survey()) });
    else if (message.kind === 'load') {
      // With a mutant that is awake while packages are loaded.
      Object.assign(stryker, { activeMutant: message.mutant });
      try {
        for (const entry of packages) await import(pathToFileURL(entry).href);
        tests = await collect();
        process.send?.({ loaded: tests.length });
      } catch (error) {
        process.send?.({ loaded: 0, how: firstLine(/** @type {Error} */ (error)) });
      }
    } else process.send?.(await run(message.job));
  } catch (error) {
    process.send?.({ fatal: String(/** @type {Error} */ (error).stack) });
  }
});
