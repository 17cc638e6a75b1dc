import type { VmemmapArch } from '../contract/arch.ts';

/** Names of the zones that memory of boot can be in, lowest first. */
const BELOW_NORMAL = ['DMA', 'DMA32'] as const;

/** Name of a zone, as in /proc/zoneinfo. */
export type ZoneName = 'DMA' | 'DMA32' | 'Normal' | 'Movable' | 'Device';

/** Which zone a physical address is in: what is shared is shared within a zone of a node. */
export class Zones {
  readonly #limits: readonly number[];
  // Memory added after boot is onlined as ZONE_MOVABLE.
  readonly #bootEnd: number;

  constructor({ zoneLimits = [] }: Pick<VmemmapArch, 'zoneLimits'>, bootEnd: number) {
    this.#limits = zoneLimits;
    this.#bootEnd = bootEnd;
  }

  /** The zone of memory that was there at boot, or was added since. */
  zoneOf(pa: number): ZoneName {
    const below = this.#limits.findIndex((limit) => pa < limit);
    // With one limit it is that of ZONE_DMA32, as on riscv.
    if (below >= 0) return BELOW_NORMAL[below + BELOW_NORMAL.length - this.#limits.length]!;
    return pa < this.#bootEnd ? 'Normal' : 'Movable';
  }

  /** pfn_range_intersects_zones(): whether `[start, end)` lies in more than one zone. */
  isInOneZone(start: number, end: number): boolean {
    return !this.#limits.some((limit) => start < limit && limit < end);
  }
}
