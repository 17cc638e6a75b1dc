import { boot, type Machine, type MachineOptions, type MemoryRange } from '@vmemmap/core';
import { type S390Config, s390 } from '@vmemmap/s390';

const KiB: number = 2 ** 10;
export const MiB: number = 2 ** 20;
export const GiB: number = 2 ** 30;
export const PAGE: number = 4096;
/** A table of 2048 entries. */
export const CRST: number = 16 * KiB;
/** Bytes of RAM, and of struct pages of 64 bytes, in a section. */
export const SECTION: number = 128 * MiB;
export const MEMMAP: number = 2 * MiB;
export const PAGES: number = SECTION / PAGE;

/** No 1 MiB frames. */
export const BASE_PAGES: Partial<S390Config> = { edat1: false, edat2: false };
/** A region-second table on top. */
export const FOUR_LEVELS: Partial<S390Config> = { kernelImageBase: 0x7ff_e000_0000n };

/** Memory that is added after boot, and the offset of its struct pages: another segment table than that of boot. */
export const HOT: number = 136 * GiB;
export const HOT_PFN: number = HOT / PAGE;
export const HOT_OFFSET: number = HOT_PFN * 64;

export const range = (node: number, start: number, end: number): MemoryRange => ({ node, start, end });

/** A booted machine that may grow to 1 TiB; 1 GiB on one node unless told otherwise. */
export function machine(
  config: Partial<S390Config> = {},
  ranges: readonly MemoryRange[] = [range(0, 0, GiB)],
  options: Partial<Omit<MachineOptions, 'arch' | 'memory'>> = {},
): Machine {
  return boot({ arch: s390({ identMapSize: 1n << 40n, ...config }), memory: { ranges }, ...options });
}
