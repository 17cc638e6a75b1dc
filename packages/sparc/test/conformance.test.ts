import { mountConformance } from '@vmemmap/conformance';
import { sparc } from '@vmemmap/sparc';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, sparc, { configs });
