import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { invoke, invokeJson, path } from './invoke.ts';
import { temporaryFile } from './temporary-file.ts';

const dump = path('../audit/fixtures/x86-hvo.core.gz');
const hash = path('../audit/fixtures/powerpc-hash-64k.core.gz');

test('a capture of a dump is equal to the model', async () => {
  const out = temporaryFile('hvo.json', '');
  const first = await invoke('capture', dump, '--out', out);
  expect(first).toMatchObject({ code: 2, out: '' });
  expect(first.err).toMatch(/is there already; choose another name, or --force\n$/);
  const { code, json } = await invokeJson('capture', dump, '--out', out, '--force');
  expect({ code, json }).toMatchObject({ code: 0, json: { leaves: 1038, tables: 6, sections: 16 } });
  expect(JSON.parse(readFileSync(out, 'utf8')).format).toBe('vmemmap-capture/1');
  expect(await invoke('compare', out)).toMatchObject({ code: 0, err: '' });
});

test('a struct page is walked to through the tables of a dump', async () => {
  const { code, json } = await invokeJson('translate', '--dump', dump, '0x400', '--all-sections');
  expect(code).toBe(0);
  expect(json.kernel.arch).toBe('x86');
  expect(json.translations).toHaveLength(33);
  expect(json.translations[0].steps.map(({ level }: { level: string }) => level)).toEqual([
    'pgd',
    'p4d',
    'pud',
    'pmd',
    'pte',
  ]);
});

test('without page tables, vmemmap_list says where a struct page is', async () => {
  const { code, json } = await invokeJson('translate', '--dump', hash, '0', '0x7fffffff');
  expect(code).toBe(1);
  expect(json.translations[0]).toMatchObject({ mapped: true, leafSize: 65536, steps: [] });
  expect(json.translations[1]).toMatchObject({ mapped: false, fault: 'vmemmap_list has nothing there' });
});

test.each([
  [['--ram', '4G', '--dump', dump, '1'], /--dump and --ram both say/],
  [['--all-sections', '1'], /go with --dump/],
])('translate %s is refused', async (argv, line) => {
  const { code, err } = await invoke('translate', ...argv);
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(line) });
});
