import { boot, type Machine, type MachineOptions, type MemoryRange } from '@vmemmap/core';
import { HashOps, type PowerpcConfig, powerpc, RadixOps } from '@vmemmap/powerpc';

export const KiB: number = 2 ** 10;
export const MiB: number = 2 ** 20;
export const GiB: number = 2 ** 30;
/** Bytes of RAM in a section. */
export const SECTION: number = 16 * MiB;

export const range = (node: number, start: number, end: number): MemoryRange => ({ node, start, end });

/** A booted machine; 256 MiB on one node unless told otherwise. */
export function machine(
  config: Partial<PowerpcConfig> = {},
  ranges: readonly MemoryRange[] = [range(0, 0, 256 * MiB)],
  options: Partial<Omit<MachineOptions, 'arch' | 'memory'>> = {},
): Machine {
  return boot({ arch: powerpc(config), memory: { ranges }, ...options });
}

/** The architecture's side of a radix machine. */
export function radixOps(m: Machine): RadixOps {
  if (m.ops instanceof RadixOps) return m.ops;
  throw new Error('no radix machine');
}

/** The architecture's side of a hash machine. */
export function hashOps(m: Machine): HashOps {
  if (m.ops instanceof HashOps) return m.ops;
  throw new Error('no hash machine');
}

/** Leaves with an offset in `[start, end)`, one by one: offset, address and size. */
export function leavesIn(m: Machine, start: number, end: number): { offset: number; pa: number; size: number }[] {
  const found: { offset: number; pa: number; size: number }[] = [];
  for (const run of m.leaves()) {
    for (let n = 0; n < run.count; n++) {
      const offset = run.offset + n * run.size;
      if (offset >= start && offset < end) found.push({ offset, pa: run.pa + n * run.paStep, size: run.size });
    }
  }
  return found;
}
