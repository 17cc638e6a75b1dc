import {
  type ArchException,
  type ArchPlugin,
  type Capability,
  definePlugin,
  type EntryLayout,
  type InitMm,
  type MemoryModel,
  type PopulateContext,
  type VmemmapArch,
  type VmemmapOps,
  type VmemmapWindow,
  type Without,
} from '@vmemmap/core';
import { config as fields, type PowerpcConfig } from './config.ts';
import { entryLayouts } from './entry-layouts.ts';
import { HashOps } from './hash-ops.ts';
import { checkConfig, memoryModel, vmemmapWindow } from './layout.ts';
import { RadixOps } from './radix-ops.ts';
import { recognise } from './recognise.ts';

const HASH: readonly Capability[] = ['altmap', 'free', 'no-execute', 'memory-hotplug'];
const RADIX: readonly Capability[] = ['huge-pages', ...HASH, 'page-tables', 'memmap-on-memory', 'optimize-dax-vmemmap'];

const NO_HVO = 'arch/powerpc/Kconfig selects no ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP';
const WITHOUT_RADIX: Without = { 'optimize-hugetlb-vmemmap': NO_HVO };
const WITHOUT_HASH: Without = {
  'optimize-hugetlb-vmemmap': NO_HVO,
  'memmap-on-memory': 'only with the radix MMU (asm/pgtable.h:arch_supports_memmap_on_memory)',
  'optimize-dax-vmemmap': 'only with the radix MMU (asm/book3s/64/radix.h:vmemmap_can_optimize)',
};
/** Huge pages of the radix MMU (radix_pgtable.c: 2M and 1G) and of the MMU before it (hash_utils.c: 16M and 16G). */
const RADIX_HUGE_PAGES: readonly number[] = [2 ** 21, 2 ** 30];
const HASH_HUGE_PAGES: readonly number[] = [2 ** 24, 2 ** 34];

const ALTMAP_FALLBACK: ArchException = {
  name: 'altmap-fallback',
  why: 'without room in the altmap, or for struct pages that are not all of the device, RAM is taken: arch/powerpc/mm/init_64.c:__vmemmap_populate, arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_pte_populate',
};
const BOOT_TABLES: ArchException = {
  name: 'boot-tables-or-panic',
  why: 'while memblock serves, a page table that cannot be had is a panic: arch/powerpc/mm/book3s64/radix_pgtable.c:early_alloc_pgtable',
};
const NODE_UNCHECKED: ArchException = {
  name: 'node-unchecked',
  why: 'the node is passed on to the allocator, and vmemmap_verify() is never called: arch/powerpc/mm/init_64.c:__vmemmap_populate',
};
const ASSUMES_POPULATED: ArchException = {
  name: 'assumes-populated',
  why: 'a stretch with any valid subsection counts as populated and is not looked at: arch/powerpc/mm/init_64.c:vmemmap_populated',
};

class PowerpcArch implements VmemmapArch {
  readonly name = 'powerpc';
  readonly config: VmemmapArch['config'];
  readonly model: MemoryModel;
  readonly capabilities: readonly Capability[];
  readonly without: Without;
  readonly hugePageSizes: readonly number[];
  readonly exceptions: readonly ArchException[];
  readonly entryByteOrder = 'big';
  readonly entryLayouts: readonly EntryLayout[];
  readonly #config: PowerpcConfig;

  constructor(config: PowerpcConfig) {
    checkConfig(config);
    this.#config = config;
    this.config = { ...config };
    this.model = memoryModel(config);
    const radix = config.mmu === 'radix';
    this.capabilities = radix ? RADIX : HASH;
    this.without = radix ? WITHOUT_RADIX : WITHOUT_HASH;
    this.hugePageSizes = radix ? RADIX_HUGE_PAGES : HASH_HUGE_PAGES;
    this.exceptions = radix ? [ALTMAP_FALLBACK, BOOT_TABLES] : [ALTMAP_FALLBACK, ASSUMES_POPULATED, NODE_UNCHECKED];
    this.entryLayouts = entryLayouts(config);
  }

  window(): VmemmapWindow {
    return vmemmapWindow(this.#config);
  }

  attach(m: PopulateContext, init: InitMm): VmemmapOps {
    return this.#config.mmu === 'radix' ? new RadixOps(m, init) : new HashOps(m, this.#config);
  }
}

/**
 * 64-bit powerpc (Book3S). Call it with what the machine has and get the architecture for a `Machine`:
 * `powerpc()` is the radix MMU with 4K pages, as Debian boots on POWER9 and later; `powerpc({ mmu: 'hash' })` the MMU
 * before it.
 */
export const powerpc: ArchPlugin<PowerpcConfig> = definePlugin<PowerpcConfig>({
  name: 'powerpc',
  about: '64-bit powerpc (Book3S): radix and hash MMU, 4K and 64K pages',
  config: fields,
  capabilities: RADIX,
  variants: [
    { about: 'radix, 4K pages', config: {} },
    { about: 'radix, 64K pages', config: { pageSize: 65536 } },
    { about: 'hash, 4K pages, mappings of 4 KiB', config: { mmu: 'hash', vmemmapPageSize: 4096 } },
    { about: 'hash, 64K pages, mappings of 64 KiB', config: { mmu: 'hash', pageSize: 65536, vmemmapPageSize: 65536 } },
    {
      about: 'hash, 64K pages, mappings of 16 MiB, no hypervisor',
      config: { mmu: 'hash', pageSize: 65536, vmemmapPageSize: 2 ** 24, lpar: false },
    },
    {
      about: 'hash, 4K pages, segments of 256 MiB',
      config: { mmu: 'hash', vmemmapPageSize: 2 ** 24, segment1T: false, va68: false, kernelKey: false },
    },
  ],
  recognise,
  create: (config) => new PowerpcArch(config),
});
