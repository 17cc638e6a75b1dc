import { boot, type Machine, type MachineOptions, type MemoryRange } from '@vmemmap/core';
import { type X86Config, x86 } from '@vmemmap/x86';

export const MiB: number = 2 ** 20;
export const GiB: number = 2 ** 30;
/** Bytes of RAM, and of struct pages of 64 bytes, in a section. */
export const SECTION: number = 128 * MiB;
export const MEMMAP: number = 2 * MiB;

export const range = (node: number, start: number, end: number): MemoryRange => ({ node, start, end });

/** A booted machine; 1 GiB on one node unless told otherwise. */
export function machine(
  config: Partial<X86Config> = {},
  ranges: readonly MemoryRange[] = [range(0, 0, GiB)],
  options: Partial<Omit<MachineOptions, 'arch' | 'memory'>> = {},
): Machine {
  return boot({ arch: x86(config), memory: { ranges }, ...options });
}

/** The entry at the end of a walk. */
export function entryOf(m: Machine, pfn: number): bigint {
  return m.translatePage(pfn).steps.at(-1)!.entry;
}
