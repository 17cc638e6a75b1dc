import { readFileSync } from 'node:fs';
import { clauses } from '@vmemmap/conformance';
import { describe, expect, test } from 'vitest';
import { invoke, invokeJson } from './invoke.ts';
import { pluginText } from './plugin-text.ts';
import { temporaryFile } from './temporary-file.ts';

test('a built-in plugin, clause by clause', async () => {
  const { code, out } = await invoke('conformance', 'x86');
  expect(out).toMatch(/^x86$/m);
  expect(out).toMatch(/^ {2}ok +MAP-1 {2}.+/m);
  expect(out).not.toContain('FAILED');
  expect(out).toMatch(/^x86: \d+ ok/m);
  expect(code).toBe(0);
});

test('each --config is one more configuration', async () => {
  const { code, json } = await invokeJson('conformance', 'x86', '--config', 'no-la57', '--config', 'no-pse,pti');
  expect(code).toBe(0);
  const [report] = json.reports;
  expect(report).toMatchObject({ plugin: 'x86', ok: true });
  const labels = new Set(report.results.map(({ label }: { label: string }) => label));
  expect([...labels]).toEqual(['x86', 'x86 la57=false', 'x86 pse=false pti=true']);
});

test('a plugin that breaks a clause', async () => {
  // vmemmap_populate() reports success and does nothing.
  const lazy = temporaryFile('lazy.mjs', pluginText('lazy', { change: 'ops.vmemmapPopulate = () => 0;' }));
  const { code, json } = await invokeJson('conformance', lazy);
  expect(code).toBe(1);
  expect(json.reports[0].ok).toBe(false);
  const failed = json.reports[0].results.filter(({ outcome }: { outcome: string }) => outcome === 'failed');
  expect(failed).toContainEqual(expect.objectContaining({ id: 'MAP-1', message: expect.stringContaining('MAP-1') }));

  const { code: sameCode, out } = await invoke('conformance', lazy);
  expect(sameCode).toBe(1);
  expect(out).toMatch(/FAILED +MAP-1/);

  const populated = await invoke('populate', '--plugin', lazy, '--arch', 'lazy', '--ram', '1G');
  expect(populated.code).toBe(1);
  expect(populated.out).toContain('not as it should be');
  expect(populated.out).toContain('struct pages not mapped');
});

describe('--known-failures', () => {
  const lazy = temporaryFile('known-lazy.mjs', pluginText('lazy', { change: 'ops.vmemmapPopulate = () => 0;' }));
  const known = (name: string, ...lines: string[]): string => temporaryFile(`${name}.txt`, lines.join('\n'));

  test('a clause broken on purpose fails no more, and its reason is shown', async () => {
    const { json: before } = await invokeJson('conformance', lazy);
    const failed = before.reports[0].results.filter(({ outcome }: { outcome: string }) => outcome === 'failed');
    const file = known('all', ...failed.map(({ id }: { id: string }) => `${id}  # arch/lazy/mm/init.c does nothing`));
    const { code, json } = await invokeJson('conformance', lazy, '--known-failures', file);
    expect(json.reports[0].totals).toMatchObject({ failed: 0, 'known-failure': failed.length, 'unexpected-pass': 0 });
    expect(code).toBe(0);
    const { out } = await invoke('conformance', lazy, '--known-failures', file);
    expect(out).toMatch(/^ {2}known failure +MAP-1 /m);
    expect(out).toContain('known: arch/lazy/mm/init.c does nothing');
  });

  test('one that holds after all fails', async () => {
    const file = known('holds', 'MAP-1  # not so');
    const { code, out } = await invoke('conformance', 'x86', '--known-failures', file);
    expect(out).toMatch(/^ {2}UNEXPECTED PASS +MAP-1 /m);
    expect(out).toContain('MAP-1: holds, but is listed as a known failure (not so); take it off the list');
    expect(code).toBe(1);
  });

  test('one of some configurations alone', async () => {
    const argv = ['conformance', 'powerpc', '--config', 'structPageSize=72'];
    expect((await invoke(...argv)).code).toBe(1);
    const why = 'radix__vmemmap_populate() begins at the 2 MiB boundary below';
    const file = known('some', `ERR-3 [structPageSize=72]  # ${why}`);
    const { code, json } = await invokeJson(...argv, '--known-failures', file);
    expect(json.reports[0].totals).toMatchObject({ failed: 0, 'known-failure': 1, 'unexpected-pass': 0 });
    expect(code).toBe(0);
  });
});

test('--variants and --clause choose', async () => {
  const { code, json } = await invokeJson('conformance', 'x86', '--variants', '--clause', 'MAP-1,SEC-*');
  expect(code).toBe(0);
  const { results } = json.reports[0];
  expect(new Set(results.map(({ label }: { label: string }) => label)).size).toBeGreaterThan(2);
  const ids = new Set(results.map(({ id }: { id: string }) => id));
  expect([...ids]).toEqual(['MAP-1', ...clauses.map(({ id }) => id).filter((id) => id.startsWith('SEC-'))]);
});

test('--release replaces the default release; each is one more', async () => {
  const { code, json } = await invokeJson(
    ...['conformance', 'x86', '--clause', 'MAP-1', '--release', '6.12', '--release', '6.16'],
  );
  expect(json.reports[0].results.map(({ label }: { label: string }) => label)).toEqual(['x86 on 6.12', 'x86 on 6.16']);
  expect(code).toBe(0);
});

test('an unknown release is bad input', async () => {
  const { code, err } = await invoke('conformance', 'x86', '--release', '2.4');
  expect(err).toMatch(/^vmemmap: no release "2\.4".*\n$/);
  expect(code).toBe(2);
});

test('--junit writes a report beside', async () => {
  const file = temporaryFile('report.xml', '');
  const { code, out } = await invoke('conformance', 'x86', '--clause', 'MAP-1', '--junit', file);
  expect(code).toBe(0);
  expect(out).toContain('x86: 1 ok');
  expect(readFileSync(file, 'utf8')).toContain('<testcase name="[MAP-1] ');
});

test('a failure has its facts in JSON', async () => {
  const lazy = temporaryFile('facts.mjs', pluginText('lazy', { change: 'ops.vmemmapPopulate = () => 0;' }));
  const { json } = await invokeJson('conformance', lazy, '--clause', 'MAP-7');
  const [{ facts, outcome }] = json.reports[0].results;
  expect(outcome).toBe('failed');
  expect(facts.steps).toHaveLength(2);
  const { code } = await invoke('run', '--plugin', lazy, temporaryFile('same.json', JSON.stringify(facts.scenario)));
  expect(code).toBe(1);
});

test('an unknown configuration key is bad input', async () => {
  const { code, err } = await invoke('conformance', 'x86', '--config', 'la58');
  expect(err).toMatch(/^vmemmap: x86: no option "la58".*\n$/);
  expect(code).toBe(2);
});

test('a plugin whose create() throws is bad input, as it is for --plugin', async () => {
  const bad = temporaryFile(
    'bad.mjs',
    pluginText('bad').replace('const arch = original(config);', "throw new Error('no\\nway');"),
  );
  const { code, err } = await invoke('conformance', bad);
  expect(err).toBe('vmemmap: plugin bad fails on a machine of one section: no way\n');
  expect(code).toBe(2);
  expect((await invoke('arches', '--plugin', bad)).err).toBe(err);
});
