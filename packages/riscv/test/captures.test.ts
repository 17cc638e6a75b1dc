import { readdirSync, readFileSync } from 'node:fs';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { riscv } from '@vmemmap/riscv';
import { describe, it } from 'vitest';

const directory = new URL('../fixtures/', import.meta.url);

mountCaptures(
  { describe, it },
  riscv,
  readdirSync(directory).map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') })),
);
