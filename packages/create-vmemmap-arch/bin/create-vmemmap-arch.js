#!/usr/bin/env node
// npm links this file when it installs. In a clone what it starts is built later.
try {
  await import('../dist/main.js');
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('create-vmemmap-arch: not built yet; run "npx nx build create-vmemmap-arch" in the clone\n');
  process.exitCode = 2;
}
