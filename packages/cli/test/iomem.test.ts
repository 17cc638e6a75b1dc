import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseIomem } from '../src/machine-source/iomem.ts';
import { assignNodes } from '../src/machine-source/node-ranges.ts';
import { readSysfsNodes } from '../src/machine-source/sysfs-nodes.ts';
import { invoke, invokeJson, path } from './invoke.ts';
import { temporaryFile, temporaryFolder } from './temporary-file.ts';

const iomem = path('fixtures/iomem-server.txt');

test('System RAM of a server; what was added after boot is left out and said', async () => {
  const { code, json } = await invokeJson('populate', '--iomem', iomem);
  expect(code).toBe(0);
  expect(json.machine.memory).toEqual([
    { node: 0, start: '0x1000', end: '0xa0000' },
    { node: 0, start: '0x100000', end: '0x5f159000' },
    { node: 0, start: '0x6fffe000', end: '0x70000000' },
    { node: 0, start: '0x100000000', end: '0x480000000' },
  ]);
  expect(json.notes).toEqual(['left out, as it was added after boot: 480200000-67fffffff : System RAM (kmem)']);
  const { out } = await invoke('populate', '--iomem', iomem);
  expect(out).toContain('note: left out, as it was added after boot');
});

test('--node assigns ranges, the last byte included', async () => {
  const { json } = await invokeJson(
    ...['translate', '0', '--iomem', iomem, '--node', '1=0x280000000-0x47fffffff', '--node', '2=4G-0x13fffffff'],
  );
  expect(json.machine.memory.slice(-3)).toEqual([
    { node: 2, start: '0x100000000', end: '0x140000000' },
    { node: 0, start: '0x140000000', end: '0x280000000' },
    { node: 1, start: '0x280000000', end: '0x480000000' },
  ]);
});

test('nested RAM counts, other names do not', () => {
  const text = '00001000-0009ffff : System RAM\n100000-1fffff : Reserved\n  200000-3FFFFF : System RAM\nSystem RAM\n';
  expect(parseIomem(text, 'a file')).toEqual({
    boot: [
      { start: 0x1000, end: 0xa0000 },
      { start: 0x200000, end: 0x400000 },
    ],
    hotAdded: [],
  });
});

describe('nodes', () => {
  test('a range is cut where nodes begin and end', () => {
    const nodes = [
      { node: 0, start: 0, end: 0x3000 },
      { node: 1, start: 0x3000, end: 0x5000 },
      { node: 2, start: 0x4000, end: 0x7000 },
    ];
    expect(assignNodes([{ start: 0x1000, end: 0x9000 }], nodes)).toEqual([
      { node: 0, start: 0x1000, end: 0x3000 },
      { node: 1, start: 0x3000, end: 0x5000 },
      { node: 2, start: 0x5000, end: 0x7000 },
      { node: 0, start: 0x7000, end: 0x9000 },
    ]);
  });

  test('are read from sysfs, where a node has a link to each of its memory blocks', () => {
    const system = join(temporaryFolder, 'system');
    temporaryFile('system/memory/block_size_bytes', '8000000\n');
    for (const file of ['node0/cpulist', 'node1/cpulist', 'has_cpu']) temporaryFile(`system/node/${file}`, '');
    for (const [node, block] of [
      [0, 0],
      [0, 2],
      [1, 10],
    ]) {
      symlinkSync('..', join(system, `node/node${node}/memory${block}`));
    }
    expect(readSysfsNodes(system)).toEqual([
      { node: 0, start: 0, end: 0x800_0000 },
      { node: 0, start: 0x1000_0000, end: 0x1800_0000 },
      { node: 1, start: 0x5000_0000, end: 0x5800_0000 },
    ]);
  });

  test('are all 0 where sysfs does not say', () => {
    expect(readSysfsNodes(join(temporaryFolder, 'none'))).toEqual([]);
  });
});
