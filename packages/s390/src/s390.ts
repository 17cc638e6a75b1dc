import {
  type ArchException,
  type ArchPlugin,
  type Capability,
  defaultRelease,
  definePlugin,
  findRelease,
  hex,
  type InitMm,
  type KernelRelease,
  type MemoryMap,
  type MemoryModel,
  type PopulateContext,
  type Public,
  parseConfig,
  type VmemmapArch,
  VmemmapError,
  type VmemmapOps,
  type VmemmapWindow,
  type Without,
} from '@vmemmap/core';
import { config as fields, type S390Config } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { checkConfig, type KernelLayout, kernelLayout, memoryModel } from './layout.ts';
import { S390Ops } from './ops.ts';
import { policiesOf } from './policies.ts';
import { recognise } from './recognise.ts';

const EXCEPTIONS: readonly ArchException[] = [
  {
    name: 'node-ignored',
    why: 'arch/s390/mm/vmem.c:vmemmap_populate: memory from any node will do (NUMA_NO_NODE), and vmemmap_verify() is not called',
  },
];

const WITHOUT: Without = {
  'optimize-hugetlb-vmemmap': 'arch/s390/Kconfig selects no ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP',
  'optimize-dax-vmemmap': 'arch/s390/Kconfig selects no ARCH_WANT_OPTIMIZE_DAX_VMEMMAP',
};

class S390Arch implements VmemmapArch {
  readonly name = 's390';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly exceptions = EXCEPTIONS;
  readonly without: Without = WITHOUT;
  /** arch/s390/mm/hugetlbpage.c:arch_hugetlb_valid_size: frames of 1 MiB and of 2 GiB. */
  readonly hugePageSizes: readonly number[];
  readonly entryByteOrder = 'big';
  readonly entryLayouts = entryLayouts;
  readonly #config: S390Config;

  constructor(config: S390Config) {
    checkConfig(config);
    this.#config = config;
    this.config = { ...config };
    this.model = this.modelOn(findRelease(defaultRelease));
    this.capabilities = [
      ...(config.edat1 ? (['huge-pages'] as const) : []),
      'altmap',
      'free',
      ...(config.nx ? (['no-execute'] as const) : []),
      'page-tables',
      'memory-hotplug',
      'memmap-on-memory',
    ];
    this.hugePageSizes = [...(config.edat1 ? [2 ** 20] : []), ...(config.edat2 ? [2 ** 31] : [])];
  }

  modelOn(release: KernelRelease): MemoryModel {
    return memoryModel(onRelease(this.#config, release));
  }

  window(memory: Public<MemoryMap>, release: KernelRelease): VmemmapWindow {
    const { vmemmap, vmemmapSize, identMapSize } = kernelLayout(onRelease(this.#config, release), memory.end);
    if (BigInt(memory.end) > identMapSize) {
      throw new VmemmapError(
        'BAD_MEMORY_MAP',
        `RAM ends at ${hex(memory.end)}, but with this configuration the kernel uses memory up to ${hex(identMapSize)} only; ${
          this.#config.identMapSize === undefined ? 'give less RAM, or 4 levels by kaslr' : 'give a larger identMapSize'
        }`,
        '@vmemmap/s390',
      );
    }
    return { base: vmemmap, start: vmemmap, end: vmemmap + vmemmapSize };
  }

  /** arch/s390/mm/vmem.c:arch_get_mappable_range. */
  mappableRange(memory: Public<MemoryMap>, release: KernelRelease): { start: number; end: number } {
    return { start: 0, end: Number(kernelLayout(onRelease(this.#config, release), memory.end).maxMappable) };
  }

  hasZoneDevice(release: KernelRelease): boolean {
    return policiesOf(release).zoneDevice;
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new S390Ops(m, init, this.#config, kernelLayout(onRelease(this.#config, m.release), m.memory.end));
  }
}

// What a configuration leaves to the release.
function onRelease(config: S390Config, release: KernelRelease): S390Config {
  return { ...config, sectionSizeBits: config.sectionSizeBits || policiesOf(release).sectionSizeBits };
}

/**
 * s390x. Call it with what the machine has and get the architecture for a `Machine`: `s390()` has 1 MiB frames (EDAT1),
 * as machines since z10 do; `s390({ edat1: false, edat2: false })` has base pages only. Where the vmemmap lies, and
 * whether there are 3 levels or 4, follows from the memory map.
 */
export const s390: ArchPlugin<S390Config> = definePlugin<S390Config>({
  name: 's390',
  about: 's390x: 3 and 4 levels, 1 MiB frames or base pages, a layout that follows from the memory',
  config: fields,
  capabilities: ['huge-pages', 'altmap', 'free', 'no-execute', 'page-tables', 'memory-hotplug', 'memmap-on-memory'],
  variants: [
    { about: '3 levels, 1 MiB frames', config: {} },
    { about: 'base pages only', config: { edat1: false, edat2: false } },
    { about: '4 levels, kernel beyond 4 TiB', config: { kernelImageBase: 0x7ff_e000_0000n } },
    { about: '4 levels, 8 TiB and KASLR', config: { kaslr: true, kaslrSlot: 1000, identMapSize: 1n << 43n } },
    { about: 'KASAN', config: { kasan: true } },
    { about: 'no NX', config: { nx: false } },
  ],
  recognise,
  create: (config) => new S390Arch(config),
});

/**
 * Where a kernel has its vmemmap and what lies around it, as the boot code works it out.
 * @param memoryEnd end of RAM in bytes, which `identMapSize` of the configuration overrides
 * @throws VmemmapError `BAD_CONFIG`
 */
export function s390Layout(
  config: Partial<S390Config>,
  memoryEnd: number,
  release: KernelRelease = findRelease(defaultRelease),
): KernelLayout {
  const complete = parseConfig('@vmemmap/s390', fields, config) as object as S390Config;
  checkConfig(complete);
  return kernelLayout(onRelease(complete, release), memoryEnd);
}
