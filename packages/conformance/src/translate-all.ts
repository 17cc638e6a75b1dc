import { hex, type Machine } from '@vmemmap/core';

/** What {@link translateAll} finds where nothing is mapped. */
export const NOT_MAPPED = 'not mapped';

/** Machine.translateMany() of offsets, as text. */
export function translateAll(machine: Machine, offsets: readonly number[]): readonly string[] {
  const pas = new Int32Array(2 * offsets.length);
  machine.translateMany(Float64Array.from(offsets), pas);
  return texts(pas);
}

/** Machine.translateRange(), as text. */
export function translateRange(machine: Machine, first: number, step: number, count: number): readonly string[] {
  const pas = new Int32Array(2 * count);
  machine.translateRange(first, step, count, pas);
  return texts(pas);
}

// Two lanes for each address, low first; a high lane of -1 is nothing.
function texts(pas: Int32Array): readonly string[] {
  return Array.from({ length: pas.length / 2 }, (_, n) => {
    const high = pas[2 * n + 1]!;
    return high === -1 ? NOT_MAPPED : hex(high * 0x1_0000_0000 + (pas[2 * n]! >>> 0));
  });
}
