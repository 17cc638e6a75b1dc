import { ENTRY_KIND, type Entry, entryReading, toU64 } from '@vmemmap/core';
import type { CaptureEntries, CaptureOutside, CaptureTable } from '@vmemmap/core/capture';
import type { DumpContext } from '../dump-context.ts';
import type { WindowMap } from '../window-map.ts';

/** Tables of a window, and entries of them that the memmap code did not make. */
export interface CapturedTables {
  readonly tables: readonly CaptureTable[];
  readonly outside: readonly CaptureOutside[];
}

/**
 * Tables with their entries that are not leaves. An entry at the edge of the window, that stands for more than the window has,
 * may be another mapping's: it is marked when its flags are not those of a table of the memmap, or when nothing of the window
 * is mapped below.
 */
export function captureTables({ ops, tables: memory, window }: DumpContext, map: WindowMap): CapturedTables {
  const format = ops.pageTable?.format;
  const readEntry = ops.walker.readEntry?.bind(ops.walker);
  if (format === undefined || readEntry === undefined) return { tables: [], outside: [] };
  const { levels } = format;
  const size = Number(window.end - window.start);
  const used = new Map(map.tables.map(({ pa, used: count }) => [pa, count]));
  const outside: CaptureOutside[] = [];
  const reading = entryReading();
  const own = entryReading();
  const made: Entry = { lo: 0, hi: 0 };
  const empty: Entry = { lo: 0, hi: 0 };
  const tables = map.tables.map(({ level, pa, offset }): CaptureTable => {
    const { name, indexBits } = levels[level]!;
    const span = map.sizes[level]!;
    const first = Math.max(0, Math.floor(-offset / span));
    const last = Math.min(2 ** indexBits, Math.ceil((size - offset) / span)) - 1;
    const va = BigInt.asUintN(64, window.start + BigInt(offset));
    const slot = memory.findTable(pa, 8 * 2 ** indexBits);
    const entries: (CaptureEntries & { readonly raw: bigint })[] = [];
    for (let index = first; index <= last; index++) {
      const word = memory.base[slot]! + 2 * index;
      const [lo, hi] = [memory.lanes[word]!, memory.lanes[word + 1]!];
      if (lo === 0 && hi === 0) continue;
      readEntry(level, lo, hi, reading);
      const none = format.isNone(level, lo, hi);
      if (!none && reading.kind === ENTRY_KIND.leaf) continue;
      // What is as empty as the architecture leaves it, and zero on others, says nothing.
      if (none) {
        format.emptyEntry?.(level, empty);
        if (format.emptyEntry === undefined || level === levels.length - 1) continue;
      }
      const raw = toU64(lo, hi);
      entries.push({ index, count: 1, firstRaw: raw, kind: none ? 'invalid' : 'table', raw });
      if (none || reading.kind !== ENTRY_KIND.table) continue;
      const at = offset + index * span;
      if (at >= 0 && at + span <= size) continue;
      format.makeTable(level, reading.address, made);
      readEntry(level, made.lo, made.hi, own);
      const where = { table: name, tableVa: va, index };
      if (used.get(reading.address) === 0)
        outside.push({ ...where, what: 'subtree', reason: 'nothing of the window is mapped below' });
      else if (own.flagsLo !== reading.flagsLo || own.flagsHi !== reading.flagsHi)
        outside.push({ ...where, what: 'flags', reason: 'the window shares the entry with another mapping' });
    }
    return { level: name, pa, va, windowFirstIndex: first, windowLastIndex: last, entries: runsOf(entries) };
  });
  return { tables, outside };
}

function runsOf(entries: readonly (CaptureEntries & { readonly raw: bigint })[]): readonly CaptureEntries[] {
  const runs: CaptureEntries[] = [];
  for (let first = 0; first < entries.length; ) {
    const { index, raw, kind } = entries[first]!;
    const step = (entries[first + 1]?.raw ?? 0n) - raw;
    let end = first + 1;
    for (; end < entries.length; end++) {
      const entry = entries[end]!;
      const follows = entry.index === index + end - first && entry.kind === kind;
      if (!follows || entry.raw - entries[end - 1]!.raw !== step) break;
    }
    runs.push({ index, count: end - first, firstRaw: raw, ...(end - first > 1 ? { step } : {}), kind });
    first = end;
  }
  return runs;
}
