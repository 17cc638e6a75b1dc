import { arm64 } from '@vmemmap/arm64';
import { mountConformance } from '@vmemmap/conformance';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, arm64, { configs });
