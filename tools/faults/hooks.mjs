// @ts-check
// Module hooks: one file has other contents.

/** @type {{ url: string, source: string }} */
let other;

/** @param {typeof other} data */
export function initialize(data) {
  other = data;
}

/**
 * @param {string} url
 * @param {object} context
 * @param {(url: string, context: object) => unknown} nextLoad
 */
export function load(url, context, nextLoad) {
  if (url !== other.url) return nextLoad(url, context);
  return { format: 'module', source: other.source, shortCircuit: true };
}
