// What the bits of page->flags mean in one kernel.
import type { DumpKernel } from './kernel.ts';

/** page->flags taken apart (include/linux/page-flags-layout.h, without a section: the vmemmap needs none). */
export interface PageFlags {
  /** Flags that are set, by the kernel's names without `PG_`; `bit30` for one without a name. */
  readonly flags: readonly string[];
  /** Node of the page. */
  readonly node: number | undefined;
  /** Name of its zone, without `ZONE_`. */
  readonly zone: string | undefined;
}

/** Names of the flags, and where node and zone are. */
export interface PageFlagsLayout {
  /** Names by bit. */
  readonly names: ReadonlyMap<number, string>;
  /** NODES_WIDTH. */
  readonly nodeBits: number | undefined;
  /** ZONES_WIDTH. */
  readonly zoneBits: number | undefined;
  /** Names of zones by number. */
  readonly zones: readonly string[];
}

/** How a kernel lays page->flags out: its enums pageflags and zone_type, and how many nodes it can have. */
export function pageFlagsLayout({ facts }: Pick<DumpKernel, 'facts'>): PageFlagsLayout {
  const names = new Map<number, string>();
  const flags = facts.values('pageflags');
  const count = flags?.get('__NR_PAGEFLAGS') ?? 64;
  // Later names are other words for the same bit.
  for (const [name, bit] of flags ?? [])
    if (name.startsWith('PG_') && bit < count && !names.has(bit)) names.set(bit, name.slice(3));
  const zoneType = facts.values('zone_type');
  const most = zoneType?.get('__MAX_NR_ZONES');
  const zones = [...(zoneType ?? [])].filter(([name]) => name.startsWith('ZONE_')).sort(([, a], [, b]) => a - b);
  const nodes = facts.length('node_data');
  return {
    names,
    nodeBits: nodes === undefined ? undefined : Math.ceil(Math.log2(nodes)),
    // include/linux/page-flags-layout.h: ZONES_SHIFT
    zoneBits: most === undefined ? undefined : Math.ceil(Math.log2(most)),
    zones: zones.map(([name]) => name.slice(5)),
  };
}

/** Takes page->flags apart. */
export function readPageFlags(value: bigint, { names, nodeBits, zoneBits, zones }: PageFlagsLayout): PageFlags {
  const high = (nodeBits ?? 0) + (zoneBits ?? 0);
  const last = names.size === 0 ? 64 - high : Math.max(...names.keys()) + 1;
  const flags: string[] = [];
  for (let bit = 0; bit < last; bit++)
    if (((value >> BigInt(bit)) & 1n) !== 0n) flags.push(names.get(bit) ?? `bit${bit}`);
  const field = (bits: number, above: number): number =>
    Number((value >> BigInt(64 - above - bits)) & ((1n << BigInt(bits)) - 1n));
  return {
    flags,
    node: nodeBits === undefined ? undefined : field(nodeBits, 0),
    zone: nodeBits === undefined || zoneBits === undefined ? undefined : zones[field(zoneBits, nodeBits)],
  };
}
