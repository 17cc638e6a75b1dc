import { boot } from '@vmemmap/core';
import { x86 } from '@vmemmap/x86';
import { expect, test } from 'vitest';
import { tableTree } from '../src/table-tree.ts';
import { invoke, invokeJson } from './invoke.ts';

test('a small machine, drawn', async () => {
  const { code, out } = await invoke('tables', '--ram', '2G', '--nodes', '2');
  expect(code).toBe(0);
  expect(out.split('\n').slice(1)).toEqual([
    'pgd table at 0x1000000 for 0xfe00000000000000, vmemmap in [468..469]',
    '└─ [468] D A US RW P → p4d table at 0x3ffff000 for 0xffd4000000000000, vmemmap in [0..511]',
    '   └─ [0] D A US RW P → pud table at 0x3fffe000 for 0xffd4000000000000, vmemmap in [0..511]',
    '      └─ [0] D A US RW P → pmd table at 0x3fffd000 for 0xffd4000000000000, vmemmap in [0..511]',
    '         ├─ [0..7] 8 x 2 MiB leaf XD G PS D A RW P at 0x3fc00000 step -2 MiB, node 0',
    '         └─ [8..15] 8 x 2 MiB leaf XD G PS D A RW P at 0x7fe00000 step -2 MiB, node 1',
    '',
  ]);
});

test('--depth stops early, with runs of tables', async () => {
  const { out } = await invoke('tables', '--ram', '128G', '--depth', '3');
  expect(out.trimEnd().split('\n').at(-1)).toMatch(/^ +└─ \[0\.\.1\] 2 x pmd table at 0x[0-9a-f]+ D A US RW P$/);
});

test('base pages are runs that end with their table', async () => {
  const { json } = await invokeJson('tables', '--ram', '256M', '--config', 'no-pse,no-la57');
  const pmd = json.tables.entries[0].table.entries[0].table;
  expect(pmd).toMatchObject({ level: 'pmd', firstIndex: 0, lastIndex: 511 });
  expect(pmd.entries.map((entry: { index: number }) => entry.index)).toEqual([0, 1]);
  for (const { table } of pmd.entries) {
    const leaves = table.entries.filter((entry: { kind: string }) => entry.kind === 'leaves');
    expect(leaves.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(512);
    expect(leaves[0]).toMatchObject({ index: 0, leafSize: 4096, paStep: -4096, access: ['read', 'write'], node: 0 });
  }
});

test('huge and base pages in one table are in order', () => {
  // The third huge page cannot be had.
  const machine = boot({
    arch: x86({ la57: false }),
    memory: { ranges: [{ node: 0, start: 0, end: 2 ** 30 }] },
    failures: [{ order: 9, nth: 3 }],
  });
  const pud = tableTree(machine, Number.POSITIVE_INFINITY)?.entries[0];
  const pmd = pud !== undefined && 'below' in pud ? pud.below?.entries[0] : undefined;
  const node = pmd !== undefined && 'below' in pmd ? pmd.below : undefined;
  expect(node?.entries.map(({ kind, index, count }) => ({ kind, index, count }))).toEqual([
    { kind: 'leaves', index: 0, count: 2 },
    { kind: 'table', index: 2, count: 1 },
    { kind: 'leaves', index: 3, count: 5 },
  ]);
});

test('levels in JSON', async () => {
  const { json } = await invokeJson('tables', '--ram', '1G');
  expect(json.levels.map(({ name }: { name: string }) => name)).toEqual(['pgd', 'p4d', 'pud', 'pmd', 'pte']);
  expect(json.tables).toMatchObject({ level: 'pgd', pa: '0x1000000', va: '0xfe00000000000000', firstIndex: 468 });
});

test('fields of several bits have their value, and pieces of an address are left out', async () => {
  const { out } = await invoke('tables', '--arch', 'arm64', '--ram', '1G', '--config', 'no-lpa2,vaBits=48');
  expect(out).toMatch(/ leaf .*\bSH=3\b.* at 0x/);
  expect(out).not.toMatch(/OA\[|NLTA\[/);
});
