// @ts-check
// docs/mutation.md from the results: the scores, and every survivor with the reason that it may live.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonFor } from './reasons.mjs';
import { scoreOf } from './score.mjs';
import { root, targets } from './targets.mjs';

/** Percent of the mutants that have to be found: by all tests, and by the kit in a plugin. */
const GOAL = { all: 90, kit: 75 };

/** @typedef {import('./hunt.mjs').Verdict} Verdict */

/**
 * @param {string} folder with a file of results for each package
 * @returns {string[]} what falls short, a sentence each
 */
export function writeReport(folder) {
  /** @type {string[]} */
  const short = [];
  const rows = [];
  const survivors = [];
  for (const { name, every } of targets()) {
    /** @type {Verdict[]} */
    const verdicts = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const { mutants, clauses, kit, all } = scoreOf(verdicts);
    const what = every === 1 ? name : `${name}, every ${every}th`;
    rows.push(`| ${what} | ${mutants} | ${[clauses, kit, all].map((share) => `${share.toFixed(1)} %`).join(' | ')} |`);
    if (all < GOAL.all) short.push(`${name}: all tests find ${all.toFixed(1)} %, less than ${GOAL.all} %`);
    if (name !== 'core' && kit < GOAL.kit)
      short.push(`${name}: the kit finds ${kit.toFixed(1)} %, less than ${GOAL.kit} %`);
    survivors.push(`\n### ${name}\n`, ...survivorsOf(name, verdicts, short));
  }
  writeFileSync(join(root, 'docs/mutation.md'), `${[...HEAD, ...rows, ...TAIL, ...survivors].join('\n').trimEnd()}\n`);
  return short;
}

/**
 * @param {string} name
 * @param {Verdict[]} verdicts
 * @param {string[]} short
 */
function survivorsOf(name, verdicts, short) {
  /** @type {Map<string, string[]>} reasons, and the places they are for */
  const byReason = new Map();
  for (const { mutant, fate } of verdicts) {
    if (fate !== 'survived' && fate !== 'unreached') continue;
    const { file, line, original, replacement } = mutant;
    const text = readFileSync(join(root, 'packages', name, 'src', file), 'utf8').split('\n')[line - 1] ?? '';
    const why = reasonFor({ package: name, file, text: text.trim(), original, replacement });
    if (why === undefined)
      short.push(`${name}/src/${file}:${line}: nobody says why ${flat(original)} may become ${flat(replacement)}`);
    const place = `- \`${file}:${line}\`: \`${flat(original)}\` → \`${flat(replacement)}\``;
    const key = why ?? 'Not explained';
    byReason.set(key, [...(byReason.get(key) ?? []), place]);
  }
  if (byReason.size === 0) return ['None.'];
  return [...byReason]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([why, places]) => [`${why}:\n`, ...places, '']);
}

/** @param {string} code */
function flat(code) {
  const line = code.replaceAll(/\s+/g, ' ').replaceAll('`', "'");
  return line.length > 90 ? `${line.slice(0, 88)}…` : line;
}

const HEAD = `# How much the tests notice

<!-- Written by \`npm run mutation\`; do not edit. -->

A mutant is the code with one small change: a bit moved, a condition turned round, a call left out. Each runs against the
tests that reach it; one that none of them minds is a survivor. Mutated is what populates, frees, encodes and accounts: the
engine of core, and every plugin but its options, sizes, names of bits and walker. Texts for people are left alone.

- *clauses*: found by the clauses of the kit, its random machines and their lives
- *the kit*: by these, or by the captures and the known entries of real kernels that it compares
- *all tests*: by these, or by any other test of the package (for core, of core, x86, riscv and sparc)

A clause is tried in a few of a plugin's configurations first, and then in as many as a second or two of time allow. Of core
as many mutants are tried as the table says: all of them take hours.

| package | mutants | clauses | the kit | all tests |
| --- | --- | --- | --- | --- |`.split('\n');

const TAIL = `
Wanted: ${GOAL.all} % by all tests, and ${GOAL.kit} % by the kit in every plugin.

## Survivors`.split('\n');
