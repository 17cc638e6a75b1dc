import { LANE, toU64 } from '../bits.ts';
import type { PopulateContext } from '../contract/context.ts';
import {
  ACCESS,
  type TableEntry,
  type TableView,
  type Translation,
  translation,
  type Walk,
  type WalkStep,
} from '../contract/translation.ts';
import type { VmemmapWalker } from '../contract/walker.ts';
import type { TableLevel } from './format.ts';

/** What an entry is to a walker: `absent`, a pointer to a `table`, a `leaf`, or one with `reserved` bits, which faults. */
export const ENTRY_KIND = { absent: 0, table: 1, leaf: 2, reserved: 3 } as const;

/** What a reader makes of one entry. Filled in place. */
export interface EntryReading {
  /** One of {@link ENTRY_KIND}. */
  kind: number;
  /** Physical address of the table or of the leaf. */
  address: number;
  /** The entry without its address bits, low lane. */
  flagsLo: number;
  /** The entry without its address bits, high lane. */
  flagsHi: number;
  /** {@link ACCESS} bits that this entry leaves. */
  access: number;
  /** Why the walk ends here, when it is neither table nor leaf. */
  fault: string;
}

/** The address of the base page that an entry of the last level maps, in lanes. It says the same as {@link EntryReader.read}. */
export interface PageReader {
  /** Low lane; its page offset bits must be 0. */
  low(lo: number, hi: number): number;
  /** High lane, or -1 when the entry maps no page. */
  high(lo: number, hi: number): number;
}

/**
 * How the hardware reads an entry: what a plugin writes from its architecture's manual, sharing nothing with the code
 * that writes entries. `level` counts from the root, 0; lanes are signed.
 */
export interface EntryReader {
  /** The levels the hardware walks, root first. */
  readonly levels: readonly TableLevel[];
  /** What the hardware makes of an entry at `level`. */
  read(level: number, lo: number, hi: number, out: EntryReading): void;
  /** True for an entry that is not zero and still the manual's way of an empty one. Without it only zero is empty. */
  isEmpty?(level: number, lo: number, hi: number): boolean;
  /** For speed: {@link read} of an entry of the last level in short. Without it {@link TableWalker.walkMany} reads in full. */
  readonly pages?: PageReader;
  /** Why an address is refused before any table is read, or an empty string. */
  refuses?(va: bigint): string;
}

/** An empty reading to hand to a reader. */
export function entryReading(): EntryReading {
  return { kind: ENTRY_KIND.absent, address: 0, flagsLo: 0, flagsHi: 0, access: 0, fault: '' };
}

/** Slots of the cache that {@link TableWalker.walkMany} keeps for the length of one call, as a CPU keeps its paging structures. */
const CACHE = 4096;
const KINDS = ['absent', 'table', 'leaf', 'reserved'] as const;

/**
 * The reading side: walks tables the way the hardware does, with a plugin's {@link EntryReader}.
 */
export class TableWalker implements VmemmapWalker {
  readonly #m: PopulateContext;
  readonly #reader: EntryReader;
  readonly #shift: readonly number[];
  readonly #span: Float64Array;
  readonly #mask: Int32Array;
  readonly #bias: number;
  readonly #rootIndex: number;
  readonly #reading: EntryReading = entryReading();

  constructor(m: PopulateContext, reader: EntryReader) {
    this.#m = m;
    this.#reader = reader;
    const { levels } = reader;
    this.#shift = levels.map(({ shift }) => shift);
    this.#span = Float64Array.from(levels, ({ shift }) => 2 ** shift);
    this.#mask = Int32Array.from(levels, ({ indexBits }) => 2 ** indexBits - 1);
    const top = levels[0]!;
    const shift = BigInt(top.shift);
    this.#bias = Number(m.window.start & ((1n << shift) - 1n));
    this.#rootIndex = Number((m.window.start >> shift) & BigInt(this.#mask[0]!));
  }

  /** See VmemmapWalker.readEntry. */
  readEntry(level: number, lo: number, hi: number, out: EntryReading): void {
    this.#reader.read(level, lo, hi, out);
  }

  /** See VmemmapWalker.walk. */
  walk(root: number, offset: number, out: Translation): void {
    const rel = offset + this.#bias;
    const { tables } = this.#m;
    const reading = this.#reading;
    const last = this.#shift.length - 1;
    let slot = tables.find(root);
    let access = -1;
    for (let level = 0; ; level++) {
      const span = this.#span[level]!;
      const steps = Math.floor(rel / span);
      const index = level === 0 ? this.#rootIndex + steps : steps & this.#mask[level]!;
      const word = tables.base[slot]! + 2 * index;
      const lo = tables.lanes[word]!;
      const hi = tables.lanes[word + 1]!;
      this.#reader.read(level, lo, hi, reading);
      access &= reading.access;
      if (reading.kind === ENTRY_KIND.table && level < last) {
        slot = tables.find(reading.address);
        if (slot >= 0) continue;
        reading.fault = `no table at 0x${reading.address.toString(16)}`;
        reading.kind = ENTRY_KIND.absent;
      }
      out.level = level;
      out.span = span;
      out.inside = rel - steps * span;
      out.lo = lo;
      out.hi = hi;
      out.mapped = reading.kind === ENTRY_KIND.leaf;
      if (out.mapped) {
        out.pa = reading.address + out.inside;
        out.flagsLo = reading.flagsLo;
        out.flagsHi = reading.flagsHi;
        out.access = access;
        out.fault = '';
      } else out.fault = reading.fault;
      return;
    }
  }

