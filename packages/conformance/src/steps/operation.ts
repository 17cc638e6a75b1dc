import type {
  AddedMemory,
  DeviceOptions,
  DevPagemap,
  HugePages,
  PageSpan,
  ScenarioOperation,
  VmemAltmap,
} from '@vmemmap/core';
import type { Step } from './recording.ts';

// Each takes the arguments of its own method.
type Translation = (args: never, page: number) => ScenarioOperation | undefined;

/** What a scenario calls the steps that it has a word for. */
const OPERATIONS: Readonly<Record<string, Translation>> = {
  populateSection: (args: readonly [number, number, number, VmemAltmap?, DevPagemap?], page) => {
    const [pfn, pages, node, altmap, pgmap] = args;
    const range = { start: pfn * page, end: (pfn + pages) * page };
    if (altmap === undefined && pgmap === undefined) return { op: 'add-pages', node, ...range, altmap: undefined };
    return {
      op: 'memremap',
      id: deviceAt(pfn),
      node,
      ranges: [range],
      vmemmapShift: pgmap?.vmemmapShift ?? 0,
      altmap: plain(altmap),
    };
  },
  depopulateSection: (args: readonly [number, number, VmemAltmap?, DevPagemap?], page) => {
    const [pfn, pages, altmap, pgmap] = args;
    if (altmap !== undefined || pgmap !== undefined) return { op: 'memunmap', id: deviceAt(pfn) };
    return { op: 'remove-pages', start: pfn * page, end: (pfn + pages) * page };
  },
  addPages: ([node, { pfn, pages, altmap }]: readonly [number, PageSpan], page) => ({
    op: 'add-pages',
    node,
    start: pfn * page,
    end: (pfn + pages) * page,
    altmap: plain(altmap),
  }),
  removePages: ([{ pfn, pages }]: readonly [PageSpan], page) => ({
    op: 'remove-pages',
    start: pfn * page,
    end: (pfn + pages) * page,
  }),
  createAddressSpace: ([name]: readonly [string]) => ({ op: 'process', name }),
  'hotplug.add': ([{ mode, ...added }]: readonly [AddedMemory]) =>
    mode === undefined || mode === 'on' ? { op: 'hotplug-add', ...added } : undefined,
  'hotplug.onlineKmem': ([{ mode, ...added }]: readonly [AddedMemory]) =>
    mode === undefined || mode === 'on' ? { op: 'kmem-online', ...added } : undefined,
  'hotplug.remove': ([start, end]: readonly [number, number]) => ({ op: 'hotplug-remove', start, end }),
  'devices.memremap': ([{ id, node, ranges, vmemmapShift = 0, altmap }]: readonly [DeviceOptions]) => ({
    op: 'memremap',
    id,
    node,
    ranges,
    vmemmapShift,
    altmap: altmap && plain(altmap),
  }),
  'devices.memunmap': ([id]: readonly [string]) => ({ op: 'memunmap', id }),
  'hugetlb.optimize': ([size, pages]: readonly [number, readonly HugePages[]]) => ({
    op: 'hugetlb-optimize',
    size,
    pages,
    boot: false,
  }),
  'hugetlb.restore': ([size, pages]: readonly [number, readonly HugePages[]]) => ({
    op: 'hugetlb-restore',
    size,
    pages,
  }),
};

/** A step as a scenario has it; undefined where the format has no word for it. */
export function operationOf({ method, args }: Step, page: number): ScenarioOperation | undefined {
  return OPERATIONS[method]?.(args as never, page);
}

function deviceAt(pfn: number): string {
  return `device of pfn 0x${pfn.toString(16)}`;
}

// Without the allocator's state.
function plain(
  altmap: Pick<VmemAltmap, 'basePfn' | 'reserve' | 'free'> | undefined,
): { readonly basePfn: number; readonly reserve: number; readonly free: number } | undefined {
  return altmap && { basePfn: altmap.basePfn, reserve: altmap.reserve, free: altmap.free };
}
