import type { CaptureResult } from '../captures/check.ts';
import type { OutcomeKind } from '../outcome.ts';
import type { Report, Result } from '../run.ts';

/**
 * Reports as JUnit XML: a test suite for each configuration, a test case for each clause. A known failure is a case that
 * passes, with what is wrong as its output; what does not apply is skipped. Captures are a suite of their own.
 */
export function reportJunit(reports: readonly Report[], captures: readonly CaptureResult[] = []): string {
  const suites = reports.flatMap(({ results }) => {
    const labels = [...new Set(results.map(({ label }) => label))];
    return labels.map((label) => suiteOf(label, results.filter((result) => result.label === label).map(caseOf)));
  });
  if (captures.length > 0) suites.push(suiteOf('captures', captures.map(caseOfCapture)));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="@vmemmap/conformance" ${counts(suites.flatMap(({ cases }) => cases))}>`,
    ...suites.flatMap(suiteLines),
    '</testsuites>\n',
  ].join('\n');
}

/** A test case as JUnit knows them. */
interface Case {
  readonly name: string;
  readonly kind: OutcomeKind;
  readonly message: string;
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

function suiteOf(name: string, cases: readonly Case[]): Suite {
  return { name, cases };
}

function caseOf({ clause, kind, message }: Result): Case {
  return { name: `[${clause.id}] ${clause.title}`, kind, message };
}

function caseOfCapture({ name, ok, message }: CaptureResult): Case {
  return { name, kind: ok ? 'passed' : 'failed', message };
}

function suiteLines({ name, cases }: Suite): readonly string[] {
  return [
    `  <testsuite name="${attribute(name)}" ${counts(cases)}>`,
    ...cases.flatMap((one) => caseLines(name, one).map((line) => `    ${line}`)),
    '  </testsuite>',
  ];
}

function caseLines(suite: string, { name, kind, message }: Case): readonly string[] {
  const open = `<testcase name="${attribute(name)}" classname="${attribute(suite)}"`;
  const [first = ''] = message.split('\n');
  switch (kind) {
    case 'passed':
      return [`${open}/>`];
    case 'not-applicable':
      return [`${open}>`, '  <skipped message="nothing that it asks for is declared"/>', '</testcase>'];
    case 'known-failure':
      return [`${open}>`, `  <system-out>${text(message)}</system-out>`, '</testcase>'];
    case 'failed':
    case 'unexpected-pass':
      return [
        `${open}>`,
        `  <failure type="${kind}" message="${attribute(first)}">${text(message)}</failure>`,
        '</testcase>',
      ];
  }
}

function counts(cases: readonly Case[]): string {
  const failures = cases.filter(({ kind }) => kind === 'failed' || kind === 'unexpected-pass').length;
  const skipped = cases.filter(({ kind }) => kind === 'not-applicable').length;
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function text(value: string): string {
  return allowed(value).replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

// A line break in an attribute would be read as a space.
function attribute(value: string): string {
  return text(value).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

// XML 1.0 has no place for these, not even as entities: control characters but for white space, halves of a pair.
function allowed(value: string): string {
  return value.replace(/[^\P{Cc}\t\n\r]|\p{Surrogate}|[\ufffe\uffff]/gu, '\ufffd');
}
