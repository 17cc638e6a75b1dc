import { boot, type Machine, type MachineOptions, type MemoryRange } from '@vmemmap/core';
import { type RiscvConfig, riscv } from '@vmemmap/riscv';

export const PAGE = 4096;
export const MiB: number = 2 ** 20;
export const GiB: number = 2 ** 30;
/** Bytes of RAM, and of struct pages of 64 bytes, in a section; and its pages. */
export const SECTION: number = 128 * MiB;
export const MEMMAP: number = 2 * MiB;
export const PAGES: number = SECTION / PAGE;
/** Struct pages of a subsection of 2 MiB, in bytes. */
export const SUBMAP: number = 512 * 64;

/** RAM of QEMU's virt machine begins here. */
export const DRAM: number = 2 * GiB;
/** First page of memory that is added: no boot memory is near. */
export const HOT_PFN: number = (8 * GiB) / PAGE;

export const range = (node: number, start: number, end: number): MemoryRange => ({ node, start, end });

/** A booted machine; 1 GiB at {@link DRAM} on one node unless told otherwise. */
export function machine(
  config: Partial<RiscvConfig> = {},
  ranges: readonly MemoryRange[] = [range(0, DRAM, DRAM + GiB)],
  options: Partial<Omit<MachineOptions, 'arch' | 'memory'>> = {},
): Machine {
  return boot({ arch: riscv(config), memory: { ranges }, ...options });
}

/** A T-Head C9xx. */
export const THEAD: Partial<RiscvConfig> = { mode: 'sv39', theadMae: true, svpbmt: false, svnapot: false };
