// @ts-check
import { describe, expect, it } from 'vitest';
import { arches, archNamed } from '../arches.mjs';
import { connectedTo } from '../machine.mjs';
import { setUp } from '../set-up.mjs';
import { sizeOf, sizeText } from '../size.mjs';

/** @param {Partial<import('../set-up.mjs').Wanted>} wanted */
const wanted = (wanted) => ({
  node: [],
  hotplug: [],
  memmapOnMemory: false,
  pmemMap: 'mem',
  pmemAlign: '2M',
  huge: [],
  hvo: false,
  append: '',
  qemuArg: [],
  run: [],
  ...wanted,
});
const x86 = archNamed('x86');

describe('a machine', () => {
  it('is 2 GiB and nothing else, unless something is wanted', () => {
    expect(setUp(x86, wanted({}))).toEqual({
      qemu: [
        ...['-M', 'pc,memory-backend=ram', '-cpu', 'max', '-smp', '1', '-m', '2G'],
        ...['-object', 'memory-backend-ram,id=ram,size=2G,reserve=off'],
      ],
      append: 'console=ttyS0 nokaslr panic=-1',
      modules: [],
      steps: [],
    });
  });

  it('of every architecture has its console, its machine and its CPU', () => {
    for (const arch of arches) {
      const { qemu, append } = setUp(arch, wanted({ append: 'quiet' }));
      expect(append).toBe(`console=${arch.console} nokaslr panic=-1 quiet`);
      expect(qemu.slice(0, 4)).toEqual(['-M', `${arch.machine},memory-backend=ram`, '-cpu', arch.cpu]);
    }
  });

  it('takes another CPU, machine, and arguments of QEMU', () => {
    const { qemu } = setUp(x86, wanted({ cpu: 'EPYC', machine: 'q35', qemuArg: ['-device', 'edu'] }));
    expect(qemu.slice(0, 4)).toEqual(['-M', 'q35,memory-backend=ram', '-cpu', 'EPYC']);
    expect(qemu.slice(-2)).toEqual(['-device', 'edu']);
  });

  it('has nodes whose memory adds up', () => {
    const { qemu } = setUp(x86, wanted({ node: ['1408M', '2G'] }));
    expect(qemu).toContain('3456M');
    expect(qemu.filter((arg) => arg.startsWith('node,'))).toEqual([
      'node,nodeid=0,memdev=node0,cpus=0',
      'node,nodeid=1,memdev=node1',
    ]);
    expect(qemu[1]).toBe('pc');
    expect(() => setUp(x86, wanted({ node: ['1G'], memory: '1G' }))).toThrow(/--memory and --node exclude each other/);
  });

  it('has huge pages, optimised or not', () => {
    expect(setUp(x86, wanted({ huge: ['2M:64', '1G:2'] })).append).toMatch(
      / hugepagesz=2M hugepages=64 hugepagesz=1G hugepages=2$/,
    );
    expect(setUp(x86, wanted({ huge: ['2M:64'], hvo: true })).append).toMatch(
      / hugetlb_free_vmemmap=on hugepagesz=2M hugepages=64$/,
    );
    for (const text of ['2M', '2M:', '2M:x', ':4', '2M:4:5']) {
      expect(() => setUp(x86, wanted({ huge: [text] }))).toThrow(/--huge needs/);
    }
  });
});

describe('memory that is added', () => {
  it('has a slot each, and room', () => {
    const { qemu, append, steps } = setUp(x86, wanted({ memory: '1G', hotplug: ['1G', '384M'], memmapOnMemory: true }));
    expect(qemu[qemu.indexOf('-m') + 1]).toBe('1G,slots=2,maxmem=4480M');
    expect(append).toContain('memory_hotplug.memmap_on_memory=1');
    expect(steps[0]).toEqual({ guest: 'echo online_movable > /sys/devices/system/memory/auto_online_blocks' });
    expect(steps.slice(1).map((step) => ('add' in step ? step.bytes : 0))).toEqual([2 ** 30, 384 * 2 ** 20]);
  });

  it('starts at a whole GiB where QEMU would put it right behind the memory', () => {
    const { steps } = setUp(archNamed('loongarch'), wanted({ memory: '1G', hotplug: ['512M', '1G'] }));
    const places = steps.flatMap((step) => ('add' in step ? step.add.map(({ args: { addr } }) => addr) : []));
    expect(places).toEqual([undefined, 0xc0000000, undefined, 0x100000000]);
  });

  it('comes by virtio-mem where the machine announces no other', () => {
    const { qemu, modules, steps } = setUp(archNamed('arm64'), wanted({ memory: '1G', hotplug: ['512M', '256M'] }));
    expect(qemu).toContain('memory-backend-ram,id=plugged,size=768M,reserve=off');
    expect(modules).toEqual(['virtio_mem']);
    const sizes = steps.flatMap((step) => ('add' in step ? step.add.map(({ args: { value } }) => value) : []));
    expect(sizes).toEqual([512 * 2 ** 20, 768 * 2 ** 20]);
  });

  it('is refused where the lab knows no way', () => {
    expect(() => setUp(archNamed('s390'), wanted({ hotplug: ['1G'] }))).toThrow(
      /running s390 machine; leave out --hotplug/,
    );
  });
});

