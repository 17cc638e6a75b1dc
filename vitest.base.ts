import type { ViteUserConfig } from 'vitest/config';

// Packages are tested from their sources: no build is needed first.
const conditions = ['@vmemmap/source', 'module', 'import', 'node', 'default'];

/** What every package's tests have in common. */
export function testConfig(name: string): ViteUserConfig {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      watch: false,
      include: ['test/**/*.test.ts'],
      testTimeout: 60_000,
      passWithNoTests: false,
      reporters: ['default', ['json', { outputFile: `test-results/${name}.json` }]],
    },
  };
}
