import { mountConformance } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { describe, it } from 'vitest';

mountConformance({ describe, it }, reference, { configs: [{}, { hugePages: false }] });
