// Everything that the tables of init_mm map in the window, by address: each table once, each leaf, and what is odd.
import {
  ACCESS,
  type DirectMapping,
  ENTRY_KIND,
  entryReading,
  hex,
  type VmemmapOps,
  type VmemmapWindow,
} from '@vmemmap/core';
import type { DumpTables } from './dump-tables.ts';
import { refusal } from './refusal.ts';

/** An entry that no sound table has. */
export interface OddEntry {
  /**
   * `table-twice`: it points to a table that another entry points to; `table-missing`: to a table that is not in the
   * dump; `reserved`: the hardware
   * faults on it; `not-present`: the kernel takes it for used (p?d_none() is false), and it maps nothing.
   */
  readonly kind: 'table-twice' | 'table-missing' | 'reserved' | 'not-present';
  /** Level of the entry; 0 is the root. */
  readonly level: number;
  /** Physical address of the table it is in. */
  readonly table: number;
  /** Its index there. */
  readonly index: number;
  /** First address that it stands for, as an offset into the window. */
  readonly offset: number;
  /** Low lane. */
  readonly lo: number;
  /** High lane. */
  readonly hi: number;
  /** Where it points to. */
  readonly address: number;
  /** What the manual says about it, where it is no table and no leaf. */
  readonly fault: string;
}

/** Leaves by address, in arrays: a large machine has millions. */
export class LeafList {
  /** How many. */
  count = 0;
  /** First byte that each maps, as an offset into the window; by this they are sorted. */
  offset: Float64Array = new Float64Array(256);
  /** Physical address. */
  pa: Float64Array = new Float64Array(256);
  /** Level of its entry. */
  level: Uint8Array = new Uint8Array(256);
  /** ACCESS bits over all levels. */
  access: Uint8Array = new Uint8Array(256);
  /** The entry, low lane. */
  lo: Int32Array = new Int32Array(256);
  /** The entry, high lane. */
  hi: Int32Array = new Int32Array(256);
  /** The entry without its address, low lane. */
  flagsLo: Int32Array = new Int32Array(256);
  /** The entry without its address, high lane. */
  flagsHi: Int32Array = new Int32Array(256);
  /** Physical address of the entry itself. */
  entry: Float64Array = new Float64Array(256);

  /** Room for one more. @returns its number */
  add(): number {
    if (this.count === this.level.length) {
      if (this.count >= MOST_LEAVES)
        throw refusal('BAD_FORMAT', `the window maps more than ${MOST_LEAVES} leaves: its tables are damaged`);
      for (const key of ['offset', 'pa', 'entry'] as const) this[key] = doubled(this[key], Float64Array);
      for (const key of ['level', 'access'] as const) this[key] = doubled(this[key], Uint8Array);
      for (const key of ['lo', 'hi', 'flagsLo', 'flagsHi'] as const) this[key] = doubled(this[key], Int32Array);
    }
    return this.count++;
  }

