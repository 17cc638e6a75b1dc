import { ENTRY_KIND, type EntryReading, entryReading, hex, hex64, type Machine, toU64 } from '@vmemmap/core';

/** Where an entry is written and read. */
export interface Place {
  readonly level: number;
  readonly kind: 'table' | 'leaf';
  /** Multiple of the leaf's size, or of the table's. */
  readonly pa: number;
}

/**
 * Writes an entry and reads it back, both as the kernel and as the hardware does.
 * @returns what is wrong, empty when nothing is
 */
export function roundTrip(machine: Machine, { level, kind, pa }: Place): readonly string[] {
  const { format } = machine.ops.pageTable!;
  const entry = { lo: 0, hi: 0 };
  if (kind === 'leaf') format.makeLeaf(level, pa, entry);
  else format.makeTable(level, pa, entry);
  const lo = entry.lo | 0;
  const hi = entry.hi | 0;
  const reading = read(machine, level, lo, hi);
  const where = `${kind} entry ${hex64(toU64(lo, hi))} of level ${format.levels[level]!.name} for ${hex(pa)}`;
  const faults: string[] = [];
  if (format.isNone(level, lo, hi)) faults.push(`${where}: isNone()`);
  if (format.isLeaf(level, lo, hi) !== (kind === 'leaf')) faults.push(`${where}: isLeaf()`);
  const own = kind === 'leaf' ? format.leafAddress(level, lo, hi) : format.tableAddress(level, lo, hi);
  if (own !== pa) faults.push(`${where}: the writer reads ${hex(own)} back`);
  if (reading.kind !== ENTRY_KIND[kind]) faults.push(`${where}: the walker says ${reading.fault || 'something else'}`);
  else if (reading.address !== pa) faults.push(`${where}: the walker reads ${hex(reading.address)} back`);
  return faults;
}

/**
 * Reads an arbitrary entry.
 * @returns what is wrong, empty when nothing is
 */
export function readsAnything(machine: Machine, level: number, lo: number, hi: number): readonly string[] {
  const { kind, address, flagsLo, flagsHi, fault } = read(machine, level, lo, hi);
  const where = `entry ${hex64(toU64(lo, hi))} of level ${machine.levels[level]!.name}`;
  if (!Object.values<number>(ENTRY_KIND).includes(kind)) return [`${where}: no kind ${kind}`];
  if (kind === ENTRY_KIND.absent || kind === ENTRY_KIND.reserved)
    return fault === '' ? [`${where}: faults and does not say why`] : [];
  const faults: string[] = [];
  if (!Number.isSafeInteger(address) || address < 0) faults.push(`${where}: address ${address}`);
  if ((flagsLo & ~lo) !== 0 || (flagsHi & ~hi) !== 0)
    faults.push(`${where}: flags ${hex64(toU64(flagsLo, flagsHi))} have bits that the entry has not`);
  return faults;
}

function read(machine: Machine, level: number, lo: number, hi: number): EntryReading {
  const reading = entryReading();
  machine.ops.walker.readEntry!(level, lo, hi, reading);
  return reading;
}
