// @ts-check
import { LOAD_MODULES } from './initramfs.mjs';
import { LabError } from './lab-error.mjs';
import { sizeOf, sizeText } from './size.mjs';

/**
 * What the machine is to be, as asked for on the command line.
 * @typedef {object} Wanted
 * @property {string} [memory]
 * @property {readonly string[]} node memory of each node; instead of memory
 * @property {readonly string[]} hotplug memory that is added to the running machine, one after the other
 * @property {boolean} memmapOnMemory
 * @property {string} [pmem]
 * @property {string} pmemMap mem or dev: where the struct pages of persistent memory lie
 * @property {string} pmemAlign
 * @property {readonly string[]} huge SIZE:COUNT
 * @property {boolean} hvo
 * @property {string} append added to the kernel's command line
 * @property {string} [cpu]
 * @property {string} [machine]
 * @property {readonly string[]} qemuArg
 * @property {readonly string[]} run
 */

/**
 * One thing that is done to the running machine.
 * @typedef {{ guest: string } | { add: QmpCommand[], bytes: number }} Step
 * a command in the guest, or commands of the monitor that add so much memory, which the guest then has to take online
 */

/** @typedef {{ command: string, args: Record<string, unknown> }} QmpCommand */

/**
 * @typedef {object} SetUp
 * @property {readonly string[]} qemu arguments
 * @property {string} append the kernel's command line
 * @property {readonly string[]} modules that the steps need, by name
 * @property {readonly Step[]} steps
 * @property {{ start: number, bytes: number } | undefined} pmemRegion RAM that the device tree is to call persistent
 */

/** A slot starts at such an address at most, and so does every memory block of every kernel here. */
const SLOT_ALIGNMENT = 2 ** 30;

/** @param {readonly number[]} numbers */
function sumOf(numbers) {
  return numbers.reduce((sum, one) => sum + one, 0);
}

/**
 * How a machine is started, and what is done to it, so that it becomes what is wanted.
 * @param {import('./arches.mjs').LabArch} arch
 * @param {Wanted} wanted
 * @returns {SetUp}
 */
export function setUp(arch, wanted) {
  const boot = ram(wanted);
  const bootBytes = sumOf(boot.memory ?? []);
  const parts = [boot, hugePages(wanted), hotplug(arch, wanted, bootBytes), pmem(arch, wanted, bootBytes)];
  const machine = [wanted.machine ?? arch.machine, ...parts.flatMap((part) => part.machine ?? [])].join(',');
  const memory = sumOf(parts.flatMap((part) => part.memory ?? []));
  const slots = sumOf(parts.map((part) => part.slots ?? 0));
  const room = sumOf(parts.map((part) => part.room ?? 0));
  const limits = slots === 0 ? '' : `,slots=${slots},maxmem=${sizeText(memory + room + slots * SLOT_ALIGNMENT)}`;
  const modules = parts.flatMap((part) => part.modules ?? []);
  return {
    qemu: [
      ...['-M', machine, '-cpu', wanted.cpu ?? arch.cpu, '-smp', '1', '-m', `${sizeText(memory)}${limits}`],
      // reserve=off: a machine of 64 GiB boots on a small host, which gives only what the guest touches.
      ...(wanted.node.length > 0 ? [] : ['-object', `memory-backend-ram,id=ram,size=${sizeText(memory)},reserve=off`]),
      ...parts.flatMap((part) => part.qemu ?? []),
      ...wanted.qemuArg,
    ],
    append: [`console=${arch.console} nokaslr panic=-1`, ...parts.flatMap((part) => part.append ?? []), wanted.append]
      .filter((text) => text !== '')
      .join(' '),
    modules,
    pmemRegion: parts.find((part) => part.pmemRegion !== undefined)?.pmemRegion,
    steps: [
      ...(modules.length > 0 ? [{ guest: LOAD_MODULES }] : []),
      ...parts.flatMap((part) => part.steps ?? []),
      ...wanted.run.map((guest) => ({ guest })),
    ],
  };
}