  /** The number of the first leaf that ends behind `offset`; {@link count} when there is none. */
  firstAt(offset: number, sizes: readonly number[]): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.offset[middle]! + sizes[this.level[middle]!]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** 2^26 leaves of 4 KiB are the struct pages of 16 TiB. */
const MOST_LEAVES = 2 ** 26;

function doubled<T extends Float64Array | Uint8Array | Int32Array>(old: T, type: new (length: number) => T): T {
  const larger = new type(2 * old.length);
  larger.set(old);
  return larger;
}

/** One table of the window. */
export interface WindowTable {
  /** Level of its entries; 0 is the root. */
  readonly level: number;
  /** Its physical address. */
  readonly pa: number;
  /** The address that its first entry stands for, as an offset into the window; it may lie before it. */
  readonly offset: number;
  /** Entries in the window that are in use, leaves or not. */
  used: number;
}

/** What the window maps. */
export interface WindowMap {
  /** Tables, root first, depth first. */
  readonly tables: readonly WindowTable[];
  /** Leaves. */
  readonly leaves: LeafList;
  /** Bytes that a leaf maps, by level. */
  readonly sizes: readonly number[];
  /** What no sound table has. */
  readonly odd: readonly OddEntry[];
}

/**
 * Reads all tables of the window, each once: also tables that point to each other in a circle come to an end.
 * @throws VmemmapError `NOT_IN_DUMP` without the root table, `BAD_FORMAT` for more than any machine can have
 */
export function readWindow(ops: VmemmapOps, tables: DumpTables, window: VmemmapWindow): WindowMap {
  const format = ops.pageTable?.format;
  const levels = format?.levels ?? [];
  const { walker } = ops;
  const map = {
    tables: [] as WindowTable[],
    leaves: new LeafList(),
    sizes: levels.map(({ shift }) => 2 ** shift),
    odd: [] as OddEntry[],
  };
  if (walker.readEntry === undefined || format === undefined) return map;
  const { leaves, odd } = map;
  const readEntry = walker.readEntry.bind(walker);
  const bytesOf = (level: number): number => 8 * 2 ** levels[level]!.indexBits;
  const seen = new Set<number>();
  const last = levels.length - 1;
  const reading = entryReading();
  const size = Number(window.end - window.start);

  const read = (pa: number, level: number, offset: number, rights: number): void => {
    const span = map.sizes[level]!;
    const slot = tables.findTable(pa, bytesOf(level));
    const table = { level, pa, offset, used: 0 };
    map.tables.push(table);
    const first = Math.max(0, Math.floor(-offset / span));
    const end = Math.min(2 ** levels[level]!.indexBits, Math.ceil((size - offset) / span));
    for (let index = first; index < end; index++) {
      // Reading a table below may move all lanes.
      const word = tables.base[slot]! + 2 * index;
      const lo = tables.lanes[word]!;
      const hi = tables.lanes[word + 1]!;
      if (format.isNone(level, lo, hi)) continue;
      table.used++;
      readEntry(level, lo, hi, reading);
      const { kind, address, fault } = reading;
      const access = rights & reading.access;
      const at = offset + index * span;
      const oddity = (what: OddEntry['kind']): void => {
        odd.push({ kind: what, level, table: pa, index, offset: at, lo, hi, address, fault });
      };
      if (kind === ENTRY_KIND.leaf) {
        const n = leaves.add();
        leaves.offset[n] = at;
        leaves.pa[n] = address;
        leaves.level[n] = level;
        leaves.access[n] = access;
        leaves.lo[n] = lo;
        leaves.hi[n] = hi;
        leaves.flagsLo[n] = reading.flagsLo;
        leaves.flagsHi[n] = reading.flagsHi;
        leaves.entry[n] = pa + 8 * index;
      } else if (kind === ENTRY_KIND.table && level < last) {
        if (seen.has(address)) oddity('table-twice');
        else if (tables.findTable(address, bytesOf(level + 1)) < 0) oddity('table-missing');
        else {
          seen.add(address);
          read(address, level + 1, at, access);
        }
      } else oddity(kind === ENTRY_KIND.reserved ? 'reserved' : 'not-present');
    }
  };

  const { root } = ops.initMm;
  const reach = BigInt(levels[0]!.shift + levels[0]!.indexBits);
  if (tables.findTable(root, bytesOf(0)) < 0)
    throw refusal(
      'NOT_IN_DUMP',
      `the root table of init_mm at ${hex(root)} is not in the dump; is it the right address?`,
    );
  seen.add(root);
  const start = Number(((window.start >> reach) << reach) - window.start);
  read(root, 0, start, ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user);
  return map;
}

/** The same of what is mapped without page tables. */
export function directMap(mappings: readonly DirectMapping[], window: VmemmapWindow): WindowMap {
  const leaves = new LeafList();
  for (const { va, pa } of mappings) {
    const n = leaves.add();
    leaves.offset[n] = Number(va - window.start);
    leaves.pa[n] = pa;
    leaves.access[n] = ACCESS.read | ACCESS.write;
  }
  return { tables: [], leaves, sizes: [Number(mappings[0]?.bytes ?? 1n)], odd: [] };
}
