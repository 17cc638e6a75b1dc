import { clauses, mountConformance } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';
import { brokenVariants } from './broken-variants.ts';

/** A runner that keeps what it is given. */
function collect(): {
  runner: Parameters<typeof mountConformance>[0];
  groups: string[];
  tests: Map<string, () => void>;
} {
  const groups: string[] = [];
  const tests = new Map<string, () => void>();
  const runner = {
    describe: (name: string, body: () => void): void => {
      groups.push(name);
      body();
    },
    it: (name: string, body: () => void): void => void tests.set(name, body),
  };
  return { runner, groups, tests };
}

describe('mountConformance', () => {
  it('names tests by clause, configuration and title', () => {
    const { runner, groups, tests } = collect();
    mountConformance(runner, reference, { configs: [{ hugePages: false }] });
    expect(groups).toEqual(['conformance of reference hugePages=false']);
    expect([...tests.keys()]).toContain(
      '[ALLOC-3] reference hugePages=false: struct pages lie on the node of their section, or the kernel warns (recommended)',
    );
  });

  it('makes no test of what does not apply', () => {
    const { runner, tests } = collect();
    mountConformance(runner, reference, { configs: [{ hugePages: false }] });
    expect([...tests.keys()].filter((name) => name.startsWith('[ALLOC-7]'))).toEqual([]);
    const arch = reference({ hugePages: false });
    expect(tests.size).toBe(clauses.filter((clause) => clause.applies(arch)).length);
    expect(tests.size).toBeLessThan(clauses.length);
  });

  it('fails with the clause first', () => {
    const { plugin } = brokenVariants.find(({ clause }) => clause === 'MAP-1')!;
    const { runner, tests } = collect();
    mountConformance(runner, plugin);
    const [, body] = [...tests].find(([name]) => name.startsWith('[MAP-1]'))!;
    expect(body).toThrow(/^MAP-1: expected every struct page mapped/);
  });

  it('passes a known failure, and fails it once it holds', () => {
    const knownFailures = [{ clause: 'MAP-4', why: 'no NX' }];
    const { plugin } = brokenVariants.find(({ clause }) => clause === 'MAP-4')!;
    const one = collect();
    mountConformance(one.runner, plugin, { knownFailures });
    expect([...one.tests].find(([name]) => name.startsWith('[MAP-4]'))![1]).not.toThrow();
    const other = collect();
    mountConformance(other.runner, reference, { knownFailures });
    expect([...other.tests].find(([name]) => name.startsWith('[MAP-4]'))![1]).toThrow(/take it off the list/);
  });
});
