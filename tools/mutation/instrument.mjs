// @ts-check
// Sources with every mutant in them, each asleep until its number is called.
import { Instrumenter } from '@stryker-mutator/instrumenter';
import ts from 'typescript';
import { addMutators } from './mutators.mjs';

/** Texts of errors and warnings are free to improve: a changed one is no fault. */
const EXCLUDED = ['StringLiteral', 'Regex'];

/** A function that only makes such a text, for an event or a trace. */
const MAKES_TEXT = /^\([^)]*\)(: string)? => [`'[]/;

const quiet = () => {};
const logger = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  fatal: quiet,
};

/**
 * @typedef {object} Mutant
 * @property {string} id
 * @property {string} file as given
 * @property {number} line from 1
 * @property {number} column from 1
 * @property {string} mutator
 * @property {string} original
 * @property {string} replacement
 */

/**
 * @param {readonly { name: string, content: string }[]} sources TypeScript
 * @returns {Promise<{ files: { name: string, content: string }[], mutants: Mutant[] }>} JavaScript
 */
export async function instrument(sources) {
  await addMutators();
  const { files, mutants } = await new Instrumenter(logger).instrument(
    sources.map((source) => ({ ...source, mutate: true })),
    { plugins: [], excludedMutations: EXCLUDED, ignorers: [] },
  );
  const texts = new Map(sources.map(({ name, content }) => [name, textsOf(content)]));
  const lines = new Map(sources.map(({ name, content }) => [name, content.split('\n')]));
  return {
    // Counting what is covered is wanted once; it must cost nothing in the thousands of runs after that.
    files: files.map(({ name, content }) => ({
      name,
      content: transpile(content.replace('var c = cov.static;', 'if (!ns.counting) return; var c = cov.static;')),
    })),
    // One that is not wanted is listed all the same, as ignored.
    mutants: mutants
      .filter(({ status }) => status === undefined)
      .filter(({ fileName, location }) => !texts.get(fileName)?.some((text) => isIn(text, location)))
      .map(({ id, fileName, location, mutatorName, replacement }) => ({
        id,
        file: fileName,
        line: location.start.line + 1,
        column: location.start.column + 1,
        mutator: mutatorName,
        original: textAt(/** @type {string[]} */ (lines.get(fileName)), location),
        replacement,
      }))
      .filter(({ mutator, original }) => !(mutator === 'ArrowFunction' && MAKES_TEXT.test(original))),
  };
}

/** @typedef {{ line: number, column: number }} Position from 0 */

/**
 * Where templates stand: what they have in them is text, too.
 * @param {string} content
 */
function textsOf(content) {
  const source = ts.createSourceFile('source.ts', content, ts.ScriptTarget.ES2022);
  /** @type {{ start: Position, end: Position }[]} */
  const found = [];
  const at = (/** @type {number} */ offset) => {
    const { line, character } = source.getLineAndCharacterOfPosition(offset);
    return { line, column: character };
  };
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isTemplateExpression(node)) found.push({ start: at(node.getStart(source)), end: at(node.getEnd()) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/**
 * @param {{ start: Position, end: Position }} outer
 * @param {{ start: Position, end: Position }} inner
 */
function isIn(outer, inner) {
  const compare = (/** @type {Position} */ a, /** @type {Position} */ b) => a.line - b.line || a.column - b.column;
  return compare(outer.start, inner.start) < 0 && compare(inner.end, outer.end) < 0;
}

/**
 * @param {readonly string[]} lines
 * @param {{ start: { line: number, column: number }, end: { line: number, column: number } }} location from 0
 */
function textAt(lines, { start, end }) {
  const part = lines.slice(start.line, end.line + 1);
  part[part.length - 1] = /** @type {string} */ (part.at(-1)).slice(0, end.column);
  part[0] = /** @type {string} */ (part[0]).slice(start.column);
  return part.join('\n');
}

/**
 * TypeScript to what Node 20 runs.
 * @param {string} content
 */
export function transpile(content) {
  const { outputText } = ts.transpileModule(content, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return outputText;
}
