import {
  type ArchPlugin,
  type Capability,
  definePlugin,
  type EntryLayout,
  type InitMm,
  type MemoryMap,
  type MemoryModel,
  type PopulateContext,
  type Public,
  type VmemmapArch,
  type VmemmapOps,
  type VmemmapWindow,
} from '@vmemmap/core';
import { config as fields, type X86Config } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { X86Format } from './format.ts';
import { checkConfig, checkMemory, memoryModel, vmemmapWindow } from './layout.ts';
import { X86Ops } from './ops.ts';
import { recognise } from './recognise.ts';

const ALWAYS: readonly Capability[] = [
  'page-directory-sync',
  'page-tables',
  'memory-hotplug',
  'memmap-on-memory',
  'optimize-dax-vmemmap',
  'optimize-hugetlb-vmemmap',
  'hugetlb-vmemmap-preinit',
];

/** arch/x86/mm/hugetlbpage.c:arch_hugetlb_valid_size: 2 MiB, and 1 GiB with GBPAGES, as every CPU modelled here has. */
const HUGE_PAGE_SIZES: readonly number[] = [2 ** 21, 2 ** 30];
/** arch/x86/mm/init.c:arch_zone_limits_init: ZONE_DMA ends at 16 MiB, ZONE_DMA32 at 4 GiB. */
const ZONE_LIMITS: readonly number[] = [2 ** 24, 2 ** 32];

class X86Arch implements VmemmapArch {
  readonly name = 'x86';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly hugePageSizes: readonly number[];
  readonly zoneLimits = ZONE_LIMITS;
  readonly physicalBits: number;
  readonly entryLayouts: readonly EntryLayout[];
  readonly #config: X86Config;

  constructor(config: X86Config) {
    checkConfig(config);
    this.#config = config;
    this.config = { ...config };
    this.model = memoryModel(config);
    this.entryLayouts = entryLayouts(config);
    // The C-bit is no address bit, and none lies above it.
    this.physicalBits = config.memoryEncryption ? config.encryptionBit : config.physicalAddressBits;
    // Without PSE there are no huge pages, and an altmap is refused.
    this.capabilities = [
      ...(config.pse ? (['huge-pages', 'altmap'] as const) : []),
      'free',
      ...(config.nx ? (['no-execute'] as const) : []),
      ...ALWAYS,
    ];
    this.hugePageSizes = config.pse ? HUGE_PAGE_SIZES : [];
  }

  window(memory: Public<MemoryMap>): VmemmapWindow {
    checkMemory(this.#config, memory.end);
    return vmemmapWindow(this.#config);
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new X86Ops(m, init, this.#config, new X86Format(this.#config));
  }
}

/**
 * x86-64. Call it with what the machine has and get the architecture for a `Machine`:
 * `x86()` is 5-level with 2 MiB pages, as a current server boots; `x86({ la57: false })` has 4 levels.
 */
export const x86: ArchPlugin<X86Config> = definePlugin<X86Config>({
  name: 'x86',
  about: 'x86-64: 4 and 5 levels, 2 MiB or base pages, page-directory sync',
  config: fields,
  capabilities: ['huge-pages', 'altmap', 'free', 'no-execute', ...ALWAYS],
  variants: [
    { about: '5 levels, 2 MiB pages', config: {} },
    { about: '4 levels, 2 MiB pages', config: { la57: false } },
    { about: 'base pages only', config: { pse: false } },
    { about: 'page-table isolation', config: { pti: true } },
    { about: 'no NX, no global pages', config: { nx: false, pge: false } },
    { about: 'memory encryption', config: { memoryEncryption: true } },
  ],
  recognise,
  create: (config) => new X86Arch(config),
});
