// @ts-check
// npm run lab -- ARCH: boots a real kernel in QEMU, dumps its memory, and has it audited.
import { LabError } from './lab-error.mjs';
import { optionsOf } from './options.mjs';
import { runLab } from './run.mjs';

/** @param {readonly string[]} argv */
async function main(argv) {
  const options = await optionsOf(argv);
  if ('text' in options) {
    console.log(options.text);
    return 0;
  }
  const { out, collected, handed } = await runLab(options, (text) => console.error(`lab: ${text}`));
  if (options.json) console.log(JSON.stringify({ ...collected, handed }, undefined, 1));
  else for (const line of report(handed)) console.log(line);
  console.error(`lab: everything is in ${out}`);
  return handed.flatMap(({ answers }) => answers).find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0;
}

/** @param {readonly { dump: string, answers: readonly import('./hand-over.mjs').Answer[], missing: readonly string[] }[]} handed */
function* report(handed) {
  for (const { answers, missing } of handed) {
    for (const { command, exitCode, stdout, stderr, file } of answers) {
      yield `vmemmap ${command}: exit code ${exitCode}${file === undefined ? '' : `, ${file}`}`;
      for (const text of [stdout, stderr]) if (text !== '') yield text.trimEnd();
    }
    for (const name of missing) yield `vmemmap ${name}: this build has no such command`;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(`lab: ${error.message}`);
  process.exitCode = 2;
}
