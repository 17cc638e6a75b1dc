import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { Refusal } from './refusal.ts';

const SUFFIX = '.template';

/**
 * The files of a folder of templates, filled in: `<%- key %>` in a text and `__key__` in a path stand for a value. These
 * are marks of EJS, with which the generator inside the monorepo fills in the same files.
 * @returns texts by path, with `/` between folders
 * @throws Refusal when a template has a mark without a value
 */
export function filledIn(folder: string, values: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const value = (key: string, where: string): string => {
    const text = values[key];
    if (text === undefined) throw new Refusal(`${where} has no value for ${key}: install this package again`);
    return text;
  };
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(SUFFIX)) continue;
    const template = join(entry.parentPath, entry.name);
    const path = relative(folder, template)
      .slice(0, -SUFFIX.length)
      .split(sep)
      .join('/')
      .replace(/__([a-zA-Z]+)__/g, (_, key: string) => value(key, template));
    const text = readFileSync(template, 'utf8').replace(/<%- ([a-zA-Z]+) %>/g, (_, key: string) =>
      value(key, template),
    );
    files.set(path, text);
  }
  return files;
}
