// @ts-check
/**
 * @typedef {object} Score in percent of all mutants
 * @property {number} mutants how many there are
 * @property {number} clauses found by the kit's clauses, random machines and lives
 * @property {number} kit by these or by captures
 * @property {number} all by any test
 */

/**
 * @param {readonly import('./hunt.mjs').Verdict[]} verdicts
 * @returns {Score}
 */
export function scoreOf(verdicts) {
  const share = (/** @type {string[]} */ ...fates) =>
    (100 * verdicts.filter(({ fate }) => fates.includes(fate)).length) / verdicts.length;
  return {
    mutants: verdicts.length,
    clauses: share('clauses'),
    kit: share('clauses', 'captures'),
    all: share('clauses', 'captures', 'tests'),
  };
}

/**
 * @param {string} name
 * @param {readonly import('./hunt.mjs').Verdict[]} verdicts
 */
export function scoreText(name, verdicts) {
  const { mutants, clauses, kit, all } = scoreOf(verdicts);
  const [a, b, c] = [clauses, kit, all].map((share) => `${share.toFixed(1)} %`);
  return `${name}: ${mutants} mutants; clauses ${a}, the kit ${b}, all tests ${c}`;
}
