import { expect, test } from 'vitest';
import { invoke, invokeJson } from './invoke.ts';

test('a pfn, 4 levels', async () => {
  const { code, json } = await invokeJson('translate', '--ram', '8G', '--config', 'la57=false', '0x100000');
  expect(code).toBe(0);
  const [one] = json.translations;
  expect(one).toMatchObject({
    input: '0x100000',
    pfn: '0x100000',
    va: '0xffffea0004000000',
    mapped: true,
    leafSize: 2 ** 21,
    access: ['read', 'write'],
    fault: null,
  });
  expect(one.steps.map((step: { level: string }) => step.level)).toEqual(['pgd', 'pud', 'pmd']);
  expect(one.steps.at(-1)).toMatchObject({ index: 32, kind: 'leaf', entry: expect.stringMatching(/^0x80000.*1e3$/) });
  expect(one.steps.at(-1).fields).toContainEqual({
    name: 'XD',
    value: '0x1',
    about: 'execute disable (NX)',
    flag: true,
    address: false,
  });
});

test('a pfn, 5 levels', async () => {
  const { json } = await invokeJson('translate', '--ram', '8G', '1048576');
  expect(json.translations[0]).toMatchObject({ pfn: '0x100000', va: '0xffd4000004000000', mapped: true });
  expect(json.translations[0].steps).toHaveLength(4);
});

test('an address and the pfn it belongs to lie in the same place', async () => {
  const { json } = await invokeJson('translate', '--ram', '8G', '0xffd4000004000048', '0x100001');
  const [va, pfn] = json.translations;
  expect(va.pfn).toBe('0x100001');
  expect(BigInt(va.pa) - BigInt(pfn.pa)).toBe(8n);
});

test('an address inside a struct page', async () => {
  const { out } = await invoke('translate', '--ram', '1G', '0xffd4000000000041', '0xffd4000000000040');
  expect(out).toMatch(/^0xffd4000000000041: inside the struct page of pfn 0x1, byte 1$/m);
  expect(out).toMatch(/^pfn 0x1: struct page at 0xffd4000000000040$/m);
  const { json } = await invokeJson('translate', '--ram', '1G', '0xffd4000000000041');
  expect(json.translations[0]).toMatchObject({ pfn: '0x1', byte: 1 });
});

test('for people', async () => {
  const { code, out } = await invoke('translate', '--ram', '8G', '--config', 'no-la57', '0x100000');
  expect(code).toBe(0);
  expect(out).toContain('pfn 0x100000: struct page at 0xffffea0004000000');
  expect(out).toMatch(/^pmd +0x[0-9a-f]+ +32 +0x[0-9a-f]{16} +leaf +XD 2M page=0x[0-9a-f]+ G PS D A RW P$/m);
  expect(out).toMatch(/^mapped to 0x[0-9a-f]+, leaf of 2 MiB: read, write$/m);
});

test('what is not mapped has a fault, and exit code 1', async () => {
  const { code, json } = await invokeJson('translate', '--ram', '1G', '0', '0x100000');
  expect(code).toBe(1);
  expect(json.translations[0].mapped).toBe(true);
  expect(json.translations[1]).toMatchObject({ mapped: false, pa: null, leafSize: null, access: [] });
  expect(json.translations[1].fault).not.toBe('');
  const { code: sameCode, out } = await invoke('translate', '--ram', '1G', '0x100000');
  expect(sameCode).toBe(1);
  expect(out).toMatch(/^not mapped: .+$/m);
});

test('addresses that no table is read for', async () => {
  const { code, json } = await invokeJson('translate', '--ram', '1G', '0x8000000000000000');
  expect(code).toBe(1);
  expect(json.translations[0]).toMatchObject({ pfn: null, mapped: false, steps: [] });
});

test('--va and --pfn decide what a number is', async () => {
  const va = await invokeJson('translate', '--ram', '1G', '--va', '0x1000');
  expect(va.json.translations[0]).toMatchObject({ va: '0x0000000000001000', pfn: null, mapped: false });
  const pfn = await invokeJson('translate', '--ram', '1G', '--pfn', '0x1000');
  expect(pfn.json.translations[0]).toMatchObject({ va: '0xffd4000000040000', pfn: '0x1000', mapped: true });
});

test('the C-bit is a flag, and no part of the page number', async () => {
  const args = ['translate', '--ram', '1G', '--config', 'memoryEncryption', '0'];
  const { json } = await invokeJson(...args);
  const [{ pa, steps }] = json.translations;
  for (const { fields } of steps) {
    expect(fields).toContainEqual(expect.objectContaining({ name: 'C', value: '0x1', flag: true, address: false }));
  }
  const page = steps.at(-1).fields.find(({ name }: { name: string }) => name === '2M page');
  expect(page).toMatchObject({ value: `0x${(BigInt(pa) >> 21n).toString(16)}`, flag: false, address: true });
  const { out } = await invoke(...args);
  expect(out).toMatch(/^pmd .* leaf +XD C 2M page=0x[0-9a-f]{1,3} G PS D A RW P$/m);
});
