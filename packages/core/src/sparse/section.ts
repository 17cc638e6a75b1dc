import type { VmemmapWindow } from '../contract/model.ts';
import type { KernelRelease } from '../release.ts';

/**
 * Flags in the low bits of section_mem_map, as include/linux/mmzone.h numbers them: `MARKED_PRESENT`, there is memory;
 * `HAS_MEM_MAP`, it has struct pages; `IS_ONLINE`; `IS_EARLY`, it is there since boot; `TAINT_ZONE_DEVICE`, a part is
 * device memory; `VMEMMAP_PREINIT`, HugeTLB has populated it before the sections' turn.
 */
export const SECTION_FLAGS = {
  MARKED_PRESENT: 0x01,
  HAS_MEM_MAP: 0x02,
  IS_ONLINE: 0x04,
  IS_EARLY: 0x08,
  TAINT_ZONE_DEVICE: 0x10,
  VMEMMAP_PREINIT: 0x20,
} as const;

/** Name of a section flag. */
export type SectionFlag = keyof typeof SECTION_FLAGS;

/** What mem_section says about a section. Immutable: a change makes a new one. */
export interface SectionState {
  /** {@link SECTION_FLAGS} bits. */
  readonly flags: number;
  /** Node of the section; only kept in section_mem_map during boot. */
  readonly nid: number;
  /** Bit n: the section's n-th 2 MiB are there. */
  readonly subsectionMap: bigint;
}

/** Equal sections one after the other. */
export interface SectionRun extends SectionState {
  /** Number of the first. */
  readonly nr: number;
  /** How many sections. */
  readonly count: number;
}

/** Names of the flags that are set, lowest bit first. */
export function sectionFlagNames(flags: number): readonly SectionFlag[] {
  return (Object.keys(SECTION_FLAGS) as SectionFlag[]).filter((name) => (flags & SECTION_FLAGS[name]) !== 0);
}

/** SECTION_MAP_LAST_BIT: the node is kept above the flags while the machine boots. */
function sectionMapLastBit(release: KernelRelease): number {
  return release.preinitSections ? 6 : 5;
}

/** SECTION_MAP_MASK: what of section_mem_map is an address. */
export function sectionMapMask(release: KernelRelease): bigint {
  return BigInt.asUintN(64, -1n << BigInt(sectionMapLastBit(release)));
}

/**
 * section_mem_map as it stands in memory. The encoded address is that of the section's first struct page less what
 * its pfn stands for, which is `vmemmap` itself for every section (mm/sparse.c:sparse_encode_mem_map).
 */
export function encodeSectionMemMap(state: SectionState, window: VmemmapWindow, release: KernelRelease): bigint {
  const flags = BigInt(state.flags);
  if ((state.flags & SECTION_FLAGS.HAS_MEM_MAP) !== 0) return BigInt.asUintN(64, window.base) | flags;
  // sparse_encode_early_nid()
  return (BigInt(state.nid) << BigInt(sectionMapLastBit(release))) | flags;
}
