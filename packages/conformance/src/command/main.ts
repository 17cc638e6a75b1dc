// What bin/vmemmap-conformance.js starts.
import { run } from './run.ts';

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`… | head`) is no error.
  if (code === 'EPIPE') return;
  process.stderr.write(`vmemmap-conformance: the output cannot be written (${code})\n`);
  process.exit(2);
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  cwd: process.cwd(),
});
