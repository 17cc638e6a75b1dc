import { ENTRY_KIND, entryReading, hex64, type Machine, toU64 } from '@vmemmap/core';

/**
 * Reads an arbitrary entry.
 * @returns what is wrong, empty when nothing is
 */
export function readsAnything(machine: Machine, level: number, lo: number, hi: number): readonly string[] {
  const reading = entryReading();
  machine.ops.walker.readEntry!(level, lo, hi, reading);
  const { kind, address, flagsLo, flagsHi, fault } = reading;
  const where = `entry ${hex64(toU64(lo, hi))} of level ${machine.levels[level]!.name}`;
  if (!Object.values<number>(ENTRY_KIND).includes(kind)) return [`${where}: no kind ${kind}`];
  if (kind === ENTRY_KIND.absent || kind === ENTRY_KIND.reserved)
    return fault === '' ? [`${where}: faults and does not say why`] : [];
  const faults: string[] = [];
  if (!Number.isSafeInteger(address) || address < 0) faults.push(`${where}: address ${address}`);
  if ((flagsLo & ~lo) !== 0 || (flagsHi & ~hi) !== 0)
    faults.push(`${where}: flags ${hex64(toU64(flagsLo, flagsHi))} have bits that the entry has not`);
  // What is there for the CPU is there for the kernel.
  if (machine.ops.pageTable?.format.isNone(level, lo, hi)) faults.push(`${where}: p?d_none() does not see it`);
  return faults;
}
