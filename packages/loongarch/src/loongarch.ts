import {
  type ArchPlugin,
  type Capability,
  defaultRelease,
  definePlugin,
  type EntryLayout,
  findRelease,
  type InitMm,
  type KernelRelease,
  type MemoryMap,
  type MemoryModel,
  type PopulateContext,
  type Public,
  type VmemmapArch,
  type VmemmapOps,
  type VmemmapWindow,
  type Without,
} from '@vmemmap/core';
import { config as fields, type LoongarchConfig } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { tableLevels } from './geometry.ts';
import { completeConfig, memoryModel, vmemmapWindow } from './layout.ts';
import { LoongarchOps } from './ops.ts';
import { recognise } from './recognise.ts';

const ALWAYS: readonly Capability[] = ['page-tables', 'memory-hotplug', 'optimize-hugetlb-vmemmap'];
const WITHOUT: Without = {
  altmap: 'arch/loongarch/mm/init.c:vmemmap_populate passes NULL on',
  free: 'arch/loongarch/mm/init.c:vmemmap_free is empty',
  'memmap-on-memory': 'arch/loongarch/Kconfig selects no ARCH_MHP_MEMMAP_ON_MEMORY_ENABLE',
  'optimize-dax-vmemmap': 'arch/loongarch/Kconfig selects no ARCH_WANT_OPTIMIZE_DAX_VMEMMAP',
  'hugetlb-vmemmap-preinit': 'arch/loongarch/Kconfig selects no ARCH_WANT_HUGETLB_VMEMMAP_PREINIT',
};
/** arch/loongarch/mm/init.c:arch_zone_limits_init: ZONE_DMA32 ends at 4 GiB. */
const ZONE_LIMITS: readonly number[] = [2 ** 32];

class LoongarchArch implements VmemmapArch {
  readonly name = 'loongarch';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly without: Without = WITHOUT;
  readonly hugePageSizes: readonly number[];
  readonly zoneLimits = ZONE_LIMITS;
  readonly entryLayouts: readonly EntryLayout[];
  readonly #input: LoongarchConfig;

  constructor(input: LoongarchConfig) {
    const config = completeConfig(input, findRelease(defaultRelease));
    this.#input = input;
    this.config = { ...config };
    this.model = memoryModel(config);
    // With two levels struct pages lie in base pages.
    this.capabilities = [...(config.levels > 2 ? (['huge-pages'] as const) : []), ...ALWAYS];
    // A PMD of the levels that the kernel folds away or not: 2^(page shift - 3) pages.
    this.hugePageSizes = [config.pageSize * (config.pageSize / 8)];
    this.entryLayouts = entryLayouts(tableLevels(config));
  }

  /** A struct page is as large as the release makes it, unless the configuration says. */
  modelOn(release: KernelRelease): MemoryModel {
    return memoryModel(completeConfig(this.#input, release));
  }

  window(_memory: Public<MemoryMap>, release: KernelRelease): VmemmapWindow {
    return vmemmapWindow(completeConfig(this.#input, release), release);
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new LoongarchOps(m, init, completeConfig(this.#input, m.release));
  }
}

/**
 * LoongArch, 64-bit. Call it with what the machine has and get the architecture for a `Machine`: `loongarch()` is
 * Debian's kernel with 16K pages and 3 levels on a 3A5000.
 */
export const loongarch: ArchPlugin<LoongarchConfig> = definePlugin<LoongarchConfig>({
  name: 'loongarch',
  about: 'LoongArch: 4K, 16K and 64K pages, 2 to 4 levels, empty entries that point to invalid tables; never frees',
  config: fields,
  capabilities: ['huge-pages', ...ALWAYS],
  variants: [
    { about: '16K pages, 3 levels', config: {} },
    { about: '16K pages, 3 levels, no KFENCE', config: { kfence: false } },
    { about: '4K pages, 4 levels', config: { pageSize: 4096, levels: 4 } },
    { about: '64K pages, 3 levels', config: { pageSize: 65536 } },
    { about: '64K pages, 2 levels', config: { pageSize: 65536, levels: 2 } },
    { about: '4K pages, 3 levels, 40-bit CPU', config: { pageSize: 4096, cpuPabits: 39, cpuVabits: 39 } },
    { about: '16K pages, 2 levels, 40-bit CPU', config: { levels: 2, cpuPabits: 39, cpuVabits: 39 } },
    {
      about: '4K pages, 2 levels, 34-bit physical',
      config: { pageSize: 4096, levels: 2, cpuPabits: 33, cpuVabits: 39 },
    },
  ],
  recognise,
  create: (config) => new LoongarchArch(config),
});
