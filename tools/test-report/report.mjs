// @ts-check
// Adds up the vitest reports of all packages and tools and ends with the one line `N passed, N failed`.
// Exit code 1 when a test failed or when a package with tests left no report.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Folders with tests. A package has some; most tools are checks themselves. */
const tested = ['packages', 'tools'].flatMap((group) =>
  readdirSync(join(root, group))
    .filter((name) => existsSync(join(root, group, name, group === 'packages' ? 'package.json' : 'test')))
    .map((name) => ({ name, folder: join(root, group, name) })),
);
let passed = 0;
let failed = 0;
let missing = 0;
for (const { name, folder } of tested) {
  const file = join(folder, 'test-results', `${name}.json`);
  if (!existsSync(file)) {
    console.log(`${name}: no test report`);
    missing++;
    continue;
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  // A file that could not be loaded has no tests of its own to count.
  failed += report.testResults.filter(
    (/** @type {any} */ f) => f.status === 'failed' && f.assertionResults.length === 0,
  ).length;
  console.log(
    `${name}: ${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests} skipped`,
  );
}
failed += missing;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
