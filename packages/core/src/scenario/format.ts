import type { FailureRule } from '../memory/failures.ts';

/** Physical addresses, `[start, end)` in bytes. */
interface Bytes {
  readonly start: number;
  readonly end: number;
}

/** Pages of a device for its own memmap. */
export interface ScenarioAltmap {
  /** First page frame of the device (vmem_altmap.base_pfn). */
  readonly basePfn: number;
  /** Pages from there on that are kept for the driver (vmem_altmap.reserve). */
  readonly reserve: number;
  /** Pages after those that may hold the memmap (vmem_altmap.free). */
  readonly free: number;
}

/** HugeTLB pages one after the other. */
export interface ScenarioPages {
  /** Physical address of the first page. */
  readonly start: number;
  /** How many pages. */
  readonly count: number;
}

/**
 * What can happen to a machine after boot. The operations of captures, and some that no capture has. `op` says which:
 * `hotplug-add`, `kmem-online` and `hotplug-remove` are add_memory() and remove_memory() of `[start, end)` on a `node`, in
 * memory blocks of `blockSize` bytes that hold their own memmap when `memmapOnMemory` is set; `memremap` and `memunmap` of
 * a device `id` are memremap_pages() and memunmap_pages() of its `ranges`, compounds of 2^`vmemmapShift` pages, the memmap
 * in the `altmap`; `hugetlb-optimize` and `hugetlb-restore` take HugeTLB `pages` of `size` bytes; `add-pages` and
 * `remove-pages` are __add_pages() and __remove_pages(); `process` makes an address space with that `name`.
 */
export type ScenarioOperation =
  | ({
      readonly op: 'hotplug-add' | 'kmem-online';
      readonly node: number;
      readonly blockSize?: number | undefined;
      readonly memmapOnMemory?: boolean | undefined;
    } & Bytes)
  | ({ readonly op: 'hotplug-remove' } & Bytes)
  | {
      readonly op: 'memremap';
      readonly id: string;
      readonly node: number;
      readonly ranges: readonly Bytes[];
      readonly vmemmapShift: number;
      readonly altmap: ScenarioAltmap | undefined;
    }
  | { readonly op: 'memunmap'; readonly id: string }
  | {
      readonly op: 'hugetlb-optimize';
      readonly size: number;
      readonly pages: readonly ScenarioPages[];
      /** Asked for on the command line: gigantic pages are there before the memory map. */
      readonly boot: boolean;
      /** Of a capture: nothing was optimised on that machine. */
      readonly inert?: boolean | undefined;
    }
  | { readonly op: 'hugetlb-restore'; readonly size: number; readonly pages: readonly ScenarioPages[] }
  | ({ readonly op: 'add-pages'; readonly node: number; readonly altmap: ScenarioAltmap | undefined } & Bytes)
  | ({ readonly op: 'remove-pages' } & Bytes)
  | { readonly op: 'process'; readonly name: string };

/** One step of a scenario. */
export type ScenarioStep = ScenarioOperation & {
  /** Allocations that fail while the step runs, counted from its start. */
  readonly fail?: readonly FailureRule[] | undefined;
};

/** What a scenario happens to. */
export interface ScenarioMachine {
  /** Name of the plugin. */
  readonly arch: string;
  /** Name of a release, as in `releases`. Default: `defaultRelease`. */
  readonly release?: string | undefined;
  /** Bytes of a base page, to be checked against the architecture's. Default: no check. */
  readonly pageSize?: number | undefined;
  /** sizeof(struct page), where the architecture can have several. Default: its own. */
  readonly structPageSize?: number | undefined;
  /** Keys of the architecture, and those of the kernel that captures have (`memoryBlockSize`, `memmapOnMemory`). */
  readonly config: Readonly<Record<string, unknown>>;
  /** RAM at boot: ranges from `start` to before `end` in bytes of physical address, each on a `node`. */
  readonly memory: readonly { readonly node: number; readonly start: number; readonly end: number }[];
  /** Distance from each node to each, as in the firmware's SLIT. Default: near to itself, equally far from others. */
  readonly distances?: readonly (readonly number[])[] | undefined;
}

/** A machine and what happens to it, format `vmemmap-scenario/1`. A capture is one too. */
export interface Scenario {
  /** Short name, as the file's. */
  readonly name: string;
  /** What it shows, for people. */
  readonly title?: string | undefined;
  /** What boots. */
  readonly machine: ScenarioMachine;
  /** What is done to it, in this order. */
  readonly steps: readonly ScenarioStep[];
}
