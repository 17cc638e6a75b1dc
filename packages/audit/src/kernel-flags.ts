import { type Entry, entryReading, toU64 } from '@vmemmap/core';
import type { DumpContext } from './dump-context.ts';

/** What leaves of the kernel look like without their address, by level: PAGE_KERNEL, and what HVO makes of it. */
export function kernelFlags(context: DumpContext): readonly (readonly bigint[])[] {
  const { pageTable, walker } = context.ops;
  const { readEntry } = walker;
  if (pageTable === undefined || readEntry === undefined) return [];
  const { format } = pageTable;
  const reading = entryReading();
  const flagsOf = (level: number, { lo, hi }: Entry): bigint => {
    readEntry.call(walker, level, lo, hi, reading);
    return toU64(reading.flagsLo, reading.flagsHi);
  };
  return format.levels.map((_, level) => {
    if (level < format.pmdLevel) return [];
    const leaf = { lo: 0, hi: 0 };
    format.makeLeaf(level, 0, leaf);
    const flags = new Set([flagsOf(level, leaf)]);
    // Only base pages are ever remapped.
    if (level === format.levels.length - 1) {
      const readOnly = { lo: 0, hi: 0 };
      format.makeReadOnlyLeaf?.(level, 0, readOnly);
      if (format.makeReadOnlyLeaf !== undefined) flags.add(flagsOf(level, readOnly));
      const writeProtected = { lo: 0, hi: 0 };
      format.writeProtect?.(leaf.lo, leaf.hi, writeProtected);
      if (format.writeProtect !== undefined) flags.add(flagsOf(level, writeProtected));
    }
    return [...flags];
  });
}
