import { describe, expect, it } from 'vitest';
import { FailureInjector, type FailureRule } from '../src/index.ts';

const asked = (rule: FailureRule, times: number): boolean[] => {
  const failures = new FailureInjector();
  failures.add(rule);
  return Array.from({ length: times }, () => failures.fails('memblock', 0, 0));
};

describe('allocations that are to fail', () => {
  it.each<[string, FailureRule, boolean[]]>([
    ['the first, unless told otherwise', {}, [true, false, false]],
    ['the n-th', { nth: 2 }, [false, true, false]],
    ['so many from there on', { nth: 2, times: 2 }, [false, true, true, false]],
    ['all from there on', { nth: 3, times: Number.POSITIVE_INFINITY }, [false, false, true, true]],
    ['of one source', { source: 'page-allocator' }, [false]],
    ['of one node', { node: 1 }, [false]],
    ['of one order', { order: 1 }, [false]],
    ['of just that', { source: 'memblock', node: 0, order: 0 }, [true]],
  ])('%s', (_, rule, expected) => expect(asked(rule, expected.length)).toEqual(expected));

  it('are small objects only when they are asked for by name', () => {
    const failures = new FailureInjector();
    failures.add({});
    expect(failures.fails('slab', 0, 0)).toBe(false);
    failures.add({ source: 'slab' });
    expect(failures.fails('slab', 0, 0)).toBe(true);
    expect(failures.fails('memblock', 0, 0)).toBe(true);
  });

  it('are counted from when their rule is set', () => {
    const failures = new FailureInjector();
    expect([failures.active, failures.attempts, failures.unfired]).toEqual([false, 0, []]);
    const once = {};
    const later = { nth: 3 };
    failures.add(once);
    failures.add(later);
    expect(failures.unfired).toEqual([once, later]);
    failures.fails('memblock', 0, 0);
    expect([failures.active, failures.attempts, failures.unfired]).toEqual([true, 1, [later]]);
    failures.fails('memblock', 0, 0);
    expect(failures.unfired).toEqual([later]);
    failures.fails('memblock', 0, 0);
    expect([failures.attempts, failures.unfired]).toEqual([3, []]);
    failures.clear();
    expect([failures.active, failures.unfired]).toEqual([false, []]);
  });
});
