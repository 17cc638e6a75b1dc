import type { FailureRule } from '../memory/failures.ts';

/** Physical addresses, `[start, end)` in bytes. */
interface Bytes {
  readonly start: number;
  readonly end: number;
}

/** Pages of a device for its own memmap. */
export interface ScenarioAltmap {
  readonly basePfn: number;
  readonly reserve: number;
  readonly free: number;
}

/** HugeTLB pages one after the other. */
export interface ScenarioPages {
  readonly start: number;
  readonly count: number;
}

/** What can happen to a machine after boot. The operations of captures, and some that no capture has. */
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
  readonly arch: string;
  readonly release?: string | undefined;
  readonly pageSize?: number | undefined;
  readonly structPageSize?: number | undefined;
  /** Keys of the architecture, and those of the kernel that captures have (`memoryBlockSize`, `memmapOnMemory`). */
  readonly config: Readonly<Record<string, unknown>>;
  readonly memory: readonly { readonly node: number; readonly start: number; readonly end: number }[];
  readonly distances?: readonly (readonly number[])[] | undefined;
}

/** A machine and what happens to it, format `vmemmap-scenario/1`. A capture is one too. */
export interface Scenario {
  readonly name: string;
  readonly title?: string | undefined;
  readonly machine: ScenarioMachine;
  readonly steps: readonly ScenarioStep[];
}
