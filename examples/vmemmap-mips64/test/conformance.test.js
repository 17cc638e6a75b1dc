import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { mountConformance, parseKnownFailures } from '@vmemmap/conformance';
import { mips64 } from 'vmemmap-mips64';

const list = 'known-failures.txt';
const knownFailures = parseKnownFailures(readFileSync(new URL(`../${list}`, import.meta.url), 'utf8'), list);

// Every clause in every configuration that the plugin names. What fails is what is left to do.
mountConformance({ describe, it }, mips64, { configs: 'variants', knownFailures });
