import { readdirSync, readFileSync } from 'node:fs';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { s390 } from '@vmemmap/s390';
import { describe, expect, it } from 'vitest';

const directory = new URL('../fixtures/', import.meta.url);
const files = readdirSync(directory);

describe('captures of real kernels', () => {
  it('are all here', () => {
    expect(files.sort()).toEqual([
      'big-64g-edat1.json',
      'boot-1g-8t-kaslr.json',
      'boot-2g-edat1.json',
      'boot-2g.json',
      'unaligned-1999m-edat1.json',
      'unaligned-mem.json',
    ]);
  });
});

mountCaptures(
  { describe, it },
  s390,
  files.map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') })),
);
