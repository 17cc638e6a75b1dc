import type { Capability, Without } from '@vmemmap/core';

/** What it can do in some configuration. The kit tests what is declared here, and that nothing else happens. */
export const capabilities: readonly Capability[] = ['huge-pages', 'altmap', 'free', 'no-execute', 'page-tables'];

/** Why it cannot do more. */
export const without: Without = {
  'memory-hotplug': 'arch/mips/Kconfig selects no ARCH_ENABLE_MEMORY_HOTPLUG',
  'optimize-hugetlb-vmemmap': 'arch/mips/Kconfig selects no ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP',
};
