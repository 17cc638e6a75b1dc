// @ts-check
// Runs every mutant of a target against the tests that reach it: the kit's clauses first, then its captures, then all others.
import { startWorker } from './pool.mjs';

/**
 * @typedef {import('./instrument.mjs').Mutant} Mutant
 * @typedef {object} Verdict
 * @property {Mutant} mutant
 * @property {'clauses' | 'captures' | 'tests' | 'survived' | 'unreached'} fate who found it
 * @property {string} [by] name of the test
 * @property {string} [how] its message
 */

/** The kinds of tests, in the order in which they are asked. */
const KINDS = /** @type {const} */ (['clauses', 'captures', 'tests']);
/** Of the same test in many configurations, so many are tried first. */
const SAMPLE = 3;
/** A test that takes longer than this many milliseconds is tried in one configuration first. */
const LONG = 200;

/** A mutant that is passed so many times more often than the code itself loops without end. */
const LOOP = 100;

/**
 * @param {object} setup what worker.mjs takes
 * @param {readonly Mutant[]} mutants
 * @param {object} options
 * @param {number} options.jobs processes
 * @param {number} options.budget milliseconds of tests of each kind that a mutant is given after the first few
 * @param {(done: number, total: number) => void} options.progress
 * @returns {Promise<Verdict[]>} in the order of the mutants
 */
export async function hunt(setup, mutants, { jobs, budget, progress }) {
  const surveyor = await startWorker(setup);
  const { tests, coverage, gone } = await surveyor.survey();
  surveyor.stop();
  if (gone) throw new Error(`mutation: the tests without any mutant: ${gone}`);
  const broken = tests.find((/** @type {any} */ { error }) => error);
  if (broken) throw new Error(`mutation: ${broken.name} fails without any mutant: ${broken.error}`);

  const loaded = coverage['@load'] ?? {};
  const collected = coverage['@collect'] ?? {};
  /** @type {number[]} by test: what it has found so far */
  const found = tests.map(() => 0);
  // What found much and takes little comes first.
  const value = (/** @type {number} */ index) => (found[index] + 0.1) / (tests[index].milliseconds + 1);
  const order = (/** @type {number[]} */ list) => list.sort((a, b) => value(b) - value(a));

  // The rule is written once and holds in every configuration: a few of them first, then as many as the budget has.
  const choose = (/** @type {number[]} */ list) => {
    const groups = groupBy(list, (index) => groupOf(tests[index].name));
    const few = order(
      [...groups.values()].flatMap((group) =>
        sample(group, Math.max(...group.map((index) => tests[index].milliseconds)) > LONG ? 1 : SAMPLE),
      ),
    );
    const chosen = new Set(few);
    let left = budget;
    const more = order(list.filter((index) => !chosen.has(index))).filter((index) => {
      left -= tests[index].milliseconds;
      return left > 0;
    });
    return [...few, ...more];
  };

  /** @type {Verdict[]} */
  const verdicts = new Array(mutants.length);
  let next = 0;
  let done = 0;
  await Promise.all(Array.from({ length: jobs }, lane));
  return verdicts;

  async function lane() {
    /** @type {Awaited<ReturnType<typeof startWorker>> | undefined} */
    let shared;
    /** @type {string | undefined} the mutant that was awake when it was loaded */
    let awake;
    for (let at = next++; at < mutants.length; at = next++) {
      const mutant = /** @type {Mutant} */ (mutants[at]);
      const early = mutant.id in loaded;
      const collect = mutant.id in collected;
      const reach = tests
        .map((/** @type {any} */ { index }) => index)
        .filter((/** @type {number} */ index) => early || collect || mutant.id in (coverage[index] ?? {}));
      const hits = tests.reduce(
        (/** @type {number} */ sum, /** @type {any} */ { index }) => sum + (coverage[index]?.[mutant.id] ?? 0),
        (loaded[mutant.id] ?? 0) + (collected[mutant.id] ?? 0),
      );
      /** @type {Omit<Verdict, 'mutant'>} */
      let verdict = { fate: reach.length === 0 ? 'unreached' : 'survived' };
      for (const kind of KINDS) {
        const wanted = choose(reach.filter((/** @type {number} */ index) => tests[index].kind === kind));
        if (wanted.length === 0) continue;
        // A mutant of what is done when a package is loaded has a process of its own.
        const own = early && awake !== mutant.id;
        if (own || shared === undefined || shared.worn) {
          shared?.stop();
          shared = await startWorker(setup, early ? mutant.id : undefined);
          awake = early ? mutant.id : undefined;
          const { loaded: count, how, gone: lost } = await shared.load();
          if (count !== tests.length) {
            if (!early) throw new Error(`mutation: the tests do not load: ${how ?? lost ?? count}`);
            verdict = { fate: 'clauses', by: 'loading the package', how: how ?? lost ?? `${count} tests` };
            break;
          }
        }
        const expected = wanted.reduce(
          (/** @type {number} */ sum, /** @type {number} */ index) => sum + tests[index].milliseconds,
          0,
        );
        const job = { mutant: mutant.id, tests: wanted, hitLimit: LOOP * hits + 1000, collect: collect && !early };
        const answer = await shared.run(job, 10 * expected + 15_000);
        if (answer.gone) verdict = { fate: kind, by: 'time and memory', how: answer.gone };
        else if (answer.killer !== undefined) {
          found[answer.killer]++;
          verdict = { fate: kind, by: tests[answer.killer].name, how: answer.how };
        }
        if (answer.gone || answer.clean === false) {
          shared.stop();
          shared = undefined;
        }
        if (verdict.fate !== 'survived') break;
      }
      if (early) {
        shared?.stop();
        shared = undefined;
      }
      verdicts[at] = { mutant, ...verdict };
      progress(++done, mutants.length);
    }
    shared?.stop();
  }
}

/**
 * The test without the configuration it runs in.
 * @param {string} name
 */
function groupOf(name) {
  return /\[[A-Z]+-\d+\]/.exec(name)?.[0] ?? name.replaceAll(/\S+=\S+|#\d+/g, '');
}

/**
 * The first, the last, and what lies evenly between.
 * @param {number[]} list
 * @param {number} count
 */
function sample(list, count) {
  if (list.length <= count) return list;
  const step = (list.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, n) => /** @type {number} */ (list[Math.round(n * step)]));
}

/**
 * @param {number[]} list
 * @param {(index: number) => string} key
 */
function groupBy(list, key) {
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  for (const index of list) groups.set(key(index), [...(groups.get(key(index)) ?? []), index]);
  return groups;
}
