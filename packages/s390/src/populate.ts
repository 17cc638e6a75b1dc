import {
  type BlockRun,
  blockRun,
  ENOMEM,
  type Errno,
  NUMA_NO_NODE,
  OK,
  type PageTable,
  type PopulateContext,
  type SubPmdUse,
  type VmemAltmap,
} from '@vmemmap/core';
import type { S390Format } from './format.ts';

/**
 * add_pagetable() with direct = false (arch/s390/mm/vmem.c: modify_pagetable() down to modify_pte_table()): makes what is
 * missing, leaves what is there alone. Memory comes from any node. The kernel goes entry by entry; here a run of entries
 * that are alike is one step.
 */
export class S390Populate {
  readonly #m: PopulateContext;
  readonly #table: PageTable;
  readonly #format: S390Format;
  readonly #use: SubPmdUse;
  readonly #edat1: boolean;
  readonly #last: number;
  readonly #pmd: number;
  readonly #run: BlockRun = blockRun();

  constructor(table: PageTable, format: S390Format, use: SubPmdUse, edat1: boolean) {
    this.#m = table.m;
    this.#table = table;
    this.#format = format;
    this.#use = use;
    this.#edat1 = edat1;
    this.#last = table.last;
    this.#pmd = format.pmdLevel;
  }

  /** @returns OK, or ENOMEM: then what was made stays, and is for the caller to take back */
  populate(start: number, end: number, altmap: VmemAltmap | undefined): Errno {
    return this.#addRegions(0, this.#m.tables.find(this.#table.root), start, end, altmap);
  }

  // modify_p4d_table() and modify_pud_table()
  #addRegions(level: number, slot: number, start: number, end: number, altmap: VmemAltmap | undefined): Errno {
    let next: number;
    for (let addr = start; addr < end; addr = next) {
      next = this.#table.entryEnd(level, addr, end);
      const word = this.#table.word(slot, this.#table.index(level, addr));
      const lo = this.#m.tables.lanes[word]!;
      const hi = this.#m.tables.lanes[word + 1]!;
      let child: number;
      if (this.#format.isNone(level, lo, hi)) {
        child = this.#table.reach(level + 1, addr, NUMA_NO_NODE);
        if (child < 0) return ENOMEM;
      } else if (this.#format.isLeaf(level, lo, hi)) continue;
      else child = this.#m.tables.find(this.#format.tableAddress(level, lo, hi));
      const err =
        level + 1 === this.#pmd
          ? this.#addSegments(child, addr, next, altmap)
          : this.#addRegions(level + 1, child, addr, next, altmap);
      if (err !== OK) return err;
    }
    return OK;
  }

  // modify_pmd_table()
  #addSegments(slot: number, start: number, end: number, altmap: VmemAltmap | undefined): Errno {
    for (let addr = start; addr < end; ) {
      const next = this.#table.entryEnd(this.#pmd, addr, end);
      const index = this.#table.index(this.#pmd, addr);
      const word = this.#table.word(slot, index);
      const lo = this.#m.tables.lanes[word]!;
      const hi = this.#m.tables.lanes[word + 1]!;
      let pages: number;
      let fresh = false;
      if (this.#format.isNone(this.#pmd, lo, hi)) {
        const done = this.#edat1 ? this.#addFrames(slot, index, addr, end, altmap) : addr;
        if (done > addr) {
          addr = done;
          continue;
        }
        // Without a 1 MiB frame: base pages, also with an altmap, and then out of it.
        pages = this.#table.reach(this.#last, addr, NUMA_NO_NODE);
        if (pages < 0) return ENOMEM;
        fresh = true;
      } else if (this.#format.isLeaf(this.#pmd, lo, hi)) {
        this.#use.use(addr, next);
        this.#m.trace?.({ step: 'present', level: 'pmd', offset: addr, count: 1 });
        addr = next;
        continue;
      } else pages = this.#m.tables.find(this.#format.tableAddress(this.#pmd, lo, hi));
      if (!this.#addPages(pages, fresh, addr, next, altmap)) return ENOMEM;
      addr = next;
    }
    return OK;
  }

  // 1 MiB frames for empty entries from `index` on, as many as one run of blocks has. A frame is whole even where the
  // range covers a part of it only. Returns where they end, or `addr` when there is no block.
  #addFrames(slot: number, index: number, addr: number, end: number, altmap: VmemAltmap | undefined): number {
    const size = this.#table.entrySpan(this.#pmd);
    const first = this.#table.entryStart(this.#pmd, addr);
    const wanted = this.#table.noneRun(this.#pmd, slot, index, Math.ceil((end - first) / size));
    const run = this.#run;
    this.#m.allocBlocks(size, NUMA_NO_NODE, altmap, wanted, run);
    const { count, pa, paStep } = run;
    if (count === 0) {
      this.#m.trace?.({ step: 'out-of-memory', level: 'pmd', offset: addr, size });
      return addr;
    }
    this.#table.setLeaves(this.#pmd, slot, index, count, pa, paStep);
    this.#m.trace?.({ step: 'leaves', level: 'pmd', offset: first, count, pa, paStep });
    const done = Math.min(first + count * size, end);
    // Only the first and the last can be covered in part.
    const firstEnd = Math.min(first + size, done);
    const lastStart = Math.max(first + (count - 1) * size, addr);
    this.#useNew(addr, firstEnd);
    if (lastStart > addr) this.#useNew(lastStart, done);
    return done;
  }

  #useNew(start: number, end: number): void {
    if (this.#table.isAligned(this.#pmd, start) && this.#table.isAligned(this.#pmd, end)) return;
    this.#use.useNew(start, end);
  }

  // modify_pte_table(); false without memory. With an altmap RAM never stands in for it.
  #addPages(slot: number, fresh: boolean, start: number, end: number, altmap: VmemAltmap | undefined): boolean {
    const size = this.#table.entrySpan(this.#last);
    const run = this.#run;
    let index = this.#table.index(this.#last, start);
    let left = (end - start) / size;
    let addr = start;
    while (left > 0) {
      let count = fresh ? left : this.#table.noneRun(this.#last, slot, index, left);
      if (count === 0) {
        count = this.#presentRun(slot, index, left);
        this.#m.trace?.({ step: 'present', level: 'pte', offset: addr, count });
      } else {
        this.#m.allocBlocks(size, NUMA_NO_NODE, altmap, count, run);
        count = run.count;
        if (count === 0) {
          this.#m.trace?.({ step: 'out-of-memory', level: 'pte', offset: addr, size });
          return false;
        }
        this.#table.setLeaves(this.#last, slot, index, count, run.pa, run.paStep);
        this.#m.trace?.({ step: 'leaves', level: 'pte', offset: addr, count, pa: run.pa, paStep: run.paStep });
      }
      index += count;
      left -= count;
      addr += count * size;
    }
    return true;
  }

  #presentRun(slot: number, index: number, max: number): number {
    const { lanes } = this.#m.tables;
    let count = 0;
    for (let word = this.#table.word(slot, index); count < max; word += 2, count++) {
      if (this.#format.isNone(this.#last, lanes[word]!, lanes[word + 1]!)) break;
    }
    return count;
  }
}
