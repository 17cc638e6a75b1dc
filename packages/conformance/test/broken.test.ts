import { clauses, runConformance } from '@vmemmap/conformance';
import { describe, expect, it } from 'vitest';
import { brokenVariants } from './broken-variants.ts';

describe('broken architectures', () => {
  for (const { clause, wrong, plugin, config } of brokenVariants) {
    it(`${clause} finds an architecture that ${wrong}`, () => {
      const { results } = runConformance(plugin, { configs: [config ?? {}] });
      const result = results.find((candidate) => candidate.clause.id === clause);
      expect(result?.kind).toBe('failed');
      expect(result?.message).toMatch(new RegExp(`^${clause}: expected .*; found `));
    });
  }

  it('every clause has a broken architecture', () => {
    const covered = new Set(brokenVariants.map(({ clause }) => clause));
    expect(clauses.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
  });
});
