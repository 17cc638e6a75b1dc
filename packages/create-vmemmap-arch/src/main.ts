// What bin/create-vmemmap-arch.js starts.
import { run } from './command.ts';

process.exitCode = run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
});