  /** See VmemmapWalker.translate. */
  translate(root: number, va: bigint): Walk {
    const { tables } = this.#m;
    const { levels } = this.#reader;
    const result = translation();
    const steps: WalkStep[] = [];
    const refused = this.#reader.refuses?.(va) ?? '';
    if (refused !== '') {
      result.fault = refused;
      return { result, steps };
    }
    const reading = this.#reading;
    let table = root;
    let access: number = ACCESS.read | ACCESS.write | ACCESS.execute | ACCESS.user;
    for (let level = 0; ; level++) {
      const { name, shift } = levels[level]!;
      const slot = tables.find(table);
      if (slot < 0) {
        result.fault = `no table at 0x${table.toString(16)}`;
        return { result, steps };
      }
      const index = Number((va >> BigInt(shift)) & BigInt(this.#mask[level]!));
      const word = tables.base[slot]! + 2 * index;
      const lo = tables.lanes[word]!;
      const hi = tables.lanes[word + 1]!;
      this.#reader.read(level, lo, hi, reading);
      access &= reading.access;
      steps.push({ level: name, table, index, entry: toU64(lo, hi), kind: KINDS[reading.kind]! });
      if (reading.kind === ENTRY_KIND.table) {
        table = reading.address;
        continue;
      }
      const mapped = reading.kind === ENTRY_KIND.leaf;
      const inside = Number(va & ((1n << BigInt(shift)) - 1n));
      Object.assign(result, { mapped, level, span: 2 ** shift, inside, lo, hi, fault: mapped ? '' : reading.fault });
      if (mapped)
        Object.assign(result, {
          pa: reading.address + inside,
          flagsLo: reading.flagsLo,
          flagsHi: reading.flagsHi,
          access,
        });
      return { result, steps };
    }
  }

  /**
   * See VmemmapWalker.walkMany. Tables of the last level are remembered for the length of the call, as a CPU remembers
   * them. Whole numbers of 32 bits all the way: doubles take twice the time (measured).
   */
  walkMany(root: number, offsets: Float64Array, pas: Int32Array): void {
    const { pages } = this.#reader;
    const { tables } = this.#m;
    const last = this.#shift.length - 1;
    const shift = this.#shift[last]!;
    const inPage = this.#span[last]! - 1;
    const mask = this.#mask[last]!;
    const tableSpan = this.#span[last - 1]!;
    const perTable = 1 / tableSpan;
    // Tables are counted from the one before the first, so that an offset just below 0 does not round to the first.
    const bias = this.#bias + tableSpan;
    // The number of a table of the last level, and its first word, side by side. No table has the number -2^31.
    const cache = new Int32Array(2 * CACHE).fill(-(2 ** 31));
    const { lanes } = tables;
    const { length } = offsets;
    const one = translation();
    // The table above the last level that was met last.
    const upperSpan = tableSpan * (this.#mask[last - 1]! + 1);
    let upperNumber = -1;
    let upper = -1;
    let i = 0;
    while (i < length) {
      // No call in this loop: after one the compiler would look all arrays up again each time (measured).
      for (; pages !== undefined && i < length; i++) {
        const rel = offsets[i]! + bias;
        const low = rel | 0;
        const number = (rel * perTable) | 0;
        const at = (number & (CACHE - 1)) << 1;
        if (cache[at] !== number) break;
        const word = cache[at + 1]! + (((low >>> shift) & mask) << 1);
        const lo = lanes[word]!;
        const hi = lanes[word + 1]!;
        pas[2 * i] = pages.low(lo, hi) | (low & inPage);
        pas[2 * i + 1] = pages.high(lo, hi);
      }
      if (i === length) return;
      const rel = offsets[i]! + this.#bias;
      let slot = -1;
      if (pages !== undefined && rel >= 0) {
        const number = Math.floor(rel / upperSpan);
        if (number !== upperNumber) {
          upper = this.#tableBelow(tables.find(root), 0, last - 1, rel);
          upperNumber = number;
        }
        slot = this.#tableBelow(upper, last - 1, last, rel);
      }
      if (slot >= 0) {
        const number = Math.floor(rel / tableSpan) + 1;
        const at = (number & (CACHE - 1)) << 1;
        cache[at] = number;
        cache[at + 1] = tables.base[slot]!;
        continue;
      }
      this.walk(root, offsets[i]!, one);
      pas[2 * i] = one.pa;
      pas[2 * i + 1] = one.mapped ? one.pa / LANE : -1;
      i++;
    }
  }

  /** See VmemmapWalker.walkRange. A table at a time, in 32-bit integers. */
  walkRange(root: number, first: number, step: number, count: number, pas: Int32Array): void {
    const { pages } = this.#reader;
    const { tables } = this.#m;
    const last = this.#shift.length - 1;
    const shift = this.#shift[last]!;
    const inPage = this.#span[last]! - 1;
    const tableSpan = this.#span[last - 1]!;
    const one = translation();
    let i = 0;
    while (i < count) {
      const rel = first + i * step + this.#bias;
      let inside = rel - Math.floor(rel / tableSpan) * tableSpan;
      const slot = pages === undefined || rel < 0 ? -1 : this.#tableBelow(tables.find(root), 0, last, rel);
      if (slot < 0 || pages === undefined) {
        this.walk(root, first + i * step, one);
        // A huge leaf answers for all that it maps, as far as the high lane stays the same.
        const room = one.mapped ? Math.min(one.span - one.inside, LANE - (one.pa % LANE)) : 1;
        const end = Math.min(count, i + Math.ceil(room / step));
        const high = one.mapped ? one.pa / LANE : -1;
        for (let low = one.pa | 0; i < end; i++) {
          pas[2 * i] = low;
          pas[2 * i + 1] = high;
          low = (low + step) | 0;
        }
        continue;
      }
      const { lanes } = tables;
      const base = tables.base[slot]!;
      const end = Math.min(count, i + Math.ceil((tableSpan - inside) / step));
      for (; i < end; i++) {
        const word = base + 2 * (inside >> shift);
        const lo = lanes[word]!;
        const hi = lanes[word + 1]!;
        pas[2 * i] = pages.low(lo, hi) | (inside & inPage);
        pas[2 * i + 1] = pages.high(lo, hi);
        inside += step;
      }
    }
  }

  /** See VmemmapWalker.tables. */
  *tables(root: number): Generator<TableView> {
    const top = BigInt(this.#shift[0]!);
    const va = ((this.#m.window.start >> top) - BigInt(this.#rootIndex)) << top;
    yield* this.#below(root, 0, BigInt.asUintN(64, va));
  }

  *#below(pa: number, level: number, va: bigint): Generator<TableView> {
    const { tables, window } = this.#m;
    const slot = tables.find(pa);
    if (slot < 0) return;
    const shift = BigInt(this.#shift[level]!);
    const from = BigInt.asIntN(64, window.start - va) >> shift;
    const to = BigInt.asIntN(64, window.end - 1n - va) >> shift;
    const firstIndex = from < 0n ? 0 : Number(from);
    const lastIndex = to > BigInt(this.#mask[level]!) ? this.#mask[level]! : Number(to);
    const entries: TableEntry[] = [];
    const lanes = tables.lanes;
    let leaves = 0;
    for (let index = firstIndex; index <= lastIndex; index++) {
      const word = tables.base[slot]! + 2 * index;
      const lo = lanes[word]!;
      const hi = lanes[word + 1]!;
      this.#reader.read(level, lo, hi, this.#reading);
      const { kind, address } = this.#reading;
      if (kind === ENTRY_KIND.leaf) leaves++;
      else if (kind === ENTRY_KIND.table) entries.push({ index, lo, hi, kind: 'table', child: address });
      else if ((lo | hi) !== 0 && this.#reader.isEmpty?.(level, lo, hi) !== true)
        entries.push({ index, lo, hi, kind: 'invalid', child: 0 });
    }
    yield { level, pa, va, firstIndex, lastIndex, entries, leaves };
    for (const { index, kind, child } of entries) {
      if (kind === 'table') yield* this.#below(child, level + 1, BigInt.asUintN(64, va + (BigInt(index) << shift)));
    }
  }

  // The table of `to` for an address, or -1 when the walk ends above it. It starts at table `slot` of level `from`.
  #tableBelow(slot: number, from: number, to: number, rel: number): number {
    const { tables } = this.#m;
    let below = slot;
    for (let level = from; level < to && below >= 0; level++) {
      const steps = Math.floor(rel / this.#span[level]!);
      const word = tables.base[below]! + 2 * (level === 0 ? this.#rootIndex + steps : steps & this.#mask[level]!);
      this.#reader.read(level, tables.lanes[word]!, tables.lanes[word + 1]!, this.#reading);
      below = this.#reading.kind === ENTRY_KIND.table ? tables.find(this.#reading.address) : -1;
    }
    return below;
  }
}
