import { compareCapture, readCapture } from '@vmemmap/core/capture';
import { describe, expect, it } from 'vitest';
import { captureDump, captureText } from '../src/index.ts';
import { RealDump } from './real-dump.ts';

const NAMES = [
  'x86-4level',
  'x86-hvo',
  'x86-dax-ram',
  'x86-dax-pmem',
  'x86-hotplug',
  'x86-numa',
  'arm64-4k',
  'arm64-16k',
  'riscv-sv39',
  's390',
  'powerpc-radix-64k',
  'powerpc-hash-64k',
  'loongarch',
  'sparc',
];

describe.each(NAMES)('the capture of %s', (name) => {
  const dump = new RealDump(name);
  const { capture } = captureDump(dump.kernel, name);
  const read = readCapture(captureText(capture), name);

  it('is what the model builds from its machine and steps', () => {
    const { equal, differences, compared } = compareCapture(read, dump.kernel.plugin);
    expect(differences).toEqual([]);
    expect(equal).toBe(true);
    expect(compared.leaves).toBe(capture.expected.summary?.leafCount);
  });

  it('says the same in its text', () => {
    expect(read.expected.leaves).toEqual(capture.expected.leaves);
    expect(read.expected.sections).toEqual(capture.expected.sections);
    expect(read.machine.memory).toEqual(capture.machine.memory);
  });
});

describe('a capture', () => {
  it('differs from the model where an entry was cleared', () => {
    const dump = new RealDump('x86-4level');
    const entry = dump.entries(0x10000).at(-1)!;
    dump.write(entry, 0n);
    const kernel = dump.reopen();
    const { capture } = captureDump(kernel, 'damaged');
    const { equal, differences } = compareCapture(capture, kernel.plugin);
    expect(equal).toBe(false);
    expect(differences.map(({ part }) => part)).toContain('leaf');
  });

  it('has the HugeTLB pages whose tails are shared', () => {
    const { capture } = captureDump(new RealDump('x86-hvo').kernel, 'hvo');
    const [step] = capture.steps;
    if (step?.op !== 'hugetlb-optimize') throw new Error('no hugetlb-optimize');
    expect(step.size).toBe(0x200000);
    expect(step.pages.reduce((sum, { count }) => sum + count, 0)).toBe(64);
  });

  it('has the device that memremap_pages() was called for, and where its memmap lies', () => {
    const steps = (name: string) => captureDump(new RealDump(name).kernel, name).capture.steps;
    const device = {
      op: 'memremap',
      id: 'device at 0x100000000',
      node: 0,
      ranges: [{ start: 2 ** 32, end: 1.5 * 2 ** 32 }],
      vmemmapShift: 9,
    };
    expect(steps('x86-dax-ram')).toEqual([{ ...device, altmap: undefined }]);
    expect(steps('x86-dax-pmem')).toEqual([{ ...device, altmap: { basePfn: 2 ** 20, reserve: 2, free: 8702 } }]);
  });

  it('has memory that was added, in the blocks that it was added in', () => {
    const { capture } = captureDump(new RealDump('x86-hotplug').kernel, 'hotplug');
    const added = { op: 'hotplug-add', node: 0, blockSize: 2 ** 27, memmapOnMemory: true };
    expect(capture.machine.config).toMatchObject({ memmapOnMemory: 'on' });
    expect(capture.steps).toEqual([
      { ...added, start: 2 ** 32, end: 2 ** 32 + 2 ** 30 },
      { ...added, start: 2 ** 32 + 2 ** 30, end: 2 ** 32 + 2 ** 30 + 3 * 2 ** 27 },
    ]);
  });

  it('has the top-level entries of every process', () => {
    const dump = new RealDump('x86-4level');
    const { processes } = captureDump(dump.kernel, 'processes').capture.expected;
    const root = dump.kernel.context.ops.initMm.root;
    expect(processes).toEqual({
      topLevelIndexes: [468, 469],
      initNonZero: [{ index: 468, raw: dump.word(root + 8 * 468) }],
      mms: [{ pid: 1, comm: 'init', differing: [] }],
    });
  });

  it('has what the entries decided', () => {
    const { kernel } = new RealDump('powerpc-hash-64k');
    const { capture } = captureDump(kernel, 'hash');
    expect(capture.machine.config).toMatchObject({ vmemmapPageSize: 65536 });
    expect(kernel.known).toContainEqual({ what: 'vmemmapPageSize', value: '65536', from: 'fits the entries' });
  });
});
