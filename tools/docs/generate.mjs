// @ts-check
// Writes what in docs/ follows from the code; with --check only says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { contract } from './contract.mjs';
import { formats } from './formats.mjs';

const docs = new URL('../../docs/', import.meta.url);
const check = process.argv.includes('--check');
try {
  for (const [name, text] of [
    ['contract.md', contract()],
    ['formats.md', await formats()],
  ]) {
    const file = new URL(String(name), docs);
    if (!check) writeFileSync(file, String(text));
    else if (readFileSync(file, 'utf8') !== text) {
      throw new Error(`docs/${name} is not what the code says; run \`npm run docs\` and commit it`);
    }
  }
} catch (error) {
  console.error(`docs: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
