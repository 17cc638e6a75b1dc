import {
  type ArchPlugin,
  type Capability,
  definePlugin,
  type InitMm,
  type MemoryModel,
  type PopulateContext,
  type VmemmapArch,
  type VmemmapOps,
  type VmemmapWindow,
} from '@vmemmap/core';
import { config as fields, type ReferenceConfig } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { ReferenceOps } from './ops.ts';

/** The struct pages of a section fill one 2 MiB leaf: 32768 of 64 bytes. */
const MODEL: MemoryModel = {
  pageShift: 12,
  sectionSizeBits: 27,
  maxPhysmemBits: 40,
  structPageSize: 64,
  maxPageOrder: 10,
  bootGoal: 16 * 1024 * 1024,
};

/** 2^40 bytes of RAM have 16 GiB of struct pages. The first is that of pfn 0. */
const BASE = 0xffff_ffe0_0000_0000n;
const WINDOW: VmemmapWindow = { base: BASE, start: BASE, end: BASE + (16n << 30n) };

const ALWAYS: readonly Capability[] = [
  'altmap',
  'free',
  'no-execute',
  'page-directory-sync',
  'page-tables',
  'memory-hotplug',
  'memmap-on-memory',
  'optimize-dax-vmemmap',
  'optimize-hugetlb-vmemmap',
  'hugetlb-vmemmap-preinit',
];

class ReferenceArch implements VmemmapArch {
  readonly name = 'reference';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel = MODEL;
  readonly capabilities: readonly Capability[];
  readonly entryLayouts = entryLayouts;
  /** What a PMD maps, and what a root entry would. */
  readonly hugePageSizes: readonly number[] = [2 ** 21, 2 ** 30];
  readonly #config: ReferenceConfig;

  constructor(config: ReferenceConfig) {
    this.#config = config;
    this.config = { ...config };
    this.capabilities = config.hugePages ? ['huge-pages', ...ALWAYS] : ALWAYS;
  }

  window(): VmemmapWindow {
    return WINDOW;
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return new ReferenceOps(m, init, this.#config);
  }
}

/**
 * A made-up architecture that keeps every clause: 3 levels, 4 KiB pages, 2 MiB leaves. It is the worked example for
 * plugin authors and what the kit's own tests break on purpose.
 */
export const reference: ArchPlugin<ReferenceConfig> = definePlugin<ReferenceConfig>({
  name: 'reference',
  about: 'a made-up architecture that keeps every clause: 3 levels, 4 KiB pages, 2 MiB leaves',
  config: fields,
  capabilities: ['huge-pages', ...ALWAYS],
  variants: [
    { about: 'huge pages', config: {} },
    { about: 'base pages', config: { hugePages: false } },
  ],
  create: (config) => new ReferenceArch(config),
});
