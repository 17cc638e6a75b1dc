import { readFileSync } from 'node:fs';
import { clauses } from '@vmemmap/conformance';
import { describe, expect, it } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('clauses', () => {
  it('have ids of their own', () => {
    expect(new Set(clauses.map(({ id }) => id)).size).toBe(clauses.length);
    for (const { id } of clauses) expect(id).toMatch(/^[A-Z]+-[1-9]\d*$/);
  });

  it('say what and why', () => {
    for (const { title, why, area } of clauses) {
      expect(title).toMatch(/^[a-zA-Z].*[^.]$/);
      expect(why).not.toBe('');
      expect(area).not.toBe('');
    }
  });

  it('are all in the README, with level and title', () => {
    const rows = readme.split('\n').filter((line) => /^\| [A-Z]+-\d+ /.test(line));
    expect(rows).toEqual(clauses.map(({ id, level, title }) => `| ${id} | ${level} | ${title} |`));
  });

  it('are all that the README names for an invariant, or it says why no plugin can break it', () => {
    const table = readme.slice(readme.indexOf('## Invariants'), readme.indexOf('## The reference'));
    const rows = table.split('\n').filter((line) => /^\| [a-z]/.test(line) && !line.startsWith('| what must hold'));
    expect(rows).toHaveLength(40);
    const ids = new Set(clauses.map(({ id }) => id));
    for (const row of rows) {
      const named = row.split(' | ')[1]!.replace(' |', '');
      if (named.startsWith('no plugin can break it: ')) continue;
      for (const id of named.split(', ')) expect(ids, row).toContain(id);
    }
  });
});
