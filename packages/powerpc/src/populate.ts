import {
  alignDown,
  type BlockRun,
  blockRun,
  ENOMEM,
  type Errno,
  OK,
  type PageTable,
  type VmemAltmap,
  vmemmapPopulateBasepages,
  vmemmapVerify,
} from '@vmemmap/core';
import { altmapCrossBoundary } from './altmap.ts';
import type { BasePages } from './base-page.ts';
import type { PowerpcPolicies } from './policies.ts';

/**
 * radix__vmemmap_populate() (arch/powerpc/mm/book3s64/radix_pgtable.c): 2 MiB leaves, and base pages where a 2 MiB block
 * cannot be had or would lie beyond the device. Sections are much smaller than a leaf, so a populate covers more than it
 * was asked for: from the 2 MiB boundary below `start`, and to the end of the last leaf.
 */
export class RadixPopulate {
  readonly #table: PageTable;
  readonly #pages: BasePages;
  readonly #policies: PowerpcPolicies;
  readonly #pmd: number;
  readonly #pmdSize: number;
  readonly #pageSize: number;
  readonly #run: BlockRun = blockRun();

  constructor(table: PageTable, pages: BasePages, policies: PowerpcPolicies) {
    this.#table = table;
    this.#pages = pages;
    this.#policies = policies;
    this.#pmd = table.format.pmdLevel;
    this.#pmdSize = table.entrySpan(this.#pmd);
    this.#pageSize = table.entrySpan(table.last);
  }

  populate(start: number, end: number, node: number, altmap: VmemAltmap | undefined): Errno {
    const table = this.#table;
    const wholePmd = altmap === undefined && this.#policies.startsAtPmd;
    let addr = alignDown(start, wholePmd ? this.#pmdSize : this.#pageSize);
    while (addr < end) {
      const slot = table.reach(this.#pmd, addr, node);
      if (slot < 0) return ENOMEM;
      const index = table.index(this.#pmd, addr);
      const none = table.fresh ? this.#inTable(index, addr, end) : this.#noneRun(slot, index, addr, end);
      if (none > 0) {
        const mapped = this.#mayUsePmd(addr, altmap) ? this.#setPmds(slot, index, none, node, addr, end, altmap) : 0;
        if (mapped > 0) {
          addr = Math.min(table.entryStart(this.#pmd, addr) + mapped * this.#pmdSize, end);
          continue;
        }
      } else if (this.#checkPmd(slot, index, node, addr, end)) {
        addr = table.entryEnd(this.#pmd, addr, end);
        continue;
      }
      const next = table.entryEnd(this.#pmd, addr, end);
      if (this.#basePages(addr, next, node, altmap) !== OK) return ENOMEM;
      addr = next;
    }
    return OK;
  }

  // PMDs from `index` on that the range touches in this table.
  #inTable(index: number, addr: number, end: number): number {
    const first = this.#table.entryStart(this.#pmd, addr);
    return Math.min(this.#table.entries(this.#pmd) - index, Math.ceil((end - first) / this.#pmdSize));
  }

  #noneRun(slot: number, index: number, addr: number, end: number): number {
    return this.#table.noneRun(this.#pmd, slot, index, this.#inTable(index, addr, end));
  }

  // Without an altmap since 7.2 the address is always a boundary; before, one inside of a PMD gets base pages.
  #mayUsePmd(addr: number, altmap: VmemAltmap | undefined): boolean {
    if (!this.#table.isAligned(this.#pmd, addr)) return false;
    return altmap === undefined || !altmapCrossBoundary(this.#table.m, altmap, addr, this.#pmdSize);
  }

  // vmemmap_set_pmd() for a run of empty PMDs. With an altmap one at a time: the next may cross its boundary.
  #setPmds(
    slot: number,
    index: number,
    none: number,
    node: number,
    addr: number,
    end: number,
    altmap: VmemAltmap | undefined,
  ): number {
    const table = this.#table;
    const { m } = table;
    const run = this.#run;
    const { name } = table.format.levels[this.#pmd]!;
    m.allocBlocks(this.#pmdSize, node, altmap, altmap === undefined ? none : 1, run);
    const { count } = run;
    if (count === 0) {
      m.trace?.({ step: 'out-of-memory', level: name, offset: addr, size: this.#pmdSize });
      return 0;
    }
    table.setLeaves(this.#pmd, slot, index, count, run.pa, run.paStep);
    m.trace?.({ step: 'leaves', level: name, offset: addr, count, pa: run.pa, paStep: run.paStep });
    for (let n = 0, at = addr; n < count; n++, at += this.#pmdSize)
      vmemmapVerify(m, run.pa + n * run.paStep, node, at, Math.min(at + this.#pmdSize, end));
    return count;
  }

  // vmemmap_check_pmd(): a leaf is looked at and left alone.
  #checkPmd(slot: number, index: number, node: number, addr: number, end: number): boolean {
    const table = this.#table;
    const { m, format } = table;
    const { lanes } = m.tables;
    const word = table.word(slot, index);
    if (!format.isLeaf(this.#pmd, lanes[word]!, lanes[word + 1]!)) return false;
    const pa = format.leafAddress(this.#pmd, lanes[word]!, lanes[word + 1]!);
    vmemmapVerify(m, pa, node, addr, table.entryEnd(this.#pmd, addr, end));
    m.trace?.({ step: 'present', level: format.levels[this.#pmd]!.name, offset: addr, count: 1 });
    return true;
  }

  // base_mapping: once a PMD points to a table, all of its range goes by base pages. Without an altmap that is what
  // vmemmap_populate_basepages() does.
  #basePages(start: number, end: number, node: number, altmap: VmemAltmap | undefined): Errno {
    const table = this.#table;
    const { m, last, format } = table;
    if (altmap === undefined) return vmemmapPopulateBasepages(table, start, end, node, undefined, undefined);
    for (let addr = start; addr < end; addr += this.#pageSize) {
      const slot = table.reach(last, addr, node);
      if (slot < 0 || !this.#pages.populate(slot, addr, node, altmap)) return ENOMEM;
      const word = table.word(slot, table.index(last, addr));
      const pa = format.leafAddress(last, m.tables.lanes[word]!, m.tables.lanes[word + 1]!);
      vmemmapVerify(m, pa, node, addr, addr + this.#pageSize);
    }
    return OK;
  }
}
