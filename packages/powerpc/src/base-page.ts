import { type BlockRun, blockRun, isAligned, type PageTable, type VmemAltmap } from '@vmemmap/core';
import { altmapCrossBoundary } from './altmap.ts';

const SOURCE = 'arch/powerpc/mm/book3s64/radix_pgtable.c:radix__vmemmap_pte_populate';

/** radix__vmemmap_pte_populate() (arch/powerpc/mm/book3s64/radix_pgtable.c): one entry of the last level. */
export class BasePages {
  readonly #table: PageTable;
  readonly #pageSize: number;
  readonly #name: string;
  readonly #run: BlockRun = blockRun();

  constructor(table: PageTable) {
    this.#table = table;
    this.#pageSize = table.entrySpan(table.last);
    this.#name = table.format.levels[table.last]!.name;
  }

  /**
   * Maps the page at `addr` if its entry is empty: with `reuse`, or else with memory of the altmap where the struct
   * pages are of the device, or else, or if the altmap has no room, with RAM.
   * @param slot the table of the last level
   * @param reuse physical address of a page to share, -1 for none
   * @param readOnly whether a shared page is mapped read-only
   * @returns false without memory
   */
  populate(
    slot: number,
    addr: number,
    node: number,
    altmap: VmemAltmap | undefined,
    reuse = -1,
    readOnly = false,
  ): boolean {
    const table = this.#table;
    const { m, last } = table;
    const index = table.index(last, addr);
    if (table.noneRun(last, slot, index, 1) === 0) return true;
    let pa = reuse;
    if (reuse < 0) {
      pa = this.#alloc(addr, node, altmap);
      if (pa < 0) {
        m.trace?.({ step: 'out-of-memory', level: this.#name, offset: addr, size: this.#pageSize });
        return false;
      }
    } else m.getPage(reuse);
    if (!isAligned(addr, this.#pageSize))
      m.events.record('VM_BUG_ON', 'pte-unaligned', SOURCE, () => `!PAGE_ALIGNED(addr 0x${addr.toString(16)})`);
    if (readOnly) table.setReadOnlyLeaves(last, slot, index, 1, pa);
    else table.setLeaves(last, slot, index, 1, pa, 0);
    m.trace?.({ step: 'leaves', level: this.#name, offset: addr, count: 1, pa, paStep: 0 });
    return true;
  }

  #alloc(addr: number, node: number, altmap: VmemAltmap | undefined): number {
    const { m } = this.#table;
    const run = this.#run;
    if (altmap !== undefined && !altmapCrossBoundary(m, altmap, addr, this.#pageSize)) {
      m.allocBlocks(this.#pageSize, node, altmap, 1, run);
      if (run.count > 0) return run.pa;
    }
    m.allocBlocks(this.#pageSize, node, undefined, 1, run);
    return run.count > 0 ? run.pa : -1;
  }
}
