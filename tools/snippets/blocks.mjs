// @ts-check
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Block
 * @property {string} file of the document, from the root
 * @property {number} line of its first line of code
 * @property {string} language after the fence, in lower case; empty for none
 * @property {string} info what else stands there
 * @property {string} code
 * @property {string | undefined} directive of the comment right above
 */

/**
 * The fenced code blocks of a document, each with the HTML comment right above it.
 * @param {URL} root
 * @param {string} file
 * @returns {Block[]}
 */
export function blocksOf(root, file) {
  const lines = readFileSync(new URL(file, root), 'utf8').split('\n');
  /** @type {Block[]} */
  const blocks = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent, language, info] = /^( *)```(\S*) *(.*)$/.exec(lines[at] ?? '') ?? [];
    if (indent === undefined) continue;
    const end = lines.findIndex((text, n) => n > at && text.trim() === '```');
    if (end < 0) throw new Error(`${file}:${at + 1}: the code block does not end`);
    const above = lines.slice(0, at).findLast((text) => text.trim() !== '');
    const [, directive] = /^ *<!-- (.*) -->$/.exec(above ?? '') ?? [];
    const code = lines.slice(at + 1, end).map((text) => text.slice(indent.length));
    blocks.push({ file, line: at + 2, language: language ?? '', info: info ?? '', code: code.join('\n'), directive });
    at = end;
  }
  return blocks;
}
