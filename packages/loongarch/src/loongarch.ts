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
} from '@vmemmap/core';
import { config as fields, type LoongarchConfig } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { tableLevels } from './geometry.ts';
import { completeConfig, memoryModel, vmemmapWindow } from './layout.ts';
import { LoongarchOps } from './ops.ts';

class LoongarchArch implements VmemmapArch {
  readonly name = 'loongarch';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly entryLayouts: readonly EntryLayout[];
  readonly #input: LoongarchConfig;

  constructor(input: LoongarchConfig) {
    const config = completeConfig(input, findRelease(defaultRelease));
    this.#input = input;
    this.config = { ...config };
    this.model = memoryModel(config);
    // With two levels struct pages lie in base pages.
    this.capabilities = config.levels > 2 ? ['huge-pages', 'page-tables'] : ['page-tables'];
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
  capabilities: ['huge-pages', 'page-tables'],
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
  create: (config) => new LoongarchArch(config),
});
