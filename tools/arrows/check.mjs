/**
 * `node tools/arrows/check.mjs`: fails when an import runs the wrong way, when a rule does not catch the import that it is
 * there for, or when the drawing in docs/architecture.md is not that of the rules. `--write` draws it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { violations } from './cruise.mjs';
import { drawn } from './drawing.mjs';
import { forbidden, WRONG } from './rules.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const path = join(root, 'docs/architecture.md');
const page = readFileSync(path, 'utf8');
if (process.argv.includes('--write')) writeFileSync(path, drawn(page));

const problems = [];

/** The rules that a tree of the given files breaks. */
async function broken(files) {
  const tree = mkdtempSync(join(tmpdir(), 'arrows-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(tree, 'packages', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${text}\n`);
    }
    const { found } = await violations(tree);
    return [...new Set(found.map(({ rule }) => rule))];
  } finally {
    rmSync(tree, { recursive: true });
  }
}

for (const { name } of forbidden) {
  const files = WRONG[name];
  const rules = files === undefined ? [] : await broken(files);
  if (rules.join() !== name)
    problems.push(`the wrong import of ${name} is caught by: ${rules.join(', ') || 'nothing'}`);
}

const { modules, found } = await violations(root);
const comments = new Map(forbidden.map(({ name, comment }) => [name, comment]));
for (const { rule, from, to } of found) problems.push(`${from} imports ${to}\n  ${rule}: ${comments.get(rule)}`);

if (!process.argv.includes('--write') && drawn(page) !== page) {
  problems.push('docs/architecture.md is not up to date; run node tools/arrows/check.mjs --write');
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${modules} files, ${forbidden.length} rules, no import runs the wrong way`);
