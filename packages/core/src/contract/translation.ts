/** Rights that a walk ends with, as bits of {@link Translation.access}: `read`, `write`, `execute`, and from `user` mode. */
export const ACCESS = { read: 1, write: 2, execute: 4, user: 8 } as const;

/**
 * Where a walk ended. One object is filled again and again, so that walking makes no garbage.
 * Raw entries are two signed 32-bit lanes.
 */
export interface Translation {
  /** True when the address is mapped. */
  mapped: boolean;
  /** Physical address of the byte that was asked for. Only when mapped. */
  pa: number;
  /** Bytes that the last entry looked at stands for: the leaf's size, or that of the hole. */
  span: number;
  /** Bytes from the start of that stretch to the address. */
  inside: number;
  /** Level of the last entry looked at; 0 is the root. */
  level: number;
  /** The last entry looked at, low lane. */
  lo: number;
  /** The same entry, high lane. */
  hi: number;
  /** The entry without its address bits, low lane. Only when mapped. */
  flagsLo: number;
  /** The entry without its address bits, high lane. Only when mapped. */
  flagsHi: number;
  /** {@link ACCESS} bits over all levels. Only when mapped. */
  access: number;
  /** Why it is not mapped, in the manual's terms. */
  fault: string;
}

/** An empty translation to hand to a walker. */
export function translation(): Translation {
  return {
    mapped: false,
    pa: 0,
    span: 0,
    inside: 0,
    level: 0,
    lo: 0,
    hi: 0,
    flagsLo: 0,
    flagsHi: 0,
    access: 0,
    fault: '',
  };
}

/** One level of a walk, for people. */
export interface WalkStep {
  /** The kernel's name of the level. */
  readonly level: string;
  /** Physical address of the table. */
  readonly table: number;
  /** Index of the entry in the table. */
  readonly index: number;
  /** The entry as it stands in memory. */
  readonly entry: bigint;
  /** What the walker makes of it; `reserved` faults. */
  readonly kind: 'table' | 'leaf' | 'absent' | 'reserved';
}

/** A whole walk, for people. */
export interface Walk {
  /** Where it ended. */
  readonly result: Translation;
  /** Levels in the order they were looked at, root first. Empty when the address is refused before any table is read. */
  readonly steps: readonly WalkStep[];
}

/** An entry that is not a leaf. */
export interface TableEntry {
  /** Index in its table. */
  readonly index: number;
  /** Low lane. */
  readonly lo: number;
  /** High lane. */
  readonly hi: number;
  /** `invalid`: not zero, but it maps nothing. */
  readonly kind: 'table' | 'invalid';
  /** Physical address of the table it points to. Only of kind `table`. */
  readonly child: number;
}

/** One table, as reading sees it. */
export interface TableView {
  /** Level of its entries; 0 is the root. */
  readonly level: number;
  /** Its physical address. */
  readonly pa: number;
  /** `va + (index << shift)` is the address that an entry maps, modulo 2^64. */
  readonly va: bigint;
  /** First index that lies in the window. */
  readonly firstIndex: number;
  /** Last index that lies in the window. */
  readonly lastIndex: number;
  /** Entries in the window that are neither empty nor leaves, by index. */
  readonly entries: readonly TableEntry[];
  /** Leaves in the window. */
  readonly leaves: number;
}
