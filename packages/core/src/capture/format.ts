import type { ScenarioStep } from '../scenario/format.ts';

/** Entries of one table that are not leaves: a run of `count` from `index` on. */
export interface CaptureEntries {
  readonly index: number;
  readonly count: number;
  /** The first entry as it stands; each next one is `step` more. */
  readonly firstRaw: bigint;
  readonly step?: bigint | undefined;
  /** `invalid`: not zero, but empty. */
  readonly kind: 'table' | 'invalid';
}

/** One table in the window. */
export interface CaptureTable {
  readonly level: string;
  readonly pa: number;
  /** `va + (index << shift)` is the address an entry maps, modulo 2^64. */
  readonly va: bigint;
  readonly windowFirstIndex: number;
  readonly windowLastIndex: number;
  readonly entries: readonly CaptureEntries[];
}

/** A run of leaves. */
export interface CaptureLeaves {
  readonly va: bigint;
  readonly pa: number;
  readonly leafSize: number;
  readonly level?: string | null | undefined;
  readonly count: number;
  /** From one leaf's address to the next; absent for one leaf. */
  readonly paStep?: bigint | undefined;
  /** The entry without its address; null where the entry is not in memory. */
  readonly rawFlags?: bigint | null | undefined;
  /** The first entry as it stands. */
  readonly firstRaw?: bigint | null | undefined;
}

/** A run of equal sections that are present. */
export interface CaptureSections {
  readonly nr: number;
  readonly count: number;
  readonly startPfn: number;
  /** section_mem_map. */
  readonly raw: bigint;
  readonly flags: readonly string[];
  /** Not read on every architecture. */
  readonly subsectionMap?: bigint | null | undefined;
}

/** Top-level entries over the window in every process. */
export interface CaptureProcesses {
  readonly topLevelIndexes: readonly number[];
  readonly initNonZero: readonly { readonly index: number; readonly raw: bigint }[];
  readonly mms: readonly {
    readonly pid: number;
    readonly comm: string;
    /** Indexes where it is not init_mm's. */
    readonly differing: readonly number[];
  }[];
  /** True when no process differs. */
  readonly allEqual?: boolean | undefined;
}

/** Totals over everything found. They follow from the lists, and must agree with them. */
export interface CaptureSummary {
  /** Tables by level. */
  readonly tables: Readonly<Record<string, number>>;
  readonly distinctLeafPas: number;
  readonly leafCount: number;
  readonly mappedBytes: number;
}

/** A run of entries of powerpc's vmemmap_list, head first. */
export interface CaptureListEntries {
  readonly virt: bigint;
  readonly phys: number;
  /** Address of the list node itself. */
  readonly node: bigint;
  /** Default 1. */
  readonly count?: number | undefined;
  readonly virtStep?: bigint | undefined;
  readonly physStep?: bigint | undefined;
  readonly nodeStep?: bigint | undefined;
}

/** An entry that something else made before the memmap code came by. */
export interface CaptureOutside {
  readonly table: string;
  readonly tableVa: bigint;
  readonly index: number;
  /** `flags`: the flag bits are not the memmap code's; `subtree`: nor is anything below. */
  readonly what: 'flags' | 'subtree';
  readonly reason: string;
}

/** What a captured kernel built. */
export interface CaptureExpected {
  readonly vmemmapBase: bigint;
  readonly vmemmapWindow: { readonly start: bigint; readonly end: bigint };
  readonly levels: readonly { readonly name: string; readonly shift: number; readonly indexBits: number }[];
  readonly sectionSizeBits: number;
  readonly sections: readonly CaptureSections[];
  /** Not read on every architecture. */
  readonly counters?: { readonly nr_memmap_pages: number; readonly nr_memmap_boot_pages: number } | null | undefined;
  readonly tables: readonly CaptureTable[];
  readonly leaves: readonly CaptureLeaves[];
  readonly processes?: CaptureProcesses | null | undefined;
  /** powerpc with the hash MMU. */
  readonly vmemmapList?: readonly CaptureListEntries[] | null | undefined;
  readonly outside: readonly CaptureOutside[];
  /** Steps that failed in the real kernel, counted from 0. What they left behind is in the lists. */
  readonly stepResults?: readonly { readonly step: number; readonly error: string }[] | null | undefined;
  readonly summary?: CaptureSummary | undefined;
  /** Keys that this version does not know are kept, so that a comparison can say what it left out. */
  readonly [key: string]: unknown;
}

/** What a captured kernel was given. */
export interface CaptureMachine {
  readonly arch: string;
  readonly release: string;
  readonly pageSize: number;
  readonly structPageSize: number;
  /** Keys of the architecture, and some of the kernel's. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly memory: readonly { readonly node: number; readonly start: number; readonly end: number }[];
  readonly cmdline?: string | undefined;
}

/** The format `vmemmap-capture/1`: what a real kernel was given, what was done to it, and what it built. */
export interface Capture {
  readonly format: 'vmemmap-capture/1';
  readonly name: string;
  readonly title?: string | undefined;
  readonly machine: CaptureMachine;
  readonly steps: readonly ScenarioStep[];
  readonly expected: CaptureExpected;
}
