import type { VmemmapArch } from '../contract/arch.ts';

/** Names of the zones that memory of boot can be in, lowest first. */
const BELOW_NORMAL = ['DMA', 'DMA32'] as const;

/** Name of a zone, as in /proc/zoneinfo. */
export type ZoneName = 'DMA' | 'DMA32' | 'Normal' | 'Movable' | 'Device';

/** Which zone a physical address is in: what is shared is shared within a zone of a node. */
export class Zones {
  readonly #limits: readonly number[];
  readonly #isOfBoot: (pa: number) => boolean;

  /** @param isOfBoot whether memory was there at boot and never removed */
  constructor({ zoneLimits = [] }: Pick<VmemmapArch, 'zoneLimits'>, isOfBoot: (pa: number) => boolean) {
    this.#limits = zoneLimits;
    this.#isOfBoot = isOfBoot;
  }

  /** The zone of memory that was there at boot, or was added since. */
  zoneOf(pa: number): ZoneName {
    // Memory added after boot is onlined as ZONE_MOVABLE, wherever it lies.
    if (!this.#isOfBoot(pa)) return 'Movable';
    const below = this.#limits.findIndex((limit) => pa < limit);
    // With one limit it is that of ZONE_DMA32, as on riscv.
    return below < 0 ? 'Normal' : BELOW_NORMAL[below + BELOW_NORMAL.length - this.#limits.length]!;
  }

  /** pfn_range_intersects_zones(): whether `[start, end)` lies in more than one zone. */
  isInOneZone(start: number, end: number): boolean {
    return !this.#limits.some((limit) => start < limit && limit < end);
  }
}
