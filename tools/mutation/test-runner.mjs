// @ts-check
// Stands in for vitest where thousands of mutants are run in one process: the same describe, it and expect, and a list
// of tests instead of a report.
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend, setState } from '@vitest/expect';

/** @typedef {{ name: string, body: () => unknown }} Test */

/** @type {Test[]} */
let collected = [];
/** @type {string[]} */
const path = [];
/** What goes before each test, by group; the outermost first. @type {(() => unknown)[][]} */
const before = [[]];

/** @returns {Test[]} what was collected since the last call */
export function takeTests() {
  const tests = collected;
  collected = [];
  before[0] = [];
  return tests;
}

/**
 * @param {string} name
 * @param {() => unknown} body
 */
export function describe(name, body) {
  path.push(name);
  before.push([]);
  try {
    body();
  } finally {
    before.pop();
    path.pop();
  }
}

/**
 * @param {string} name
 * @param {() => unknown} body
 */
export function it(name, body) {
  const first = before.flat();
  const whole = async () => {
    for (const each of first) await each();
    await body();
  };
  collected.push({ name: [...path, name].join(' > '), body: first.length === 0 ? body : whole });
}

/** @param {() => unknown} body before each test that comes after, in the group */
export function beforeEach(body) {
  before.at(-1)?.push(body);
}

export const test = it;

// A row is spread over the arguments when it is a list; $name and %s are left as they are, with the row's number.
for (const declare of [describe, it]) {
  Object.assign(declare, {
    /** @param {readonly unknown[]} rows */
    each: (rows) => (/** @type {string} */ name, /** @type {(...row: any[]) => unknown} */ body) => {
      for (const [index, row] of rows.entries()) {
        declare(`${name} #${index}`, () => (Array.isArray(row) ? body(...row) : body(row)));
      }
    },
  });
}

/** Only used to clean up, which the end of the process does. */
export function afterAll() {}

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const { expect } = chai;
setState({}, /** @type {any} */ (expect));
