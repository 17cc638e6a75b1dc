import { hex, hex64, type Machine } from '@vmemmap/core';
import type { Finding } from './clause.ts';

/** Machine, address and entry of an offset into the window, for a failure. */
export function place(
  machine: Machine,
  offset: number,
  root: number = machine.ops.initMm.root,
): Pick<Finding, 'machine' | 'address' | 'entry'> {
  const va = BigInt.asUintN(64, machine.window.start + BigInt(Math.floor(offset)));
  const last = machine.translate(va, root).steps.at(-1);
  const entry =
    last === undefined
      ? undefined
      : `${last.level} ${hex64(last.entry)} (${last.kind}) in the table at ${hex(last.table)}`;
  return { machine, address: hex64(va), ...(entry === undefined ? {} : { entry }) };
}
