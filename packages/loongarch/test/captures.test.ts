import { readdirSync, readFileSync } from 'node:fs';
import { mountCaptures } from '@vmemmap/conformance/captures';
import { loongarch } from '@vmemmap/loongarch';
import { describe, it } from 'vitest';

const directory = new URL('../fixtures/', import.meta.url);
const files = readdirSync(directory).map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') }));

mountCaptures({ describe, it }, loongarch, files);
