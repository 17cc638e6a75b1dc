import { readdirSync, readFileSync } from 'node:fs';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { powerpc } from '@vmemmap/powerpc';
import { describe, it } from 'vitest';

const fixtures = new URL('../fixtures/', import.meta.url);

mountCaptures(
  { describe, it },
  powerpc,
  readdirSync(fixtures).map((name) => ({ name, text: readFileSync(new URL(name, fixtures), 'utf8') })),
);