describe('persistent memory', () => {
  it('gets a namespace with its struct pages where they are wanted', () => {
    const guest = (/** @type {string} */ pmemMap) =>
      setUp(x86, wanted({ memory: '1G', pmem: '2G', pmemMap })).steps.map((step) =>
        'guest' in step ? step.guest : '',
      );
    expect(guest('mem')).toContain('echo ram > /sys/bus/nd/devices/dax0.0/mode');
    expect(guest('dev')).toContain('echo pmem > /sys/bus/nd/devices/dax0.0/mode');
    expect(guest('dev')).toContain('echo 2097152 > /sys/bus/nd/devices/dax0.0/align');
    // Nothing works before the drivers are there.
    expect(guest('dev')[0]).toMatch(/insmod/);
  });

  it('is a part of the RAM that the kernel leaves alone, where there is no device for it', () => {
    const found = setUp(archNamed('riscv'), wanted({ memory: '1G', pmem: '2G' }));
    expect(found.pmemRegion).toEqual({ start: 2 ** 32, bytes: 2 ** 31 });
    // RAM starts at 2 GiB, the region at 4 GiB, and 1 GiB follows.
    expect(found.qemu[found.qemu.indexOf('-m') + 1]).toBe('5G');
    expect(found.qemu).toContain('memory-backend-ram,id=ram,size=5G,reserve=off');
    expect(found.append).toMatch(/ mem=1G$/);
    expect(found.modules).toContain('of_pmem');
    expect(setUp(x86, wanted({ pmem: '2G' })).pmemRegion).toBeUndefined();
    expect(() => setUp(archNamed('riscv'), wanted({ node: ['1G'], pmem: '1G' }))).toThrow(/--pmem and --node/);
  });

  it('is refused where the machine has none', () => {
    expect(() => setUp(archNamed('s390'), wanted({ pmem: '1G' }))).toThrow(/no persistent memory for s390/);
    expect(() => setUp(x86, wanted({ pmem: '1G', pmemMap: 'none' }))).toThrow(/--pmem-map is mem or dev/);
  });
});

it('what is to be run comes last', () => {
  const { steps } = setUp(x86, wanted({ memory: '1G', hotplug: ['1G'], run: ['echo 1', 'echo 2'] }));
  expect(steps.slice(-2)).toEqual([{ guest: 'echo 1' }, { guest: 'echo 2' }]);
});

it('QEMU is connected to the lab, and opens nothing itself', () => {
  const args = connectedTo('/c', '/m');
  expect(args.filter((arg) => arg.startsWith('socket,'))).toEqual([
    'socket,id=console,path=/c',
    'socket,id=monitor,path=/m',
  ]);
  expect(args).toContain('-nodefaults');
});

it('sizes are read and written', () => {
  for (const text of ['1', '64K', '1408M', '2G', '1T']) expect(sizeText(sizeOf(text, '--memory'))).toBe(text);
  expect(sizeOf('2048m', '--memory')).toBe(2 ** 31);
  for (const text of ['', '0', '2X', '-1G', '1.5G', '99999999T']) {
    expect(() => sizeOf(text, '--memory')).toThrow(/--memory/);
  }
});

it('an unknown architecture is named together with the known ones', () => {
  expect(() => archNamed('sparc')).toThrow(/"sparc"; choose one of x86, arm64, riscv, s390, powerpc, loongarch/);
});
