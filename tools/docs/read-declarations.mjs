// @ts-check
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * @typedef {{ name: string, signature: string, text: string }} Member
 * @typedef {{ name: string, heading: string, text: string, members: Member[] }} Declaration
 */

/**
 * Reads exported interfaces, classes and functions of a file, with the comments of their public members.
 * @param {string} file
 * @param {string[]} names
 * @returns {Declaration[]}
 */
export function readDeclarations(file, names) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  return names.map((name) => {
    const node = source.statements.find((s) => declares(s) && s.name?.text === name);
    if (node === undefined || !declares(node)) throw new Error(`docs: ${file} declares no ${name}`);
    const text = comment(node, source);
    if (ts.isFunctionDeclaration(node)) return { name, heading: `${signature(node, source)}`, text, members: [] };
    const parameters = node.typeParameters?.map((p) => p.name.text).join(', ');
    return {
      name,
      heading: parameters === undefined ? name : `${name}<${parameters}>`,
      text,
      members: [...node.members].filter(isPublic).map((member) => ({
        name: member.name?.getText(source) ?? '(call)',
        signature: signature(member, source),
        text: comment(member, source),
      })),
    };
  });
}

/**
 * @param {ts.Statement} s
 * @returns {s is ts.InterfaceDeclaration | ts.ClassDeclaration | ts.FunctionDeclaration}
 */
function declares(s) {
  return ts.isInterfaceDeclaration(s) || ts.isClassDeclaration(s) || ts.isFunctionDeclaration(s);
}

/**
 * Not what is private, nor how the class is made inside.
 * @param {ts.TypeElement | ts.ClassElement} member
 */
function isPublic(member) {
  return member.name === undefined ? !ts.isConstructorDeclaration(member) : !ts.isPrivateIdentifier(member.name);
}

/**
 * A declaration without its body.
 * @param {ts.Node} node
 * @param {ts.SourceFile} source
 */
function signature(node, source) {
  const body =
    ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isGetAccessor(node) ? node.body : undefined;
  const text = source.text.slice(node.getStart(source), body?.getStart(source) ?? node.getEnd());
  return text
    .replace(/^export function /, '')
    .replace(/^readonly /, '')
    .replace(/;$/, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('( ', '(')
    .replaceAll(', )', ')')
    .trim();
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
