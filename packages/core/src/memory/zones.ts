import type { VmemmapArch } from '../contract/arch.ts';
import type { MemoryMap } from './memory-map.ts';

/** Names of the zones that memory of boot can be in, lowest first. */
const BELOW_NORMAL = ['DMA', 'DMA32'] as const;

/** Name of a zone, as in /proc/zoneinfo. */
export type ZoneName = 'DMA' | 'DMA32' | 'Normal' | 'Movable' | 'Device';

/** Which zone a physical address is in: what is shared is shared within a zone of a node. */
export class Zones {
  readonly #limits: readonly number[];
  readonly #memory: Pick<MemoryMap, 'nodeOf'>;

  constructor({ zoneLimits = [] }: Pick<VmemmapArch, 'zoneLimits'>, memory: Pick<MemoryMap, 'nodeOf'>) {
    this.#limits = zoneLimits;
    this.#memory = memory;
  }

  /** The zone of memory that was there at boot, or was added since. */
  zoneOf(pa: number): ZoneName {
    // Memory added after boot is onlined as ZONE_MOVABLE, wherever it lies.
    if (this.#memory.nodeOf(pa) < 0) return 'Movable';
    const below = this.#limits.findIndex((limit) => pa < limit);
    // With one limit it is that of ZONE_DMA32, as on riscv.
    return below < 0 ? 'Normal' : BELOW_NORMAL[below + BELOW_NORMAL.length - this.#limits.length]!;
  }

  /** pfn_range_intersects_zones(): whether `[start, end)` lies in more than one zone. */
  isInOneZone(start: number, end: number): boolean {
    return !this.#limits.some((limit) => start < limit && limit < end);
  }
}
