#!/usr/bin/env node
// npm links this file when it installs. In a clone what it starts is built later.
try {
  await import('../dist/command/main.js');
} catch (error) {
  // main.js handles whatever happens in it: only what it is made of can be missing here.
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('vmemmap-conformance: not built yet; run "npx nx build @vmemmap/conformance" in the clone\n');
  process.exitCode = 2;
}
