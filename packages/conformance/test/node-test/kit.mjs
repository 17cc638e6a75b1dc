// A test file for node:test, as a plugin author would write it. An argument names a clause to list as a known failure.
import { describe, it } from 'node:test';
import { mountConformance } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';

const knownFailures = process.argv.slice(2).map((clause) => ({ clause, why: 'to see the kit fail' }));
mountConformance({ describe, it }, reference, { knownFailures });
