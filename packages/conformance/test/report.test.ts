import {
  clauses,
  defineClause,
  type KnownFailure,
  reportJson,
  reportJunit,
  reportText,
  runConformance,
} from '@vmemmap/conformance';
import { reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';
import { brokenVariants } from './broken-variants.ts';
import { parseXml } from './xml.ts';

const executable = brokenVariants.find(({ clause }) => clause === 'MAP-4')!.plugin;
const mapping = clauses.filter(({ area }) => area === 'mapping');
const known: readonly KnownFailure[] = [
  { clause: 'MAP-4', config: { hugePages: true }, why: 'no <NX> & "nothing" to do' },
  { clause: 'MAP-5', why: 'it shares all' },
];
/** A known failure, one that holds after all, a failure, clauses that do not apply, and passes. */
const report = runConformance(executable, {
  configs: [{}, { hugePages: false }],
  clauses: [...mapping, ...clauses.filter(({ id }) => id === 'ALLOC-7')],
  knownFailures: known,
});

describe('reportJson', () => {
  it('has what the report has, and survives JSON', () => {
    const json = reportJson(report);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({ plugin: 'reference', ok: false, totals: report.totals });
    expect(json.results).toHaveLength(report.results.length);
    const failed = json.results.find(({ outcome }) => outcome === 'failed')!;
    expect(failed).toMatchObject({
      label: 'reference hugePages=false',
      id: 'MAP-4',
      level: 'required',
      area: 'mapping',
    });
    expect(failed.facts).toMatchObject({ expected: 'no execute right', steps: ['machine = subject.fresh()'] });
    expect(json.results.find(({ outcome }) => outcome === 'passed')).not.toHaveProperty('facts');
  });
});

describe('reportText', () => {
  it('has a line for each clause, what is wrong below it, and the totals last', () => {
    const lines = reportText(report).split('\n');
    expect(lines[0]).toBe('reference');
    expect(lines).toContain('reference hugePages=false');
    expect(lines).toContain('  FAILED           MAP-4  struct pages cannot be executed where no-execute is declared');
    expect(lines).toContain('      MAP-4: expected no execute right; found read, write, execute');
    expect(lines.filter((line) => line.startsWith('        why '))).toEqual([
      expect.stringContaining('mm/sparse-vmemmap.c:vmemmap_pte_populate asks for PAGE_KERNEL'),
    ]);
    expect(lines.at(-1)).toBe('reference: 15 ok, 1 FAILED, 1 known failure, 2 UNEXPECTED PASS, 1 not applicable');
  });

  it('paints', () => {
    const text = reportText(report, { label: (one) => `*${one}*`, outcome: (one, kind) => `<${kind} ${one.trim()}>` });
    expect(text).toContain('*reference hugePages=false*');
    expect(text).toContain('<failed FAILED>  MAP-4');
  });
});

describe('reportJunit', () => {
  const root = parseXml(reportJunit([report]));
  const cases = root.children.flatMap(({ children }) => children);

  it('is well-formed, with a suite for each configuration and a case for each clause', () => {
    expect(root.name).toBe('testsuites');
    expect(root.children.map(({ attributes }) => attributes.name)).toEqual(['reference', 'reference hugePages=false']);
    expect(cases).toHaveLength(report.results.length);
    expect(cases[0]!.attributes).toEqual({
      name: '[MAP-1] boot maps every struct page of every present section',
      classname: 'reference',
    });
  });

  it('counts', () => {
    expect(root.attributes).toMatchObject({ tests: '20', failures: '3', errors: '0', skipped: '1' });
    for (const [n, children] of [
      ['failures', cases.filter((one) => one.children[0]?.name === 'failure')],
      ['skipped', cases.filter((one) => one.children[0]?.name === 'skipped')],
    ] as const)
      expect(Number(root.attributes[n])).toBe(children.length);
  });

  it('has the message of a failure, and of a pass that is listed', () => {
    const failures = cases.flatMap(({ children }) => children).filter(({ name }) => name === 'failure');
    expect(failures.map(({ attributes }) => attributes.type)).toEqual(['unexpected-pass', 'failed', 'unexpected-pass']);
    expect(failures[1]!.attributes.message).toBe('MAP-4: expected no execute right; found read, write, execute');
    expect(failures[1]!.text).toContain('\n  machine reference on 7.2');
  });

  it('has a known failure as a case that passes, with what is wrong as its output', () => {
    const [output] = cases.flatMap(({ children }) => children).filter(({ name }) => name === 'system-out');
    expect(output!.text).toContain('known: no <NX> & "nothing" to do');
  });

  it('takes any text there is', () => {
    const text = '\u0000\u001b[31m ]]> <![CDATA[ &amp; "\' \ud800 \ufffe \u{1f4a5}\nnext';
    const clause = defineClause({
      id: 'MY-1',
      level: 'required',
      area: 'mine',
      title: text,
      why: 'mm/mine.c:mine',
      check: (_, fail) => fail({ expected: text, found: text }),
    });
    const xml = parseXml(reportJunit([runConformance(reference, { clauses: [clause] })]));
    const [one] = xml.children[0]!.children;
    expect(one!.attributes.name).toContain(']]> <![CDATA[ &amp; "\' \ufffd \ufffd \u{1f4a5}\nnext');
    expect(one!.children[0]!.attributes.message).toContain('MY-1: expected \ufffd\ufffd[31m ]]>');
  });
});
