// @ts-check
// The check is a row of steps. Each prints one line; all run that can, so that one failure does not hide the next.

/**
 * @typedef {object} StepResult
 * @property {string} name
 * @property {'ok' | 'FAILED' | 'not run'} outcome
 * @property {number} seconds
 * @property {string} says one line: what was found, or why it failed
 */

export class Steps {
  /** @type {StepResult[]} */
  results = [];

  /** @param {boolean} quiet print nothing: stdout is for the JSON */
  constructor(quiet) {
    this.quiet = quiet;
  }

  /**
   * @template Value
   * @param {string} name
   * @param {() => Promise<{ says: string, value?: Value }>} body
   * @param {readonly unknown[]} [needs] what earlier steps gave; the step does not run when one is missing
   * @returns {Promise<Value | undefined>}
   */
  async step(name, body, needs = []) {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    if (needs.includes(undefined)) {
      this.#add({ name, outcome: 'not run', seconds: 0, says: 'a step before it failed' });
      return undefined;
    }
    try {
      const { says, value } = await body();
      this.#add({ name, outcome: 'ok', seconds: seconds(), says });
      return value;
    } catch (error) {
      this.#add({ name, outcome: 'FAILED', seconds: seconds(), says: /** @type {Error} */ (error).message });
      return undefined;
    }
  }

  /** @returns {boolean} whether every step ran and none failed */
  get ok() {
    return this.results.every(({ outcome }) => outcome === 'ok');
  }

  /** @returns {string} every step with its time, and what all came to */
  table() {
    const rows = this.results.map(
      ({ name, outcome, seconds }) => `${name.padEnd(22)}${outcome.padEnd(8)}${seconds.toFixed(1).padStart(6)} s`,
    );
    const total = this.results.reduce((sum, { seconds }) => sum + seconds, 0);
    const good = this.results.filter(({ outcome }) => outcome === 'ok').length;
    return [...rows, `release: ${good} of ${this.results.length} steps ok, ${total.toFixed(1)} s`].join('\n');
  }

  /** @param {StepResult} result */
  #add(result) {
    this.results.push(result);
    if (this.quiet) return;
    const { name, outcome, seconds, says } = result;
    console.log(`${outcome.padEnd(8)}${name.padEnd(22)}${seconds.toFixed(1).padStart(6)} s  ${says}`);
  }
}
