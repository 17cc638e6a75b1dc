import { clauses, defineClause, invariants } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { CAPABILITIES, EXCEPTIONS } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';

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

  it('name a function of the kernel, a file of it or a patch as why', () => {
    const source = /\b(arch|drivers|include|init|kernel|mm)\/[\w/.-]+\.[ch]\b|\b\w+\(\)|\bpatch(es)? \d/;
    for (const { id, why } of clauses) expect(why, id).toMatch(source);
  });

  it('that an exception leaves out have one that tests what it declares, and all exceptions are tested', () => {
    const tested = new Set(clauses.map(({ declared }) => declared));
    for (const name of EXCEPTIONS) expect(tested, name).toContain(name);
    for (const { id, exceptions = [] } of clauses) for (const name of exceptions) expect(tested, id).toContain(name);
  });

  it('apply by what is declared alone', () => {
    const clause = defineClause({
      id: 'MY-1',
      level: 'required',
      area: 'mine',
      title: 'mine',
      why: 'mm/sparse.c:mine',
      needs: ['free', 'altmap'],
      exceptions: ['node-ignored'],
      declared: 'altmap-fallback',
      when: { text: 'it has no huge pages', holds: ({ capabilities }) => !capabilities.includes('huge-pages') },
      check: () => {},
    });
    const exceptions = [{ name: 'altmap-fallback', why: '' }] as const;
    const capabilities = ['free', 'altmap'] as const;
    expect(clause.applies({ capabilities, exceptions })).toBe(true);
    expect(clause.applies({ capabilities: ['free'], exceptions })).toBe(false);
    expect(clause.applies({ capabilities: [...capabilities, 'huge-pages'], exceptions })).toBe(false);
    expect(clause.applies({ capabilities })).toBe(false);
    expect(clause.applies({ capabilities, exceptions: [...exceptions, { name: 'node-ignored', why: '' }] })).toBe(
      false,
    );
  });

  it('need capabilities that there are', () => {
    for (const { id, needs = [] } of clauses) for (const name of needs) expect(CAPABILITIES, id).toContain(name);
    expect(clauses.filter((clause) => !clause.applies(reference())).length).toBeGreaterThan(0);
  });
});

describe('invariants', () => {
  it('name clauses that there are, or say why no plugin can break them', () => {
    expect(invariants.length).toBeGreaterThanOrEqual(40);
    const ids = clauses.map(({ id }) => id);
    for (const { holds, clauses: named, because } of invariants) {
      for (const id of named) expect(ids, holds).toContain(id);
      expect(named.length === 0, holds).toBe(because !== undefined);
    }
  });
});
