import type { VmemmapOps } from '../contract/arch.ts';
import { offsetOfPage, pageSize } from '../contract/model.ts';
import { pgmapVmemmapNr } from '../contract/pgmap.ts';
import { translation } from '../contract/translation.ts';
import type { HugetlbVmemmap } from '../hugetlb/hugetlb-vmemmap.ts';
import { vmemmapCanOptimize, vmemmapReserveNr } from '../sparse/can-optimize.ts';
import type { Device, DeviceMemory } from '../zone-device/device-memory.ts';
import type { MachineContext } from './context.ts';

/** What is asked about compounds that share struct pages. */
export interface SharingSources {
  readonly m: MachineContext;
  readonly ops: VmemmapOps;
  readonly hugetlb: Pick<HugetlbVmemmap, 'optimized' | 'sharedTailOf' | 'structs'>;
  readonly devices: Pick<DeviceMemory, 'devices'>;
}

/**
 * A stretch of the memory map whose compounds may map their tails to pages that are mapped elsewhere too. Offsets and sizes are
 * bytes in the window.
 */
export interface SharingArea {
  readonly start: number;
  readonly end: number;
  /** Bytes of struct pages of one compound; the first begins at {@link start}. */
  readonly compoundBytes: number;
  /** Bytes at the start of each compound that are its own. */
  readonly reserve: number;
  /** log2 of a compound in base pages. */
  readonly order: number;
  /** HugeTLB pages: every tail is shared. Of devices, what was mapped before stays as it was. */
  readonly allShared: boolean;
  readonly readOnly: boolean;
  /** What is shared belongs to a zone, and not to each compound. */
  readonly ofZone: boolean;
  /** The page that the compound at an offset maps its tails to; -1 when there is none. */
  tailOf(compound: number): number;
}

/** Where struct pages are shared, in order. Areas do not overlap. */
export function sharingAreas(sources: SharingSources): readonly SharingArea[] {
  const areas = [...hugetlbAreas(sources)];
  for (const device of sources.devices.devices) areas.push(...deviceAreas(sources, device));
  return areas.sort((a, b) => a.start - b.start);
}

// Optimised HugeTLB pages: the tail of the zone and order, or the page's own head where the release has no other.
function* hugetlbAreas({ m, ops, hugetlb }: SharingSources): Generator<SharingArea> {
  const page = pageSize(m.model);
  for (const optimized of hugetlb.optimized) {
    const pages = optimized.size / page;
    const start = offsetOfPage(m.model, m.window, optimized.start / page);
    const compoundBytes = pages * m.model.structPageSize;
    const ofZone = m.release.hugetlbTail === 'zone';
    const tail = ofZone ? (hugetlb.sharedTailOf(optimized)?.pa ?? -1) : mappedTo(m, ops, start);
    yield {
      start,
      end: start + compoundBytes,
      compoundBytes,
      reserve: page,
      order: Math.log2(pages),
      allShared: true,
      readOnly: protectsTails(ops),
      ofZone,
      tailOf: () => tail,
    };
  }
}

// Compounds of device memory: their own second page, writable, or the tail of the node's ZONE_DEVICE, read-only.
function* deviceAreas({ m, ops }: SharingSources, { node, pgmap, altmap }: Device): Generator<SharingArea> {
  if (!vmemmapCanOptimize(m, altmap, pgmap)) return;
  const page = pageSize(m.model);
  const reserve = vmemmapReserveNr(m.release) * page;
  const order = pgmap.vmemmapShift;
  const ofZone = m.release.daxTail === 'zone';
  const known = m.sharedTails
    .all()
    .find((tail) => tail.zone === 'Device' && tail.node === node && tail.order === order);
  let last = -1;
  let lastTail = -1;
  const second = (compound: number): number => {
    if (compound !== last) lastTail = mappedTo(m, ops, compound + page);
    last = compound;
    return lastTail;
  };
  for (const range of pgmap.ranges) {
    yield {
      start: offsetOfPage(m.model, m.window, range.start / page),
      end: offsetOfPage(m.model, m.window, range.end / page),
      compoundBytes: pgmapVmemmapNr(pgmap) * m.model.structPageSize,
      reserve,
      order,
      allShared: false,
      readOnly: ofZone && protectsTails(ops),
      ofZone,
      tailOf: ofZone ? () => known?.pa ?? -1 : second,
    };
  }
}

// Without PAGE_KERNEL_RO shared tails stay writable (include/linux/pgtable.h: it is PAGE_KERNEL then), as on riscv.
function protectsTails({ pageTable }: VmemmapOps): boolean {
  return pageTable?.format.makeReadOnlyLeaf !== undefined;
}

// The page of memory that an offset is mapped to, or -1.
function mappedTo(m: MachineContext, ops: VmemmapOps, offset: number): number {
  const at = translation();
  ops.walker.walk(ops.initMm.root, offset, at);
  return at.mapped ? at.pa - (at.pa % pageSize(m.model)) : -1;
}
