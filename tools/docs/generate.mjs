// @ts-check
// Writes what in docs/ follows from the code; with --check only says whether it is up to date.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { api } from './api.mjs';
import { conformance } from './conformance.mjs';
import { contract } from './contract.mjs';
import { formats } from './formats.mjs';

const docs = new URL('../../docs/', import.meta.url);
const check = process.argv.includes('--check');
const pages = new URL('api/', docs);
try {
  mkdirSync(pages, { recursive: true });
  const reference = [...(await api())].map(([name, text]) => [`api/${name}`, text]);
  for (const name of readdirSync(pages).map((name) => `api/${name}`)) {
    if (reference.some(([page]) => page === name)) continue;
    if (check) throw new Error(`docs/${name} is no longer written; run \`npm run docs\` and commit it`);
    rmSync(new URL(name, docs));
  }
  for (const [name, text] of [
    ['contract.md', contract()],
    ['formats.md', await formats()],
    ['conformance.md', conformance()],
    ...reference,
  ]) {
    const file = new URL(String(name), docs);
    if (!check) writeFileSync(file, String(text));
    else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
      throw new Error(`docs/${name} is not what the code says; run \`npm run docs\` and commit it`);
    }
  }
} catch (error) {
  console.error(`docs: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
