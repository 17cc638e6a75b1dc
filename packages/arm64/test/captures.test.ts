import { readdirSync, readFileSync } from 'node:fs';
import { arm64 } from '@vmemmap/arm64';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { describe, expect, it } from 'vitest';

const directory = new URL('../fixtures/', import.meta.url);
const files = readdirSync(directory);

describe('captures of real kernels', () => {
  it('are all here', () => {
    expect(files.map((file) => file.replace('.json', '')).sort()).toEqual([
      'big-256g-16k',
      'boot-2g',
      'boot-2g-16k',
      'boot-2g-a57',
      'boot-2g-va48',
      'numa-holes',
      'unaligned-16k-1999m',
    ]);
  });
});

mountCaptures(
  { describe, it },
  arm64,
  files.map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') })),
);
