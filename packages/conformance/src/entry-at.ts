import type { Entry, Machine } from '@vmemmap/core';

/** An entry as it stands in memory. */
export function entryAt(machine: Machine, table: number, index: number): Entry {
  const lanes = machine.entryLanes(table, index);
  return { lo: lanes[0]!, hi: lanes[1]! };
}
