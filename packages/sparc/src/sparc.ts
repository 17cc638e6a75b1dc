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
  type Without,
} from '@vmemmap/core';
import { type Chip, chipOf, machineOf } from './chips.ts';
import { config as fields, type SparcConfig } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { checkConfig, checkMemory, memoryModel, vmemmapWindow } from './layout.ts';
import { SparcOps } from './ops.ts';
import { recognise } from './recognise.ts';

/**
 * No `altmap`: it is ignored. No `free`: there is no memory hotplug. No `no-execute`: sun4u has no such bit in its TTE
 * and PAGE_KERNEL sets that of sun4v, so base pages can be executed on both; only PMD leaves on sun4v cannot.
 */
const CAPABILITIES: readonly Capability[] = ['huge-pages', 'page-tables'];

const WITHOUT: Without = {
  'memory-hotplug': 'arch/sparc/Kconfig selects no ARCH_ENABLE_MEMORY_HOTPLUG',
  altmap: 'arch/sparc/mm/init_64.c:vmemmap_populate passes NULL on',
  'optimize-hugetlb-vmemmap': 'arch/sparc/Kconfig selects no ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP',
};

/** arch/sparc/mm/init_64.c:hugetlbpage_init: 64 KiB, 8 MiB, 256 MiB, 2 GiB, 16 GiB. */
const HUGE_PAGE_SIZES: readonly number[] = [2 ** 16, 2 ** 23, 2 ** 28, 2 ** 31, 2 ** 34];

class SparcArch implements VmemmapArch {
  readonly name = 'sparc';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities = CAPABILITIES;
  readonly without: Without = WITHOUT;
  readonly hugePageSizes = HUGE_PAGE_SIZES;
  /** No chip has as many as MAX_PHYSMEM_BITS. */
  readonly physicalBits: number;
  readonly entryByteOrder = 'big';
  readonly entryLayouts: readonly EntryLayout[];
  readonly #chip: Chip;

  constructor(config: SparcConfig) {
    checkConfig(config);
    const chip = chipOf(config);
    this.#chip = chip;
    this.model = memoryModel(config, chip);
    this.physicalBits = chip.maxPhysBits;
    this.config = {
      ...config,
      chip: chip.name,
      machine: machineOf(chip),
      tlb: machineOf(chip),
      tlbType: chip.tlbType,
      maxPhysBits: chip.maxPhysBits,
      vaHoleBottom: chip.vaHoleBottom,
      structPageSize: this.model.structPageSize,
    };
    this.entryLayouts = entryLayouts(chip);
  }

  window(memory: Public<MemoryMap>): VmemmapWindow {
    checkMemory(memory, this.#chip);
    return vmemmapWindow(this.#chip);
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new SparcOps(m, init, this.#chip);
  }
}

/**
 * sparc64. Call it with what the machine has and get the architecture for a `Machine`: `sparc()` is an UltraSPARC I
 * or II, `sparc({ chip: 'niagara4' })` a T4.
 */
export const sparc: ArchPlugin<SparcConfig> = definePlugin<SparcConfig>({
  name: 'sparc',
  about: 'sparc64: 4 levels, 8 MiB leaves of two 4 MiB TTEs, walked by the TLB miss handler',
  config: fields,
  capabilities: CAPABILITIES,
  variants: [
    { about: 'sun4u, UltraSPARC I, II, IIi', config: {} },
    { about: 'the same without MEMCG: struct pages of 64 bytes', config: { memcg: false } },
    { about: 'sun4u, UltraSPARC III', config: { chip: 'cheetah' } },
    { about: 'sun4u, UltraSPARC III+, IIIi, IV, IV+', config: { chip: 'cheetah+' } },
    { about: 'sun4v, UltraSPARC T1, T2 (Niagara)', config: { chip: 'niagara1' } },
    { about: 'sun4v, SPARC T3', config: { chip: 'niagara3' } },
    { about: 'sun4v, SPARC T4, T5, M6, SPARC64 X', config: { chip: 'niagara4' } },
    { about: 'sun4v, SPARC M7, T7, S7: bit 9 is mcde', config: { chip: 'm7' } },
    { about: 'sun4v, SPARC M8, T8: 53 bits of virtual address', config: { chip: 'm8' } },
  ],
  create: (config) => new SparcArch(config),
  recognise,
});
