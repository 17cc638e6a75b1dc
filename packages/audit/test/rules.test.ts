import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rules } from '../src/index.ts';

describe('rules', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

  it('have ids of their own', () => {
    const ids = rules.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[A-Z]+-\d+$/);
  });

  it.each(rules.map((rule) => [rule.id, rule] as const))(
    '%s is in the README as it stands',
    (id, { severity, title }) => {
      expect(readme).toContain(`| ${id} | ${severity} | ${title} |`);
    },
  );

  it.each(rules.map((rule) => [rule.id, rule] as const))('%s says why and what to do', (_, { why, advice }) => {
    expect(why).toMatch(/\w+\.[ch]\b|CPU|PAGE_KERNEL/);
    expect(advice.length).toBeGreaterThan(8);
  });
});
