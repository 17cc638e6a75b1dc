import {
  type ArchException,
  type ArchPlugin,
  type ArchVariant,
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
import { config as fields, type RiscvConfig } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { checkConfig, linearMapping, memoryModel, vmemmapWindow } from './layout.ts';
import { RiscvOps } from './ops.ts';
import { policiesOf } from './policies.ts';
import { recognise } from './recognise.ts';

/**
 * The same in every configuration. Root entries are made in advance for all address spaces, so there is no
 * page-directory sync.
 */
const WITHOUT_HVO: readonly Capability[] = [
  'huge-pages',
  'altmap',
  'free',
  'no-execute',
  'page-tables',
  'memory-hotplug',
  'memmap-on-memory',
  'optimize-dax-vmemmap',
];
const CAPABILITIES: readonly Capability[] = [...WITHOUT_HVO, 'optimize-hugetlb-vmemmap'];

/** arch/riscv/mm/hugetlbpage.c:__hugetlb_valid_size: 64 KiB are a Svnapot range. */
const NAPOT_SIZE = 2 ** 16;
const HUGE_PAGE_SIZES: readonly number[] = [2 ** 21, 2 ** 30];
/** arch/riscv/mm/init.c:arch_zone_limits_init: ZONE_DMA32 ends at 4 GiB. */
const ZONE_LIMITS: readonly number[] = [2 ** 32];

const EXCEPTIONS: readonly ArchException[] = [
  {
    name: 'frees-whole-leaves',
    why: 'arch/riscv/mm/init.c:remove_pmd_mapping clears and frees a leaf without a look at how much of it is asked for',
  },
  {
    name: 'checks-window',
    why: 'arch/riscv/mm/init.c:vmemmap_populate: WARN_ON((start < VMEMMAP_START) || (end > VMEMMAP_END)), since 7.2',
  },
];

const VARIANTS: readonly ArchVariant<RiscvConfig>[] = [
  { about: 'Sv57: 5 levels', config: {} },
  { about: 'Sv48: 4 levels', config: { mode: 'sv48' } },
  { about: 'Sv39: 3 levels', config: { mode: 'sv39' } },
  {
    about: 'T-Head C9xx: Sv39, memory attributes of its own',
    config: { mode: 'sv39', theadMae: true, svpbmt: false, svnapot: false },
  },
  { about: 'kernel without HVO: the window starts at a section', config: { hugetlbVmemmapOptimize: false } },
];

class RiscvArch implements VmemmapArch {
  readonly name = 'riscv';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly without: Without;
  readonly hugePageSizes: readonly number[];
  readonly zoneLimits = ZONE_LIMITS;
  readonly exceptions: readonly ArchException[] = EXCEPTIONS;
  readonly entryLayouts: readonly EntryLayout[];
  readonly #config: RiscvConfig;

  constructor(config: RiscvConfig) {
    checkConfig(config);
    this.#config = config;
    this.config = { ...config };
    this.model = memoryModel(config);
    this.capabilities = config.hugetlbVmemmapOptimize ? CAPABILITIES : WITHOUT_HVO;
    this.without = {
      'hugetlb-vmemmap-preinit': 'arch/riscv/Kconfig selects no ARCH_WANT_HUGETLB_VMEMMAP_PREINIT',
      ...(!config.hugetlbVmemmapOptimize && {
        'optimize-hugetlb-vmemmap': 'the kernel is built without CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP',
      }),
    };
    this.hugePageSizes = config.svnapot ? [NAPOT_SIZE, ...HUGE_PAGE_SIZES] : HUGE_PAGE_SIZES;
    this.entryLayouts = entryLayouts(config);
  }

  /** arch/riscv/mm/init.c:arch_get_mappable_range. */
  mappableRange(memory: Public<MemoryMap>): { start: number; end: number } {
    return linearMapping(this.#config, memory);
  }

  window(memory: Public<MemoryMap>, release: KernelRelease): VmemmapWindow {
    return vmemmapWindow(this.#config, memory, policiesOf(release));
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new RiscvOps(m, init, this.#config);
  }
}

/**
 * 64-bit RISC-V. Call it with what the machine has and get the architecture for a `Machine`:
 * `riscv()` is Sv57, as Debian's kernel boots on QEMU's `-cpu max`; `riscv({ mode: 'sv39' })` has 3 levels.
 */
export const riscv: ArchPlugin<RiscvConfig> = definePlugin<RiscvConfig>({
  name: 'riscv',
  about: 'RISC-V, 64 bits: Sv39, Sv48 and Sv57, 2 MiB pages, root entries made in advance',
  config: fields,
  capabilities: CAPABILITIES,
  variants: VARIANTS,
  recognise,
  create: (config) => new RiscvArch(config),
});