/**
 * What one wish adds to the machine.
 * @typedef {object} Part
 * @property {string[]} [machine] properties of QEMU's machine
 * @property {number[]} [memory] bytes of RAM
 * @property {{ start: number, bytes: number }} [pmemRegion]
 * @property {number} [slots] for memory devices
 * @property {number} [room] bytes of memory devices
 * @property {string[]} [qemu]
 * @property {string[]} [append]
 * @property {string[]} [modules]
 * @property {Step[]} [steps]
 */

/**
 * @param {Wanted} wanted
 * @returns {Part}
 */
function ram({ memory, node }) {
  if (node.length === 0) {
    return { machine: ['memory-backend=ram'], memory: [sizeOf(memory ?? '2G', '--memory')] };
  }
  if (memory !== undefined) throw new LabError('--memory and --node exclude each other: the nodes hold all memory');
  const sizes = node.map((text) => sizeOf(text, '--node'));
  const qemu = sizes.flatMap((bytes, n) => [
    ...['-object', `memory-backend-ram,id=node${n},size=${sizeText(bytes)},reserve=off`],
    ...['-numa', `node,nodeid=${n},memdev=node${n}${n === 0 ? ',cpus=0' : ''}`],
  ]);
  return { memory: sizes, qemu };
}

/**
 * @param {Wanted} wanted
 * @returns {Part}
 */
function hugePages({ huge, hvo }) {
  const append = huge.map((text) => {
    const [size = '', count = '', ...more] = text.split(':');
    sizeOf(size, '--huge');
    if (more.length > 0 || !/^\d+$/.test(count))
      throw new LabError(`--huge needs SIZE:COUNT such as 2M:64, not "${text}"`);
    return `hugepagesz=${size} hugepages=${count}`;
  });
  return { append: hvo ? ['hugetlb_free_vmemmap=on', ...append] : append };
}

/** Memory blocks that appear are taken online at once, as memory that can be removed. */
const AUTO_ONLINE = { guest: 'echo online_movable > /sys/devices/system/memory/auto_online_blocks' };

/**
 * @param {import('./arches.mjs').LabArch} arch
 * @param {Wanted} wanted
 * @param {number} bootBytes memory at boot
 * @returns {Part}
 */
function hotplug(arch, { hotplug: texts, memmapOnMemory }, bootBytes) {
  const append = memmapOnMemory ? ['memory_hotplug.memmap_on_memory=1'] : [];
  if (texts.length === 0) return { append };
  const sizes = texts.map((text) => sizeOf(text, '--hotplug'));
  const all = sumOf(sizes);
  switch (arch.hotplug) {
    case 'dimm':
      return {
        append,
        slots: sizes.length,
        room: all,
        steps: [AUTO_ONLINE, ...dimms(sizes, arch.memoryEnd?.(bootBytes))],
      };
    case 'virtio-mem':
      return {
        append,
        slots: 1,
        room: all,
        qemu: [
          ...['-object', `memory-backend-ram,id=plugged,size=${sizeText(all)},reserve=off`],
          ...['-device', 'virtio-mem-pci,id=plug,memdev=plugged,requested-size=0'],
        ],
        modules: ['virtio_mem'],
        steps: [AUTO_ONLINE, ...sizes.map(grown)],
      };
    default:
      throw new LabError(`the lab cannot add memory to a running ${arch.name} machine; leave out --hotplug`);
  }
}

/**
 * @param {readonly number[]} sizes
 * @param {number | undefined} end of the memory at boot, where QEMU's own choice of addresses will not do
 * @returns {Step[]}
 */
