import type { ScenarioStep } from '../scenario/format.ts';

/** Entries of one table that are not leaves: a run of `count` from `index` on. */
export interface CaptureEntries {
  /** Index of the first entry in its table. */
  readonly index: number;
  /** How many entries, at successive indexes. */
  readonly count: number;
  /** The first entry as it stands; each next one is `step` more. */
  readonly firstRaw: bigint;
  /** From one entry to the next, as a number of 64 bits. Absent for one entry. */
  readonly step?: bigint | undefined;
  /** `invalid`: not zero, but empty. */
  readonly kind: 'table' | 'invalid';
}

/** One table in the window. */
export interface CaptureTable {
  /** The kernel's name of the level, as in `levels`. */
  readonly level: string;
  /** Physical address of the table. */
  readonly pa: number;
  /** `va + (index << shift)` is the address an entry maps, modulo 2^64. */
  readonly va: bigint;
  /** Index of the first entry that maps a part of the window. */
  readonly windowFirstIndex: number;
  /** Index of the last entry that does. */
  readonly windowLastIndex: number;
  /** Entries in the window that are neither leaves nor zero, by index. */
  readonly entries: readonly CaptureEntries[];
}

/** A run of leaves. */
export interface CaptureLeaves {
  /** Virtual address of the first leaf. */
  readonly va: bigint;
  /** Physical address of the first leaf. */
  readonly pa: number;
  /** Bytes that each leaf maps. */
  readonly leafSize: number;
  /** The kernel's name of the level that has the entries; null where no table has them. */
  readonly level?: string | null | undefined;
  /** How many leaves, at successive virtual addresses. */
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
  /** Number of the first section. */
  readonly nr: number;
  /** How many sections, one after the other. */
  readonly count: number;
  /** First page frame of the first one. */
  readonly startPfn: number;
  /** section_mem_map. */
  readonly raw: bigint;
  /** Names of the flags that are set (SECTION_FLAGS), lowest bit first. */
  readonly flags: readonly string[];
  /** Not read on every architecture. */
  readonly subsectionMap?: bigint | null | undefined;
}

/** Top-level entries over the window in every process. */
export interface CaptureProcesses {
  /** Indexes of the top-level entries that were read. */
  readonly topLevelIndexes: readonly number[];
  /** Those of them that are not zero in init_mm: `index` and the entry, `raw`. */
  readonly initNonZero: readonly { readonly index: number; readonly raw: bigint }[];
  /** Every process that was looked at: its `pid`, its name (`comm`), and where it differs. */
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
  /** How many different physical addresses the leaves have; fewer than leaves where tails are shared. */
  readonly distinctLeafPas: number;
  /** How many leaves. */
  readonly leafCount: number;
  /** Bytes of virtual address that they map. */
  readonly mappedBytes: number;
}

/** A run of entries of powerpc's vmemmap_list, head first. */
export interface CaptureListEntries {
  /** Virtual address of what the first one backs (virt_addr). */
  readonly virt: bigint;
  /** Physical address of the memory behind it (phys). */
  readonly phys: number;
  /** Address of the list node itself. */
  readonly node: bigint;
  /** Default 1. */
  readonly count?: number | undefined;
  /** From one entry's virt to the next one's. */
  readonly virtStep?: bigint | undefined;
  /** From one entry's phys to the next one's. */
  readonly physStep?: bigint | undefined;
  /** From one list node to the next. */
  readonly nodeStep?: bigint | undefined;
}

/** An entry that something else made before the memmap code came by. */
export interface CaptureOutside {
  /** Level of the table, as in `levels`. */
  readonly table: string;
  /** The `va` of the table. */
  readonly tableVa: bigint;
  /** Index of the entry. */
  readonly index: number;
  /** `flags`: the flag bits are not the memmap code's; `subtree`: nor is anything below. */
  readonly what: 'flags' | 'subtree';
  /** Who made it. */
  readonly reason: string;
}

/** What a captured kernel built. */
export interface CaptureExpected {
  /** Virtual address of the struct page of pfn 0 (vmemmap); it may lie before the window. */
  readonly vmemmapBase: bigint;
  /** Virtual addresses that may hold struct pages: first byte `start`, first byte after `end`. */
  readonly vmemmapWindow: { readonly start: bigint; readonly end: bigint };
  /**
   * Levels of the page tables, root first: the kernel's `name`, the lowest bit of an address that selects an entry
   * (`shift`), and how many bits do (`indexBits`).
   */
  readonly levels: readonly { readonly name: string; readonly shift: number; readonly indexBits: number }[];
  /** log2 of the bytes of RAM of a section (SECTION_SIZE_BITS). */
  readonly sectionSizeBits: number;
  /** Sections that are present, as runs. */
  readonly sections: readonly CaptureSections[];
  /** What /proc/vmstat says: `nr_memmap_pages` and `nr_memmap_boot_pages`. Not read on every architecture. */
  readonly counters?: { readonly nr_memmap_pages: number; readonly nr_memmap_boot_pages: number } | null | undefined;
  /** Tables that map a part of the window. */
  readonly tables: readonly CaptureTable[];
  /** What the window maps, as runs. */
  readonly leaves: readonly CaptureLeaves[];
  /** The same window in other page tables, where it was read. */
  readonly processes?: CaptureProcesses | null | undefined;
  /** powerpc with the hash MMU. */
  readonly vmemmapList?: readonly CaptureListEntries[] | null | undefined;
  /** What no comparison is to look at. */
  readonly outside: readonly CaptureOutside[];
  /** Each `step` that failed in the real kernel, counted from 0, with its `error`. What it left behind is in the lists. */
  readonly stepResults?: readonly { readonly step: number; readonly error: string }[] | null | undefined;
  /** Totals, to check the lists against. */
  readonly summary?: CaptureSummary | undefined;
  /** Keys that this version does not know are kept, so that a comparison can say what it left out. */
  readonly [key: string]: unknown;
}

/** What a captured kernel was given. */
export interface CaptureMachine {
  /** Name of the plugin. */
  readonly arch: string;
  /** Name of the release, as in `releases`. */
  readonly release: string;
  /** Bytes of a base page. */
  readonly pageSize: number;
  /** sizeof(struct page). */
  readonly structPageSize: number;
  /** Keys of the architecture, and some of the kernel's. */
  readonly config: Readonly<Record<string, unknown>>;
  /** RAM at boot, as ranges from `start` to before `end` in bytes of physical address, each on a `node`. */
  readonly memory: readonly { readonly node: number; readonly start: number; readonly end: number }[];
  /** The kernel's command line. */
  readonly cmdline?: string | undefined;
}

/** The format `vmemmap-capture/1`: what a real kernel was given, what was done to it, and what it built. */
export interface Capture {
  /** Names the format and its version. */
  readonly format: 'vmemmap-capture/1';
  /** Short and unique, as the file's name. */
  readonly name: string;
  /** What the machine is, for people. */
  readonly title?: string | undefined;
  /** What the kernel was given. */
  readonly machine: CaptureMachine;
  /** What was done to it after boot, in this order. */
  readonly steps: readonly ScenarioStep[];
  /** What it had built after the last step. */
  readonly expected: CaptureExpected;
}
