import { ENTRY_KIND, entryReading, hex, hex64, type Machine, pageSize, toU64 } from '@vmemmap/core';
import type { Subject } from './subject.ts';

/** A kind of entry, and the addresses that it can hold. */
export interface EntryPlace {
  readonly kind: 'table' | 'leaf';
  readonly level: number;
  /** Bytes; addresses are multiples of it. */
  readonly align: number;
  /** Addresses are below 2^bits. */
  readonly bits: number;
}

/** The kinds of entries that the page tables of the vmemmap have. */
export function entryPlaces({ arch, has }: Subject, machine: Machine): readonly EntryPlace[] {
  const { levels, pmdLevel } = machine.ops.pageTable!.format;
  const last = levels.length - 1;
  const bits = Math.min(arch.physicalBits ?? 53, machine.model.maxPhysmemBits);
  const tables = levels.slice(0, last).map((_, level) => {
    const align = Math.max(pageSize(machine.model), 8 * 2 ** levels[level + 1]!.indexBits);
    return { kind: 'table' as const, level, align, bits };
  });
  const leafLevels = has('huge-pages') ? [pmdLevel, last] : [last];
  const leaves = leafLevels.map((level) => ({ kind: 'leaf' as const, level, align: 2 ** levels[level]!.shift, bits }));
  return [...tables, ...leaves];
}

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
  const reading = entryReading();
  machine.ops.walker.readEntry!(level, lo, hi, reading);
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