function dimms(sizes, end) {
  let next = end;
  return sizes.map((bytes, n) => {
    const backend = { 'qom-type': 'memory-backend-ram', id: `dimm-memory${n}`, size: bytes };
    const addr = next === undefined ? undefined : Math.ceil(next / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
    const device = { driver: 'pc-dimm', id: `dimm${n}`, memdev: backend.id, ...(addr === undefined ? {} : { addr }) };
    if (addr !== undefined) next = addr + bytes;
    const add = [
      { command: 'object-add', args: backend },
      { command: 'device_add', args: device },
    ];
    return { bytes, add };
  });
}

/**
 * @param {number} bytes
 * @param {number} n
 * @param {readonly number[]} sizes
 * @returns {Step}
 */
function grown(bytes, n, sizes) {
  const value = sumOf(sizes.slice(0, n + 1));
  return { bytes, add: [{ command: 'qom-set', args: { path: 'plug', property: 'requested-size', value } }] };
}

/**
 * Until a condition holds; the command's deadline bounds it.
 * @param {string} condition
 */
function guestWaits(condition) {
  return `until ${condition}; do sleep 0.05; done`;
}

/** What the kernel calls them in sysfs (drivers/nvdimm/pfn_devs.c, mode_show). */
const PMEM_MODES = new Map([
  ['mem', 'ram'],
  ['dev', 'pmem'],
]);

/**
 * Persistent memory with a device-dax namespace on all of it.
 * @param {import('./arches.mjs').LabArch} arch
 * @param {Wanted} wanted
 * @param {number} bootBytes memory at boot
 * @returns {Part}
 */
function pmem(arch, { pmem: text, pmemMap, pmemAlign, node }, bootBytes) {
  if (text === undefined) return {};
  const bytes = sizeOf(text, '--pmem');
  const mode = PMEM_MODES.get(pmemMap);
  if (mode === undefined) throw new LabError(`--pmem-map is mem or dev, not "${pmemMap}"`);
  const namespace = {
    modules: ['nd_pmem', 'device_dax', 'dax_pmem'],
    steps: namespaceSteps(mode, sizeOf(pmemAlign, '--pmem-align')),
  };
  if (arch.pmem === undefined)
    throw new LabError(`the lab has no persistent memory for ${arch.name}; leave out --pmem`);
  if (arch.pmem === 'nvdimm') {
    return {
      machine: ['nvdimm=on'],
      slots: 1,
      room: bytes,
      qemu: [
        ...['-object', `memory-backend-ram,id=pmem,size=${sizeText(bytes)},reserve=off`],
        ...['-device', 'nvdimm,memdev=pmem,id=nvdimm'],
      ],
      ...namespace,
      modules: [...namespace.modules, 'nfit'],
    };
  }
  if (node.length > 0) throw new LabError(`--pmem and --node exclude each other on ${arch.name}`);
  const { ramStart } = arch.pmem;
  const start = Math.ceil((ramStart + bootBytes) / REGION_ALIGNMENT) * REGION_ALIGNMENT;
  return {
    // The machine is so large, and the kernel told to leave the rest alone. Firmware puts its own at the very end.
    memory: [start + bytes + REGION_END - ramStart - bootBytes],
    append: [`mem=${sizeText(bootBytes)}`],
    pmemRegion: { start, bytes },
    ...namespace,
    modules: [...namespace.modules, 'of_pmem'],
  };
}

/** Where a region may start, and what is left of the RAM behind it. */
const REGION_ALIGNMENT = 2 ** 32;
const REGION_END = 2 ** 30;

/**
 * @param {string} mode
 * @param {number} align
 * @returns {Step[]}
 */
function namespaceSteps(mode, align) {
  const dax = '/sys/bus/nd/devices/dax0.0';
  const commands = [
    // Devices of the bus are registered in the background.
    guestWaits('[ -e /sys/bus/nd/drivers/nd_pmem/namespace0.0 ]'),
    'echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/unbind',
    `cat /proc/sys/kernel/random/uuid > ${dax}/uuid`,
    `echo ${mode} > ${dax}/mode`,
    `echo ${align} > ${dax}/align`,
    `echo namespace0.0 > ${dax}/namespace`,
    'echo dax0.0 > /sys/bus/nd/drivers/dax_pmem/bind',
    guestWaits('[ -e /sys/bus/dax/drivers/device_dax/dax0.0 ]'),
  ];
  return commands.map((guest) => ({ guest }));
}
