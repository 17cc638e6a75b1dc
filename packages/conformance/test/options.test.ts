import { clauses, type KnownFailure, mountConformance, runConformance, selectClauses } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';

describe('options', () => {
  it.each([
    ['config', /there is no option "config"; give configs, a list$/],
    ['skip', /there is no option "skip"; .*list them in knownFailures, with the reason$/],
    ['factory', /there is no option "factory"; pass the plugin itself/],
    ['speed', /there is no option "speed"; options are configs, releases, clauses, knownFailures$/],
    ['release', /there is no option "release"; give releases, a list$/],
  ])('that there is not: %s is refused with a sentence', (name, message) => {
    expect(() => runConformance(reference, { [name]: [] } as never)).toThrow(message);
    const runner = { describe: () => {}, it: () => {} };
    expect(() => mountConformance(runner, reference, { [name]: [] } as never)).toThrow(message);
  });

  it('configs may be all that the plugin names itself', () => {
    const { results } = runConformance(reference, { configs: 'variants', clauses: selectClauses(['MAP-1']) });
    expect(results).toHaveLength(reference.variants.length);
    expect(results.length).toBeGreaterThan(1);
  });
});

describe('releases', () => {
  const kinds = (releases: readonly string[], knownFailures: readonly KnownFailure[] = []) =>
    runConformance(reference, { releases, knownFailures, clauses: selectClauses(['SEC-6']) }).results.map(
      ({ label, kind }) => `${label}: ${kind}`,
    );

  it('are run one after the other, and named where they are not the default one', () => {
    // __populate_section_memmap() of 6.16 counts what the error path takes away a second time.
    expect(kinds(['7.2', '6.16'])).toEqual(['reference: passed', 'reference on 6.16: failed']);
  });

  it('may have known failures of their own', () => {
    const known = { clause: 'SEC-6', release: '6.16', why: 'mm/sparse.c counts after success only' };
    expect(kinds(['7.2', '6.16'], [known])).toEqual(['reference: passed', 'reference on 6.16: known-failure']);
    expect(kinds(['6.12'], [{ ...known, release: '6.12' }])).toEqual(['reference on 6.12: unexpected-pass']);
  });

  it('that there are not are refused', () => {
    expect(() => kinds(['2.6'])).toThrow(/no release "2\.6"; choose one of 6\.12/);
    expect(() => kinds(['7.2'], [{ clause: 'SEC-6', release: '2.6', why: 'old' }])).toThrow(/no release "2\.6"/);
  });
});

describe('selectClauses', () => {
  const ids = (...patterns: string[]) => selectClauses(patterns).map(({ id }) => id);

  it('finds them by id and by area, in their own order and once', () => {
    expect(ids('SEC-2', 'MAP-1,SEC-*,MAP-1')).toEqual(['MAP-1', 'SEC-1', 'SEC-2', 'SEC-3', 'SEC-4', 'SEC-5', 'SEC-6']);
    expect(ids('*')).toHaveLength(clauses.length);
    expect(ids('*-1')).toContain('HVO-1');
    expect(ids('MAP-1')).toEqual(['MAP-1']);
  });

  it.each(['MAP', 'MAP-', 'map-1', '', 'MAP-*-*', 'XYZ-*'])('refuses %j, which means none', (pattern) => {
    expect(() => ids(pattern)).toThrow(/means no clause; write an id such as CON-1/);
  });
});
