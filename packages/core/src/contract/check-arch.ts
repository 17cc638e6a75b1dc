import { VmemmapError } from '../errors.ts';
import { CAPABILITIES, type Capability, type VmemmapArch, type VmemmapOps } from './arch.ts';
import { EXCEPTIONS } from './exception.ts';
import type { ArchPlugin } from './plugin.ts';
import type { VmemmapWalker } from './walker.ts';

/** What a capability needs the attached architecture to have. */
const NEEDS: Readonly<Record<Capability, readonly (keyof VmemmapOps)[]>> = {
  'huge-pages': [],
  altmap: [],
  free: [],
  'no-execute': [],
  'page-directory-sync': ['syncKernelMappings', 'createAddressSpace', 'rootBytes'],
  'page-tables': ['pageTable'],
  'memory-hotplug': [],
  'memmap-on-memory': [],
  'optimize-dax-vmemmap': ['pageTable'],
  'optimize-hugetlb-vmemmap': ['pageTable'],
  'hugetlb-vmemmap-preinit': ['pageTable'],
};

/** What a capability needs the walker to have. */
const WALKER_NEEDS: Readonly<Partial<Record<Capability, readonly (keyof VmemmapWalker)[]>>> = {
  'page-tables': ['tables', 'readEntry'],
};

/** Capabilities that are of no use without another. */
const IMPLIES: readonly (readonly [Capability, Capability])[] = [
  ['memmap-on-memory', 'memory-hotplug'],
  ['optimize-dax-vmemmap', 'memory-hotplug'],
  ['hugetlb-vmemmap-preinit', 'optimize-hugetlb-vmemmap'],
];

/**
 * Checks an architecture's own declarations against its plugin's and against the limits of the contract.
 * @throws VmemmapError `BAD_PLUGIN`
 */
export function checkArch(plugin: ArchPlugin, arch: VmemmapArch): void {
  const bad = (what: string): never => {
    throw new VmemmapError('BAD_PLUGIN', `plugin ${plugin.arch}: ${what}`);
  };
  if (typeof arch !== 'object' || arch === null) bad('its factory returned no architecture');
  for (const member of ['window', 'attach'] as const) {
    if (typeof arch[member] !== 'function') bad(`the architecture has no ${member}()`);
  }
  if (arch.name !== plugin.arch) bad(`its architecture calls itself ${JSON.stringify(arch.name)}`);
  for (const capability of arch.capabilities) {
    if (!CAPABILITIES.includes(capability)) bad(`declares the unknown capability ${JSON.stringify(capability)}`);
    if (!plugin.capabilities.includes(capability))
      bad(`the architecture has capability ${capability}, which the plugin does not declare`);
  }
  for (const [capability, other] of IMPLIES) {
    if (arch.capabilities.includes(capability) && !arch.capabilities.includes(other))
      bad(`capability ${capability} needs capability ${other}`);
  }
  for (const size of arch.hugePageSizes ?? []) {
    if (!Number.isInteger(Math.log2(size)) || size <= 2 ** arch.model.pageShift)
      bad(`a huge page size must be a power of two above the page size, not ${size}`);
  }
  for (const { name } of arch.exceptions ?? []) {
    if (!EXCEPTIONS.includes(name)) bad(`declares the unknown exception ${JSON.stringify(name)}`);
  }
  const { pageShift, sectionSizeBits, maxPhysmemBits, structPageSize, maxPageOrder, bootGoal } = arch.model;
  const whole = (name: string, value: number, min: number, max: number): void => {
    if (!Number.isSafeInteger(value) || value < min || value > max)
      bad(`${name} must be ${min} to ${max}, not ${value}`);
  };
  whole('model.pageShift', pageShift, 12, 16);
  whole('model.sectionSizeBits', sectionSizeBits, 21, 52);
  whole('model.maxPhysmemBits', maxPhysmemBits, sectionSizeBits, 53);
  whole('model.structPageSize', structPageSize, 8, 4096);
  whole('model.maxPageOrder', maxPageOrder, 0, 30);
  whole('model.bootGoal', bootGoal, 0, 2 ** 52);
  if (arch.physicalBits !== undefined) whole('physicalBits', arch.physicalBits, sectionSizeBits, 64);
  if (structPageSize % 8 !== 0) bad(`model.structPageSize must be a multiple of 8, not ${structPageSize}`);
}

/**
 * Checks that an attached architecture has what its capabilities need.
 * @throws VmemmapError `BAD_PLUGIN`, naming plugin, capability and what is missing
 */
export function checkOps(arch: VmemmapArch, ops: VmemmapOps): void {
  const required: (keyof VmemmapOps)[] = ['initMm', 'vmemmapPopulate', 'vmemmapFree', 'walker'];
  for (const member of required) {
    if (ops[member] === undefined)
      throw new VmemmapError('BAD_PLUGIN', `plugin ${arch.name}: attach() returned no ${member}`);
  }
  for (const member of ['walk', 'translate'] as const) {
    if (ops.walker[member] === undefined)
      throw new VmemmapError('BAD_PLUGIN', `plugin ${arch.name}: its walker has no ${member}()`);
  }
  if (arch.capabilities.includes('hugetlb-vmemmap-preinit') && ops.pageTable?.format.writeProtect === undefined)
    throw new VmemmapError(
      'BAD_PLUGIN',
      `plugin ${arch.name} declares capability hugetlb-vmemmap-preinit but its format has no writeProtect()`,
    );
  for (const capability of arch.capabilities) {
    const missing =
      NEEDS[capability].find((member) => ops[member] === undefined) ??
      WALKER_NEEDS[capability]?.find((member) => ops.walker[member] === undefined);
    if (missing !== undefined) {
      throw new VmemmapError(
        'BAD_PLUGIN',
        `plugin ${arch.name} declares capability ${capability} but has no ${missing}`,
      );
    }
  }
}
