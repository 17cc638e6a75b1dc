// @ts-check
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * @typedef {{ name: string, signature: string, text: string }} Member
 * @typedef {{ name: string, heading: string, text: string, members: Member[] }} Interface
 */

/**
 * Reads exported interfaces of a file with the comments of their members.
 * @param {string} file
 * @param {string[]} names
 * @returns {Interface[]}
 */
export function readInterfaces(file, names) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  return names.map((name) => {
    const node = source.statements.find((s) => ts.isInterfaceDeclaration(s) && s.name.text === name);
    if (node === undefined || !ts.isInterfaceDeclaration(node))
      throw new Error(`docs: ${file} has no interface ${name}`);
    const parameters = node.typeParameters?.map((p) => p.name.text).join(', ');
    return {
      name,
      heading: parameters === undefined ? name : `${name}<${parameters}>`,
      text: comment(node, source),
      members: node.members.map((member) => ({
        name: member.name?.getText(source) ?? '(call)',
        signature: member
          .getText(source)
          .replace(/^readonly /, '')
          .replace(/;$/, '')
          .replaceAll(/\s+/g, ' ')
          .replace(/\( /, '(')
          .replace(/, \)/, ')'),
        text: comment(member, source),
      })),
    };
  });
}

/**
 * A doc comment as Markdown: links become code, tags become lines.
 * @param {ts.Node} node
 * @param {ts.SourceFile} source
 */
function comment(node, source) {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const doc = docs.at(-1);
  if (doc === undefined) return '';
  const lines = doc
    .getText(source)
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .trim();
  return lines
    .replaceAll(/\{@link ([^}]+)\}/g, '`$1`')
    .replaceAll(/^@param (\w+) /gm, '  \n*$1*: ')
    .replaceAll(/^@returns /gm, '  \nReturns ')
    .replaceAll(/^@throws (\w+) ?/gm, '  \nThrows $1 ')
    .replace(/^\s+/, '')
    .split('\n')
    .map((line) => (line.trim() === '' ? line.replace(/^ +$/, '') : line))
    .join('\n')
    .replaceAll(/\n+\*(\w+)\*:/g, '  \n*$1*:')
    .replaceAll(/\n+(Returns|Throws) /g, '  \n$1 ');
}
