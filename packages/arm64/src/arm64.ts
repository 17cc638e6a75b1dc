import {
  type ArchException,
  type ArchPlugin,
  type Capability,
  definePlugin,
  type EntryLayout,
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
import { type Arm64Config, config as fields } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { linearMap, memoryModel, vmemmapWindow } from './layout.ts';
import { Arm64Ops } from './ops.ts';
import { policiesOf } from './policies.ts';
import { recognise } from './recognise.ts';
import { resolveConfig } from './resolve.ts';

const EXCEPTIONS: readonly ArchException[] = [
  {
    name: 'frees-whole-leaves',
    why: 'arch/arm64/mm/mmu.c:unmap_hotplug_pmd_range and unmap_hotplug_pte_range clear and free any entry that the range touches; with 16K and 64K pages a base page holds struct pages of several subsections',
  },
  {
    name: 'checks-window',
    why: 'arch/arm64/mm/mmu.c:vmemmap_populate and vmemmap_free: WARN_ON((start < VMEMMAP_START) || (end > VMEMMAP_END))',
  },
];

/** Why struct pages are never shared: an entry that is in use must not change its output address in one step. */
const WITHOUT: Without = {
  'optimize-hugetlb-vmemmap':
    'arch/arm64/Kconfig selects no ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP: remapping struct pages in use would need break-before-make',
  'optimize-dax-vmemmap': 'arch/arm64/Kconfig selects no ARCH_WANT_OPTIMIZE_DAX_VMEMMAP',
};

/** arch/arm64/mm/hugetlbpage.c:arch_hugetlb_valid_size, by page size: PUD, contiguous PMDs, PMD, contiguous PTEs. */
const HUGE_PAGE_SIZES: Readonly<Record<number, readonly number[]>> = {
  4096: [2 ** 16, 2 ** 21, 2 ** 25, 2 ** 30],
  16384: [2 ** 21, 2 ** 25, 2 ** 30],
  65536: [2 ** 21, 2 ** 29, 2 ** 34],
};

class Arm64Arch implements VmemmapArch {
  readonly name = 'arm64';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly exceptions = EXCEPTIONS;
  readonly without: Without = WITHOUT;
  readonly hugePageSizes: readonly number[];
  readonly entryLayouts: readonly EntryLayout[];
  readonly #config: Arm64Config;

  constructor(given: Arm64Config) {
    const config = resolveConfig(given);
    this.#config = config;
    this.config = { ...config };
    this.model = memoryModel(config);
    this.entryLayouts = entryLayouts(config);
    // A block of 16K pages has struct pages of 64 sections, one of 64K pages of 1024: only 4K pages have any.
    this.capabilities = [
      ...(config.pageSize === 4096 ? (['huge-pages'] as const) : []),
      'altmap',
      'free',
      'no-execute',
      'page-tables',
      'memory-hotplug',
      'memmap-on-memory',
    ];
    this.hugePageSizes = HUGE_PAGE_SIZES[config.pageSize]!;
  }

  /** arch/arm64/mm/mmu.c:arch_get_mappable_range. */
  mappableRange(memory: Public<MemoryMap>, release: KernelRelease): { start: number; end: number } {
    return linearMap(this.#config, memory, policiesOf(release).randomisesMemstart);
  }

  window(memory: Public<MemoryMap>, release: KernelRelease): VmemmapWindow {
    return vmemmapWindow(this.#config, memory, policiesOf(release).randomisesMemstart);
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new Arm64Ops(m, init, this.#config);
  }
}

/**
 * arm64. Call it with what kernel and machine have and get the architecture for a `Machine`: `arm64()` is Debian's kernel
 * on a CPU with LPA2, `arm64({ lpa2: false })` the same on one without, `arm64({ pageSize: 16384 })` has 16K pages.
 */
export const arm64: ArchPlugin<Arm64Config> = definePlugin<Arm64Config>({
  name: 'arm64',
  about: 'arm64: 4K, 16K and 64K pages, 2 to 5 levels, 48- and 52-bit addresses',
  config: fields,
  capabilities: ['huge-pages', 'altmap', 'free', 'no-execute', 'page-tables', 'memory-hotplug', 'memmap-on-memory'],
  variants: [
    { about: '4K pages, 52 bits (LPA2): 5 levels', config: {} },
    { about: '4K pages, 52 bits on a CPU without LPA2: 4 levels', config: { lpa2: false } },
    { about: '4K pages, 48 bits: 4 levels', config: { vaBits: 48 } },
    { about: '4K pages, 39 bits: 3 levels', config: { vaBits: 39 } },
    { about: '16K pages, 52 bits (LPA2): 4 levels', config: { pageSize: 16384 } },
    { about: '16K pages, 52 bits on a CPU without LPA2: 3 levels', config: { pageSize: 16384, lpa2: false } },
    { about: '16K pages, 48 bits: 4 levels', config: { pageSize: 16384, vaBits: 48 } },
    { about: '16K pages, 47 bits: 3 levels', config: { pageSize: 16384, vaBits: 47 } },
    { about: '16K pages, 36 bits: 2 levels', config: { pageSize: 16384, vaBits: 36 } },
    { about: '64K pages, 52 bits (LVA, LPA): 3 levels', config: { pageSize: 65536 } },
    { about: '64K pages, 52 bits on a CPU without LVA: 3 levels', config: { pageSize: 65536, vaBitsActual: 48 } },
    { about: '64K pages, 48 bits: 3 levels', config: { pageSize: 65536, vaBits: 48 } },
    { about: '64K pages, 42 bits: 2 levels', config: { pageSize: 65536, vaBits: 42 } },
    { about: 'page-table isolation, tables rewritten', config: { kpti: true } },
    { about: 'page-table isolation from the start', config: { kpti: true, ngMappings: 'early' } },
  ],
  recognise,
  create: (config) => new Arm64Arch(config),
});
