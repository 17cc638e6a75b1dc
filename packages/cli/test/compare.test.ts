import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { printable } from '../src/output/printable.ts';
import { invoke, invokeJson, path } from './invoke.ts';
import { temporaryFile } from './temporary-file.ts';

const equal = readdirSync(path('../x86/fixtures')).map((name) => path(`../x86/fixtures/${name}`));
const unbound = path('fixtures/devdax-ram-2m-unbound.json');

test('every capture of a boot is equal', async () => {
  const { code, json, err } = await invokeJson('compare', ...equal);
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(json.results.map((result: { file: string }) => result.file)).toEqual(equal);
  for (const result of json.results) {
    const keys = ['name', 'file', 'equal', 'compared', 'notCompared', 'differences', 'differenceCount'];
    expect(Object.keys(result)).toEqual(keys);
    expect(result).toMatchObject({ name: `x86/${basename(result.file, '.json')}`, equal: true, differences: [] });
    for (const count of ['leaves', 'tables', 'sections']) expect(result.compared[count]).toBeGreaterThan(0);
  }
});

test('for people: a line per capture', async () => {
  const { code, out } = await invoke('compare', path('../x86/fixtures/boot-2g.json'));
  expect(out).toBe('equal    x86/boot-2g  16 leaves, 4 tables, 16 sections\n');
  expect(code).toBe(0);
});

test('a capture with steps is compared with all of them', async () => {
  const { code, json } = await invokeJson('compare', unbound);
  expect(code).toBe(0);
  expect(json.results).toMatchObject([{ name: 'x86/devdax-ram-2m-unbound', equal: true, compared: { steps: 2 } }]);
  expect((await invoke('compare', unbound)).out).toMatch(/^equal .* sections, 2 steps\n$/);
});

test('a capture that cannot be replayed keeps no other from being compared', async () => {
  const capture = JSON.parse(readFileSync(unbound, 'utf8'));
  capture.steps[0].op = 'explode';
  const { code, json, err } = await invokeJson(
    'compare',
    temporaryFile('explode.json', JSON.stringify(capture)),
    equal[0]!,
  );
  expect(code).toBe(2);
  expect(err).toMatch(/^vmemmap: .*explode\.json is not a capture: steps\.0\.op: /);
  expect(json.results).toMatchObject([{ equal: false, error: { code: 'BAD_FORMAT' } }, { equal: true }]);
});

// biome-ignore lint/suspicious/noExplicitAny: changed at will
type Json = any;

/** boot-2g has one run of 16 leaves, one run of 16 sections, and tables pgd, p4d, pud, pmd. */
function tampered(name: string, change: (expected: Json) => void): string {
  const capture = JSON.parse(readFileSync(path('../x86/fixtures/boot-2g.json'), 'utf8'));
  change(capture.expected);
  return temporaryFile(`${name}.json`, JSON.stringify(capture));
}

const VMEMMAP = 0xffd4_0000_0000_0000n;
const PMD = 0x20_0000n;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** The run of leaves as three, the one in the middle alone. */
function splitLeaves(expected: Json, alone: number, flags: bigint): void {
  const [run] = expected.leaves;
  const part = (first: number, count: number, rawFlags: bigint): Json => {
    const pa = BigInt(run.pa) - BigInt(first) * PMD;
    return {
      ...run,
      va: hex(VMEMMAP + BigInt(first) * PMD),
      pa: hex(pa),
      count,
      rawFlags: hex(rawFlags),
      firstRaw: hex(pa | rawFlags),
    };
  };
  const same = BigInt(run.rawFlags);
  expected.leaves = [part(0, alone, same), part(alone, 1, flags), part(alone + 1, run.count - alone - 1, same)];
}

const CASES: readonly (readonly [string, (expected: Json) => void, string, RegExp])[] = [
  ['one flag bit of a leaf', (e) => splitLeaves(e, 7, 0x8000_0000_0000_00e3n), 'leaf', /0xffd4000000e00000/],
  ['a leaf less', (e) => (e.leaves[0].count = 15), 'leaf', /0xffd4000001e00000/],
  ['a leaf more', (e) => (e.leaves[0].count = 17), 'leaf', /0xffd4000002000000/],
  ['another size of leaves', (e) => (e.leaves[0].leafSize = '0x1000'), 'leaf', /0xffd4000000000000/],
  ['a section flag', (e) => (e.sections[0].raw = '0xffd400000000000b'), 'section', /section 0/],
  ['a subsection', (e) => (e.sections[0].subsectionMap = '0x7fffffffffffffff'), 'section', /section 0/],
  ['a section less', (e) => (e.sections[0].count = 15), 'section', /section 15/],
  ['a section more', (e) => (e.sections[0].count = 17), 'section', /section 16/],
  ['a counter', (e) => e.counters.nr_memmap_boot_pages++, 'counter', /nr_memmap_boot_pages/],
  [
    'a flag of a table entry',
    (e) => (e.tables[1].entries[0].firstRaw = '0x000000007fca7063'),
    'entry',
    /p4d.*0xffd4000000000000/,
  ],
  ['a table entry that is elsewhere', (e) => (e.tables[2].entries[0].index = 1), 'entry', /pud.*0xffd4000000000000/],
  ['a table less', (e) => e.tables.pop(), 'table', /pmd.*0xffd4000000000000/],
  ['a process without the vmemmap', (e) => (e.processes.mms[0].differing = [468]), 'process', /init/],
  ['the base', (e) => (e.vmemmapBase = '0xffd5000000000000'), 'base', /vmemmap base/],
];

