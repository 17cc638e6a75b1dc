import { mountConformance } from '@vmemmap/conformance';
import { riscv } from '@vmemmap/riscv';
import { describe, it } from 'vitest';
import { configs } from './configs.ts';

mountConformance({ describe, it }, riscv, { configs });
