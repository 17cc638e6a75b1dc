import { pageSize } from '../contract/model.ts';
import { ENOMEM, ENOTSUPP, type Errno, OK } from '../errno.ts';
import type { MachineContext } from '../machine/context.ts';
import { RangeSet } from '../memory/range-set.ts';
import type { PageTable } from '../pagetable/page-table.ts';
import type { Public } from '../public.ts';
import type { PageStructs } from './page-structs.ts';

/** What is asked of every stretch of base pages on a walk: `count` entries of a table from `index` on, for `offset`. */
type RemapPtes = (slot: number, index: number, count: number, offset: number) => void;

/** vmemmap_remap_range() and what it is used for (mm/hugetlb_vmemmap.c). */
export class VmemmapRemap {
  readonly #m: MachineContext;
  readonly #table: Public<PageTable>;
  readonly #structs: PageStructs;
  readonly #isSelfHosted: (pa: number) => boolean;
  readonly #page: number;
  // Leaves that were split, by their first offset, and what of them is mapped anew since.
  readonly #split = new Set<number>();
  readonly #remapped = new RangeSet();
  // Entries seen so far on this walk.
  #walked = 0;

  constructor(
    m: MachineContext,
    table: Public<PageTable>,
    structs: PageStructs,
    isSelfHosted: (pa: number) => boolean,
  ) {
    this.#m = m;
    this.#table = table;
    this.#structs = structs;
    this.#isSelfHosted = isSelfHosted;
    this.#page = pageSize(m.model);
  }

  /** First offset of the leaf that was split at `offset`, if what is mapped there is still a part of it. */
  splitBlock(offset: number): number | undefined {
    const first = this.#table.entryStart(this.#table.last - 1, offset);
    return this.#split.has(first) && !this.#remapped.intersects(offset, offset + 1) ? first : undefined;
  }

  /** vmemmap_remap_split(): only splits the PMDs of `[start, end)`. */
  split(start: number, end: number): Errno {
    return this.#walk(start, end, undefined);
  }

  /**
   * vmemmap_remap_free(): maps the first page of `[start, end)` to `head` and all others to `tail`, read-only.
   * @param freed takes the pages that were mapped, in the order they were met; on an error some are taken back
   */
  free(start: number, end: number, head: number, tail: number, freed: number[]): Errno {
    const err = this.#walk(start, end, (slot, index, count, offset) => {
      for (let n = 0; n < count; n++) freed.push(this.#table.pageAddress(slot, index + n));
      const first = this.#walked === 0 ? 1 : 0;
      if (first === 1) this.#remap(slot, index, 1, offset, head, false);
      this.#remap(slot, index + first, count - first, offset + first * this.#page, tail, true);
    });
    // The new head stands in the same list until it is mapped.
    if (err !== OK && this.#walked === 0) freed.push(head);
    if (err === OK || this.#walked === 0) return err;
    // What was mapped to the tail gets a page of its own again; the copied head stays.
    this.restore(start, start + this.#walked * this.#page, freed, tail);
    return err;
  }

  /**
   * vmemmap_restore_pte() for every page of `[start, end)`: a page of its own with a copy of what it was mapped to.
   * @param pages where they come from, the last first
   * @param tail only pages that are mapped to this one; default all
   */
  restore(start: number, end: number, pages: number[], tail?: number): Errno {
    return this.#walk(start, end, (slot, index, count, offset) => {
      for (let n = 0; n < count; n++) {
        const from = this.#table.pageAddress(slot, index + n);
        if (tail !== undefined && tail !== from) continue;
        const to = pages.pop()!;
        this.#structs.copy(from, to);
        this.#table.setLeaves(this.#table.last, slot, index + n, 1, to, 0);
        this.#remapped.add(offset + n * this.#page, offset + (n + 1) * this.#page);
      }
      this.#trace(offset, count, 0, false);
    });
  }

  /** vmemmap_wrprotect_hvo() (mm/sparse-vmemmap.c): `[start, end)` becomes read-only. */
  writeProtect(start: number, end: number): void {
    this.#walk(start, end, (slot, index, count, offset) => {
      this.#table.writeProtect(slot, index, count);
      this.#trace(offset, count, 0, true);
    });
  }

  // vmemmap_remap_range(): the PMDs that are leaves are split on the way.
  #walk(start: number, end: number, remap: RemapPtes | undefined): Errno {
    const table = this.#table;
    this.#walked = 0;
    let next: number;
    for (let addr = start; addr < end; addr = next) {
      next = table.entryEnd(table.last - 1, addr, end);
      const slot = table.lookup(table.last - 1, addr);
      // A hole; there is none below a huge page.
      if (slot < 0) continue;
      const ptes = this.#pmdEntry(slot, addr, remap !== undefined);
      if (ptes === NOT_SUPPORTED) return ENOTSUPP;
      if (ptes === NO_MEMORY) return ENOMEM;
      if (ptes < 0 || remap === undefined) continue;
      const count = Math.ceil((next - addr) / this.#page);
      remap(ptes, table.index(table.last, addr), count, addr);
      this.#walked += count;
    }
    return OK;
  }

  // vmemmap_pmd_entry(): the table of the last level, made by splitting the leaf if need be.
  #pmdEntry(slot: number, addr: number, remapping: boolean): number {
    const table = this.#table;
    const { tables } = this.#m;
    const level = table.last - 1;
    const index = table.index(level, addr);
    const word = table.word(slot, index);
    const lo = tables.lanes[word]!;
    const hi = tables.lanes[word + 1]!;
    if (table.format.isNone(level, lo, hi)) return HOLE;
    const leaf = table.format.isLeaf(level, lo, hi);
    const pa = leaf ? table.format.leafAddress(level, lo, hi) : -1;
    const ptes = leaf ? -1 : tables.find(table.format.tableAddress(level, lo, hi));
    const inTable = table.index(table.last, addr);
    // Enough to look at the first page: where it is self-hosted all are.
    if (this.#walked === 0) {
      const first = leaf ? pa + inTable * this.#page : this.#table.pageAddress(ptes, inTable);
      if (this.#isSelfHosted(first)) return NOT_SUPPORTED;
    }
    if (!leaf) return ptes;
    const split = table.splitLeaf(slot, index, addr, pa, this.#m.memory.nodes[0]!);
    if (split < 0) return NO_MEMORY;
    const first = table.entryStart(level, addr);
    this.#split.add(first);
    this.#remapped.remove(first, first + table.entrySpan(level));
    if (remapping)
      this.#m.flushTlb(table.entryStart(level, addr), table.entryStart(level, addr) + table.entrySpan(level));
    return split;
  }

  #remap(slot: number, index: number, count: number, offset: number, pa: number, readOnly: boolean): void {
    if (count === 0) return;
    const { last } = this.#table;
    if (readOnly) this.#table.setReadOnlyLeaves(last, slot, index, count, pa);
    else this.#table.setLeaves(last, slot, index, count, pa, 0);
    this.#remapped.add(offset, offset + count * this.#page);
    this.#trace(offset, count, pa, readOnly);
  }

  #trace(offset: number, count: number, pa: number, readOnly: boolean): void {
    const { name } = this.#table.format.levels[this.#table.last]!;
    this.#m.trace?.({ step: 'remap', level: name, offset, count, pa, paStep: 0, readOnly });
  }
}

/** What is found in place of a table of the last level. */
const HOLE = -1;
const NO_MEMORY = -2;
const NOT_SUPPORTED = -3;
