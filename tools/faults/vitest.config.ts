import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.ts';

const { test, ...config } = testConfig('faults');
export default defineConfig({ ...config, test: { ...test, include: ['test/*.test.mjs'] } });
