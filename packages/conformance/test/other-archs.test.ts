import { mountConformance } from '@vmemmap/conformance';
import { describe, it } from 'vitest';
import { hashed } from './archs/hashed.ts';
import { wide } from './archs/wide.ts';

// Architectures unlike the reference: the kit may take nothing for granted that only x86 has.
mountConformance({ describe, it }, hashed);
mountConformance({ describe, it }, wide, { configs: [{}, { hugePages: false }] });
