import type { TableView } from '../contract/translation.ts';
import type { Machine } from '../machine/machine.ts';

/** Whether two machines have the same tables, at the same addresses, with the same bytes in them. */
export function sameBytes(a: Machine, b: Machine): boolean {
  if (a.window.start !== b.window.start || a.ops.initMm.root !== b.ops.initMm.root) return false;
  const ours = a.tables()[Symbol.iterator]();
  const theirs = b.tables()[Symbol.iterator]();
  for (;;) {
    const x = ours.next();
    const y = theirs.next();
    if (x.done === true || y.done === true) {
      if (x.done !== y.done) return false;
      break;
    }
    if (!sameTable(a, b, x.value, y.value)) return false;
  }
  return sameLeaves(a, b);
}

function sameTable(a: Machine, b: Machine, x: TableView, y: TableView): boolean {
  if (x.pa !== y.pa || x.va !== y.va || x.level !== y.level || x.firstIndex !== y.firstIndex) return false;
  if (x.lastIndex !== y.lastIndex) return false;
  const count = x.lastIndex - x.firstIndex + 1;
  const lanes = a.entryLanes(x.pa, x.firstIndex, count);
  const others = b.entryLanes(y.pa, y.firstIndex, count);
  for (let word = 0; word < lanes.length; word++) if (lanes[word] !== others[word]) return false;
  return true;
}

// Says the same again with page tables; without them it is all there is.
function sameLeaves(a: Machine, b: Machine): boolean {
  const theirs = b.leaves()[Symbol.iterator]();
  for (const run of a.leaves()) {
    const other = theirs.next();
    if (other.done === true) return false;
    const { offset, pa, size, count, paStep, access } = other.value;
    if (run.offset !== offset || run.pa !== pa || run.size !== size || run.count !== count) return false;
    if (run.paStep !== paStep || run.access !== access) return false;
  }
  return theirs.next().done === true;
}
