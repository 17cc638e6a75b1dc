import { defineConfig } from 'vitest/config';
import { testConfig } from '../../vitest.base.ts';

const { test, ...config } = testConfig('lab');
export default defineConfig({ ...config, test: { ...test, include: ['test/*.test.mjs'] } });
