import { ClauseFailure, clauses, runConformance } from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { CONTRACT_VERSION, definePlugin } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { brokenVariants } from './broken-variants.ts';

const executable = brokenVariants.find(({ clause }) => clause === 'MAP-4')!.plugin;
const why = 'the machine has no NX';

/** Clauses that have something to check in a configuration of the reference. */
const applying = (config: { hugePages?: boolean }): number => {
  const arch = reference(config);
  return clauses.filter((clause) => clause.applies(arch)).length;
};

describe('runConformance', () => {
  it('reports every clause in every configuration', () => {
    const report = runConformance(reference, { configs: [{}, { hugePages: false }] });
    expect(report.plugin).toBe('reference');
    expect(report.results.map(({ label, clause }) => `${label}: ${clause.id}`)).toEqual([
      ...clauses.map(({ id }) => `reference: ${id}`),
      ...clauses.map(({ id }) => `reference hugePages=false: ${id}`),
    ]);
    const { totals } = report;
    expect(totals).toEqual({
      passed: applying({}) + applying({ hugePages: false }),
      failed: 0,
      'known-failure': 0,
      'unexpected-pass': 0,
      'not-applicable': 2 * clauses.length - applying({}) - applying({ hugePages: false }),
    });
    expect(report.ok).toBe(true);
  });

  it('reports a failure with its facts', () => {
    const report = runConformance(executable, { clauses: clauses.filter(({ area }) => area === 'mapping') });
    expect(report.ok).toBe(false);
    const [failed] = report.results.filter(({ kind }) => kind === 'failed');
    expect(failed?.clause.id).toBe('MAP-4');
    expect(failed?.failure).toBeInstanceOf(ClauseFailure);
    expect(failed?.failure?.clause).toBe('MAP-4');
    expect(failed?.failure?.facts).toMatchObject({
      address: '0xffffffe000000000',
      expected: 'no execute right',
      found: 'read, write, execute',
    });
    expect(failed?.message).toContain('machine reference on 7.2, RAM node 0 0x0-');
  });

  it('takes a known failure as such', () => {
    const report = runConformance(executable, {
      clauses: clauses.filter(({ area }) => area === 'mapping'),
      knownFailures: [{ clause: 'MAP-4', why }],
    });
    const result = report.results.find(({ clause }) => clause.id === 'MAP-4');
    expect(result?.kind).toBe('known-failure');
    expect(result?.message).toContain(`known: ${why}`);
    expect(report.ok).toBe(true);
  });

  it('does not take a pass that is listed as a known failure', () => {
    const report = runConformance(reference, { knownFailures: [{ clause: 'MAP-4', why }] });
    const result = report.results.find(({ clause }) => clause.id === 'MAP-4');
    expect(result?.kind).toBe('unexpected-pass');
    expect(result?.message).toContain('take it off the list');
    expect(report.ok).toBe(false);
  });

  it('takes a known failure of some configurations in those only, defaults filled in', () => {
    const configs = [{}, { hugePages: false }];
    const knownFailures = [{ clause: 'MAP-4', config: { hugePages: true }, why }];
    const { results } = runConformance(executable, { configs, knownFailures });
    const kinds = results.filter(({ clause }) => clause.id === 'MAP-4').map(({ kind }) => kind);
    expect(kinds).toEqual(['known-failure', 'failed']);
  });

  it('refuses a known failure of no clause', () => {
    const run = (): unknown => runConformance(reference, { knownFailures: [{ clause: 'MAP-999', why }] });
    expect(run).toThrow(/knownFailures names "MAP-999", which is no clause/);
  });

  it('refuses what is no plugin', () => {
    expect(() => runConformance((() => ({})) as never)).toThrow(/no architecture plugin/);
  });

  it.each([
    [
      CONTRACT_VERSION + 1,
      /^@vmemmap\/core: plugin reference was made for contract 2, .*; update @vmemmap\/core, with /,
    ],
    [CONTRACT_VERSION - 1, /^@vmemmap\/core: plugin reference was made for contract 0, .*; update the plugin; /],
  ])('refuses a plugin of contract %i before any clause', (contract, message) => {
    const plugin = definePlugin({
      ...{ name: 'reference', about: '', config: {}, capabilities: [], contract },
      create: () => expect.fail('it was asked for an architecture'),
    });
    const refused = expect.objectContaining({ code: 'CONTRACT_VERSION', message: expect.stringMatching(message) });
    expect(() => runConformance(plugin)).toThrow(refused);
  });

  it('lets a wrong configuration throw', () => {
    expect(() => runConformance(reference, { configs: [{ hugePages: 3 as never }] })).toThrow(/hugePages must be/);
  });
});