describe('a capture of another kernel differs:', () => {
  test.each(CASES)('%s', async (name, change, part, where) => {
    const file = tampered(name, change);
    const { code, json, err } = await invokeJson('compare', file);
    expect(err).toBe('');
    expect(code).toBe(1);
    const [result] = json.results;
    expect(result.equal).toBe(false);
    expect(result.differenceCount).toBeGreaterThan(0);
    expect(result.differences).toContainEqual({
      part,
      where: expect.stringMatching(where),
      expected: expect.any(String),
      found: expect.any(String),
    });

    const { code: sameCode, out } = await invoke('compare', file);
    expect(sameCode).toBe(1);
    expect(out).toMatch(/^differs {2}x86\/boot-2g/);
    expect(out).toMatch(where);
  });
});

test('only what was changed differs, and it is shown in full', async () => {
  const file = tampered('one leaf', (e) => splitLeaves(e, 7, 0x8000_0000_0000_00e3n));
  const { json } = await invokeJson('compare', file);
  expect(json.results[0].differences).toHaveLength(1);
  expect(json.results[0].differences[0]).toMatchObject({
    expected: expect.stringContaining('0x80000000000000e3 (XD PS D A RW P)'),
    found: expect.stringContaining('0x80000000000001e3 (XD G PS D A RW P)'),
  });
});

test('a difference in a wider field, or in a bit without a name, is one that can be read', async () => {
  const file = tampered('key', (e) => splitLeaves(e, 7, 0xa810_0000_0000_01e3n));
  const { json } = await invokeJson('compare', file);
  expect(json.results[0].differences).toHaveLength(1);
  expect(json.results[0].differences[0]).toMatchObject({
    expected: expect.stringContaining('0xa8100000000001e3 (XD PKEY=5 bit52 G PS D A RW P)'),
    found: expect.stringContaining('0x80000000000001e3 (XD G PS D A RW P)'),
  });
});

test('what a capture says of itself is printed on one line, without what a terminal obeys', async () => {
  const capture = JSON.parse(readFileSync(path('../x86/fixtures/boot-2g.json'), 'utf8'));
  capture.name = 'evil\u202e\u2028equal    other';
  const { out, err } = await invoke('compare', temporaryFile('evil.json', JSON.stringify(capture)));
  // Whether it is refused or compared.
  expect(out + err).toMatch(/^[^\p{Cc}\p{Bidi_Control}\u2028]+\n$/u);
  expect(printable('a\u001b[2J\r\nb\u202ec\u2028\u0085d')).toBe('a [2J b c d');
});

test('what is not compared is said', async () => {
  const capture = JSON.parse(readFileSync(path('../x86/fixtures/boot-2g.json'), 'utf8'));
  capture.expected.counters = null;
  const file = temporaryFile('uncounted.json', JSON.stringify(capture));
  const { code, out } = await invoke('compare', file);
  expect(out).toBe('equal    x86/boot-2g  16 leaves, 4 tables, 16 sections; not compared: counters\n');
  expect(code).toBe(0);
  const { json } = await invokeJson('compare', file);
  expect(json.results[0].notCompared).toEqual(['counters']);
});

test('what is left out is counted in words', async () => {
  const { out } = await invoke('compare', path('../arm64/fixtures/numa-holes.json'));
  expect(out).toMatch(/; not compared: processes, 1 subtree outside the memmap, flags of 1 entry outside the memmap$/m);
  const capture = JSON.parse(readFileSync(path('../arm64/fixtures/numa-holes.json'), 'utf8'));
  const { outside } = capture.expected;
  outside.push(outside.find(({ what }: { what: string }) => what === 'flags'));
  const { out: two } = await invoke('compare', temporaryFile('two.json', JSON.stringify(capture)));
  expect(two).toMatch(/, flags of 2 entries outside the memmap$/m);
});

test('several captures are summed up', async () => {
  const boot = path('../x86/fixtures/boot-2g.json');
  const differs = tampered('summed', (e) => e.counters.nr_memmap_pages++);
  const none = `${path('')}none.json`;
  const lastLine = async (...files: string[]): Promise<string | undefined> =>
    (await invoke('compare', ...files)).out.trimEnd().split('\n').at(-1);
  expect(await lastLine(boot, boot)).toBe('2 captures: 2 equal');
  expect(await lastLine(boot, differs, none)).toBe('3 captures: 1 equal, 1 differs, 1 cannot be compared');
  expect(await lastLine(differs, differs)).toBe('2 captures: 2 differ');
  const { json } = await invokeJson('compare', boot, differs, none);
  expect(json.totals).toEqual({ captures: 3, equal: 1, differs: 1, notComparable: 1 });
});

test('how many differences there are comes before what was left out', async () => {
  const file = tampered('ordered', (e) => {
    e.counters = null;
    e.leaves[0].count = 15;
  });
  const { out } = await invoke('compare', file);
  expect(out).toMatch(/^differs .* 16 sections; \d+ differences; not compared: counters$/m);
});

test('a single difference is one', async () => {
  const { out } = await invoke(
    'compare',
    tampered('single', (e) => e.counters.nr_memmap_pages++),
  );
  expect(out).toMatch(/; 1 difference$/m);
});

test('--most keeps the first differences and counts the rest', async () => {
  const file = tampered('many', (e) => {
    e.counters.nr_memmap_boot_pages++;
    e.counters.nr_memmap_pages++;
    e.sections[0].raw = '0xffd400000000000b';
  });
  const { json } = await invokeJson('compare', '--most', '1', file);
  expect(json.results[0].differences).toHaveLength(1);
  expect(json.results[0].differenceCount).toBeGreaterThan(2);
  const { out } = await invoke('compare', '--most', '1', file);
  expect(out).toMatch(/… \d+ more; see --most/);
});
