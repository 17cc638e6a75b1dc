import type { EntryReading } from '../pagetable/table-walker.ts';
import type { TableView, Translation, Walk } from './translation.ts';

/**
 * How an architecture reads its vmemmap back: the walk that its manual describes. It shares no constant and no code with
 * what writes entries. The toolkit's `TableWalker` is one for any architecture that has page tables.
 */
export interface VmemmapWalker {
  /**
   * Walks from a root table.
   * @param offset any offset into the window; also one that is not mapped
   * @param out filled in
   */
  walk(root: number, offset: number, out: Translation): void;

  /**
   * The same walk for any 64-bit address, with every level it went through: what the hardware would do with `va`.
   */
  translate(root: number, va: bigint): Walk;

  /**
   * Translates many addresses at a time. Optional: without it the machine walks them one by one.
   * @param offsets offsets into the window
   * @param pas filled with physical addresses, two lanes each, low first; the high lane is -1 where nothing is mapped
   */
  walkMany?(root: number, offsets: Float64Array, pas: Int32Array): void;

  /**
   * Translates `count` addresses that lie `step` bytes apart. Optional, as {@link walkMany}.
   * @param first offset of the first into the window
   * @param step bytes, 1 to 2^30
   * @param pas filled as by {@link walkMany}
   */
  walkRange?(root: number, first: number, step: number, count: number, pas: Int32Array): void;

  /** All tables that lie in the window, root first, depth first. Capability `page-tables`. */
  tables?(root: number): Iterable<TableView>;

  /**
   * Reads one entry as the walker does: what it is, the address in it, and what is left without the address.
   * Capability `page-tables`.
   */
  readEntry?(level: number, lo: number, hi: number, out: EntryReading): void;
}
