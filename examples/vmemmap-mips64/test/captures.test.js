import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { mountRandomMachines } from '@vmemmap/conformance/random';
import { mips64 } from 'vmemmap-mips64';

const directory = new URL('../captures/', import.meta.url);
const files = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') }));

mountCaptures({ describe, it }, mips64, files);
mountRandomMachines({ describe, it }, mips64);
