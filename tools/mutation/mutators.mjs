// @ts-check
// What Stryker leaves alone and a page table entry is made of: numbers and bits. Its list of mutators is not among its
// exports, so it is reached by path; the version is pinned.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const home = join(dirname(require.resolve('@stryker-mutator/instrumenter/package.json')), 'dist/src');

/** @type {Record<string, string>} */
const BITS = { '&': '|', '|': '&', '^': '|', '<<': '>>', '>>': '<<', '>>>': '<<' };

const bitwiseOperator = {
  name: 'BitwiseOperator',
  /** @param {any} path */
  *mutate({ node }) {
    if (node.type === 'BinaryExpression' && node.operator in BITS) yield { ...node, operator: BITS[node.operator] };
  },
};

// One more, which is another bit, shift, level, count or offset.
const numberLiteral = {
  name: 'NumberLiteral',
  /** @param {any} path */
  *mutate({ node, parent }) {
    // A name, not a value: { 0x10: … }.
    if (parent.type === 'ObjectProperty' && parent.key === node && !parent.computed) return;
    if (isSign(node, parent)) return;
    if (node.type === 'NumericLiteral') yield { type: 'NumericLiteral', value: node.value + 1 };
    if (node.type === 'BigIntLiteral') yield { type: 'BigIntLiteral', value: String(BigInt(node.value) + 1n) };
  },
};

/**
 * What stands for a kind of answer and not for a number: -1, what is compared with it by sign (another mutator turns the
 * comparison), and the radix of a text.
 * @param {any} node
 * @param {any} parent
 */
function isSign(node, parent) {
  if (parent.type === 'UnaryExpression') return node.value === 1;
  if (parent.type === 'BinaryExpression') return node.value === 0 && ['<', '>='].includes(parent.operator);
  return parent.type === 'CallExpression' && parent.callee.property?.name === 'toString';
}

/**
 * A list of texts, such as the source and the condition that a warning names, which are for people; and one that is empty,
 * which Stryker fills with a text that no type checker lets pass.
 * @param {any} node
 */
const isTexts = ({ elements }) =>
  elements?.every((/** @type {any} */ one) => one?.type === 'TemplateLiteral' || one?.type === 'StringLiteral');

/** Adds them to Stryker's. */
export async function addMutators() {
  const { allMutators } = await import(pathToFileURL(join(home, 'mutators/mutate.js')).href);
  if (allMutators.includes(numberLiteral)) return;
  const lists = allMutators.find((/** @type {any} */ { name }) => name === 'ArrayDeclaration');
  const { mutate } = lists;
  lists.mutate = (/** @type {any} */ path) => (isTexts(path.node) ? [] : mutate(path));
  allMutators.push(bitwiseOperator, numberLiteral);
}
