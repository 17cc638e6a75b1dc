// @ts-check

/** What the person who started the lab can do something about: one sentence, without a stack. */
export class LabError extends Error {
  /** @param {string} message without the name of the tool */
  constructor(message) {
    super(message);
    this.name = 'LabError';
  }
}
