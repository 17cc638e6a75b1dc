// @ts-check
// What a changeset becomes in a CHANGELOG: its text, as it is. Commits are for git, and packages that move to one version
// together need not be told so by name.

module.exports = {
  /** @param {{ summary: string }} changeset */
  async getReleaseLine({ summary }) {
    const [first, ...rest] = summary.trim().split('\n');
    return [`- ${first}`, ...rest.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');
  },
  async getDependencyReleaseLine() {
    return '';
  },
};
