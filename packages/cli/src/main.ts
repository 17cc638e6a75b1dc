// What bin/vmemmap.js starts.
import { run } from './cli.ts';

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`vmemmap … | head`) is no error.
  if (code === 'EPIPE') return;
  console.error(`vmemmap: the output cannot be written (${code})`);
  process.exit(2);
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: () => performance.now(),
});
