import { alignDown, alignUp, hex64, LANE } from '../bits.ts';
import type { PopulateContext } from '../contract/context.ts';
import { VmemmapError } from '../errors.ts';
import { fillEmpty } from './fill-empty.ts';
import type { Entry, PageTableFormat } from './format.ts';

/** What a page table may want to tell. */
export interface PageTableHooks {
  /**
   * A top-level entry was made for the table that covers `offset` (pgd_populate_kernel, p4d_populate_kernel);
   * called only on releases that sync there.
   */
  onTopLevelEntry?(offset: number): void;

  /**
   * Memory for a table, on an architecture that has a way of its own (powerpc: page fragments, slab caches).
   * Default: vmemmap_alloc_block() of the table's size, a page at least.
   * @param splits true when a leaf is split (pte_alloc_one_kernel), where nobody warns about missing memory
   * @returns physical address, or -1 when there is none
   */
  allocTable?(level: number, node: number, splits: boolean): number;

  /** Takes back what {@link allocTable} gave. */
  freeTable?(level: number, pa: number): void;
}

/**
 * The writing side of one root table: finds and makes tables, and writes runs of leaves a table at a time.
 * It remembers the path of the last walk, so that neighbouring addresses cost nothing.
 */
export class PageTable {
  /** How its entries are written. */
  readonly format: PageTableFormat;
  /** The machine it belongs to. */
  readonly m: PopulateContext;
  /** Physical address of the root table. */
  readonly root: number;
  /** Last level: the one of base pages. */
  readonly last: number;
  /** True when the table {@link reach} returned was made by that call: all of its entries are empty. */
  fresh = false;

  readonly #tables: PopulateContext['tables'];
  readonly #hooks: PageTableHooks;
  readonly #path: Int32Array;
  readonly #pathStart: Float64Array;
  readonly #entrySpan: Float64Array;
  readonly #tableSpan: Float64Array;
  readonly #tableBytes: Int32Array;
  readonly #bias: number;
  readonly #rootIndex: number;
  readonly #entry: Entry = { lo: 0, hi: 0 };
  #depth = 0;
  #generation: number;

  /** @param root physical address of a root table frame that exists */
  constructor(m: PopulateContext, format: PageTableFormat, root: number, hooks: PageTableHooks = {}) {
    this.m = m;
    this.format = format;
    this.root = root;
    this.last = format.levels.length - 1;
    this.#hooks = hooks;
    this.#tables = m.tables;
    this.#generation = m.tables.generation;
    const { levels } = format;
    this.#entrySpan = Float64Array.from(levels, ({ shift }) => 2 ** shift);
    this.#tableSpan = Float64Array.from(levels, ({ shift, indexBits }) => 2 ** (shift + indexBits));
    const page = 2 ** m.model.pageShift;
    this.#tableBytes = Int32Array.from(levels, ({ indexBits }) => Math.max(8 * 2 ** indexBits, page));
    this.#path = new Int32Array(levels.length);
    this.#path[0] = m.tables.find(root);
    this.#pathStart = new Float64Array(levels.length);
    // Addresses are counted from the root entry that holds the window's start: that fits a double, the whole 64 bits do not.
    const top = levels[0]!;
    const rootEntry = (m.window.start >> BigInt(top.shift)) << BigInt(top.shift);
    this.#bias = Number(m.window.start - rootEntry);
    this.#rootIndex = Number((m.window.start >> BigInt(top.shift)) & ((1n << BigInt(top.indexBits)) - 1n));
  }

  /** Bytes an entry at `level` stands for. */
  entrySpan(level: number): number {
    return this.#entrySpan[level]!;
  }

  /** Entries of a table at `level`. */
  entries(level: number): number {
    return 1 << this.format.levels[level]!.indexBits;
  }

  /** Bytes that a table at `level` takes: whole pages, though its entries may need less. */
  tableBytes(level: number): number {
    return this.#tableBytes[level]!;
  }

  /** Index of the entry for `offset` in its table at `level`. */
  index(level: number, offset: number): number {
    return this.#index(level, offset + this.#bias);
  }

  /** Offset of the first byte that the entry for `offset` at `level` stands for. May lie before the window. */
  entryStart(level: number, offset: number): number {
    return alignDown(offset + this.#bias, this.#entrySpan[level]!) - this.#bias;
  }

  /** p?d_addr_end(): where the entry for `offset` ends, or `end` if that comes first. */
  entryEnd(level: number, offset: number, end: number): number {
    return Math.min(this.entryStart(level, offset) + this.#entrySpan[level]!, end);
  }

  /** First entry boundary of `level` at or after `offset`: the kernel's ALIGN(addr, P?D_SIZE). */
  alignUp(level: number, offset: number): number {
    return alignUp(offset + this.#bias, this.#entrySpan[level]!) - this.#bias;
  }

  /** True when `offset` is a multiple of what an entry at `level` stands for. */
  isAligned(level: number, offset: number): boolean {
    return (offset + this.#bias) % this.#entrySpan[level]! === 0;
  }

  /**
   * Makes sure that the root table has entries for `start` to `end`: beyond, an index comes round to entries of other
   * addresses. For architectures that populate what lies outside of the window, too.
   * @throws VmemmapError `NOT_MODELLED`
   */
  mustReach(start: number, end: number): void {
    const top = this.entryStart(0, 0) - this.#rootIndex * this.#entrySpan[0]!;
    if (start >= top && end <= top + this.#tableSpan[0]!) return;
    const va = (offset: number): string => hex64(this.m.window.start + BigInt(offset));
    throw new VmemmapError(
      'NOT_MODELLED',
      `${va(start)} to ${va(end)} is outside of what the root table of the kernel's half translates, where its tables would be taken for those of other addresses; add memory that the vmemmap has room for`,
    );
  }

  /**
   * The table at `level` that covers `offset`, made with all above it where missing: the kernel's
   * vmemmap_pgd_populate() to vmemmap_pmd_populate().
   * @returns its slot, or -1 when there is no memory for a table
   */
  reach(level: number, offset: number, node: number): number {
    const rel = offset + this.#bias;
    const { m, format } = this;
    let at = this.#cached(level, rel);
    this.fresh = false;
    while (at < level) {
      const slot = this.#path[at]!;
      const lanes = this.#tables.lanes;
      const index = this.#index(at, rel);
      const word = this.#tables.base[slot]! + 2 * index;
      let child: number;
      if (format.isNone(at, lanes[word]!, lanes[word + 1]!)) {
        child = this.#makeTable(at + 1, offset, node, false);
        if (child < 0) return -1;
        format.makeTable(at, this.#tables.address(child), this.#entry);
        // Not `lanes`: the new table may have moved them.
        this.#tables.lanes[word] = this.#entry.lo;
        this.#tables.lanes[word + 1] = this.#entry.hi;
        this.fresh = at + 1 === level;
        if (at === 0 && m.release.syncsNewTopLevelEntries) this.#hooks.onTopLevelEntry?.(offset);
      } else child = this.#child(at, offset, lanes[word]!, lanes[word + 1]!);
      at++;
      this.#path[at] = child;
      this.#pathStart[at] = alignDown(rel, this.#tableSpan[at]!);
      this.#depth = at;
    }
    return this.#path[level]!;
  }

  /**
   * The table at `level` that covers `offset`, if there is one.
   * @returns its slot; -1 when an entry above is empty or a leaf, and then {@link stoppedAt} is that entry's level
   */
  lookup(level: number, offset: number): number {
    let slot = this.#tables.find(this.root);
    for (let at = 0; at < level; at++) {
      const word = this.#tables.base[slot]! + 2 * this.index(at, offset);
      const lo = this.#tables.lanes[word]!;
      const hi = this.#tables.lanes[word + 1]!;
      this.stoppedAt = at;
      if (this.format.isNone(at, lo, hi) || this.format.isLeaf(at, lo, hi)) return -1;
      slot = this.#tables.find(this.format.tableAddress(at, lo, hi));
    }
    return slot;
  }

  /** See {@link lookup}. */
  stoppedAt = 0;

  /** pte_pfn(): the physical address in entry `index` of a table of the last level. Of an empty entry it is 0. */
  pageAddress(slot: number, index: number): number {
    const word = this.word(slot, index);
    const { lanes } = this.#tables;
    return this.format.leafAddress(this.last, lanes[word]!, lanes[word + 1]!);
  }

  /** ptep_set_wrprotect() on `count` entries of a table of the last level; for formats that can. */
  writeProtect(slot: number, index: number, count: number): void {
    const { lanes } = this.#tables;
    const first = this.word(slot, index);
    for (let word = first; word < first + 2 * count; word += 2) {
      this.format.writeProtect?.(lanes[word]!, lanes[word + 1]!, this.#entry);
      lanes[word] = this.#entry.lo;
      lanes[word + 1] = this.#entry.hi;
    }
  }

  /** First word of entry `index` of the table in `slot`. */
  word(slot: number, index: number): number {
    // An integer to the compiler, too: an index that comes out of Math.floor() is none (measured).
    return (this.#tables.base[slot]! + 2 * index) | 0;
  }

  /** How many of up to `max` entries from `index` on are empty. */
  noneRun(level: number, slot: number, index: number, max: number): number {
    const lanes = this.#tables.lanes;
    let word = this.word(slot, index);
    let run = 0;
    while (run < max && this.format.isNone(level, lanes[word]!, lanes[word + 1]!)) {
      run++;
      word += 2;
    }
    return run;
  }

  /** True when all entries of the table are empty. */
  isEmpty(level: number, slot: number): boolean {
    const entries = this.entries(level);
    return this.noneRun(level, slot, 0, entries) === entries;
  }

  /** Writes `count` leaves from `index` on: the first maps `pa`, each next one `paStep` further. */
  setLeaves(level: number, slot: number, index: number, count: number, pa: number, paStep: number): void {
    const lanes = this.#tables.lanes;
    const entry = this.#entry;
    let word = this.word(slot, index);
    while (count > 0) {
      const run = Math.min(count, stepsWithin4GiB(pa, paStep));
      this.format.makeLeaf(level, pa, entry);
      let lo = entry.lo | 0;
      const hi = entry.hi | 0;
      let slope = 0;
      if (run > 1) {
        this.format.makeLeaf(level, pa + paStep, entry);
        slope = (entry.lo - lo) | 0;
      }
      const end = (word + 2 * run) | 0;
      while (word < end) {
        lanes[word] = lo;
        lanes[word + 1] = hi;
        lo = (lo + slope) | 0;
        word += 2;
      }
      pa += run * paStep;
      count -= run;
    }
  }

  /** Writes `count` leaves from `index` on that all map `pa` with PAGE_KERNEL_RO. */
  setReadOnlyLeaves(level: number, slot: number, index: number, count: number, pa: number): void {
    const entry = this.#entry;
    if (this.format.makeReadOnlyLeaf === undefined) this.format.makeLeaf(level, pa, entry);
    else this.format.makeReadOnlyLeaf(level, pa, entry);
    const lanes = this.#tables.lanes;
    const first = this.word(slot, index);
    for (let word = first; word < first + 2 * count; word += 2) {
      lanes[word] = entry.lo;
      lanes[word + 1] = entry.hi;
    }
  }

  /** p?d_clear(): empties an entry. */
  clear(level: number, slot: number, index: number): void {
    this.#entry.lo = 0;
    this.#entry.hi = 0;
    this.format.emptyEntry?.(level, this.#entry);
    const word = this.word(slot, index);
    this.#tables.lanes[word] = this.#entry.lo;
    this.#tables.lanes[word + 1] = this.#entry.hi;
  }

  /** Empties the leaf for `offset`, which maps `pa`, and tells whoever watches. */
  clearLeaf(level: number, slot: number, index: number, offset: number, pa: number): void {
    this.clear(level, slot, index);
    const { name } = this.format.levels[level]!;
    this.m.trace?.({
      step: 'clear',
      level: name,
      offset: this.entryStart(level, offset),
      pa,
      size: this.entrySpan(level),
    });
  }

  /**
   * Puts a new table of the last level in place of a leaf above it, with base pages for the same memory: what is mapped does
   * not change (mm/hugetlb_vmemmap.c:vmemmap_split_pmd).
   * @param pa where the leaf maps to
   * @returns the table's slot, or -1 without memory for it
   */
  splitLeaf(slot: number, index: number, offset: number, pa: number, node: number): number {
    const level = this.last - 1;
    const child = this.#makeTable(this.last, offset, node, true);
    if (child < 0) return -1;
    this.setLeaves(this.last, child, 0, this.entries(this.last), pa, this.entrySpan(this.last));
    this.format.makeTable(level, this.#tables.address(child), this.#entry);
    const word = this.word(slot, index);
    this.#tables.lanes[word] = this.#entry.lo;
    this.#tables.lanes[word + 1] = this.#entry.hi;
    const { name } = this.format.levels[level]!;
    this.m.trace?.({ step: 'split', level: name, offset: this.entryStart(level, offset), pa });
    return child;
  }

  /** Takes a table away: its parent's entry is emptied and its page freed. */
  freeTable(level: number, slot: number, parentSlot: number, parentIndex: number, offset: number): void {
    const pa = this.#tables.address(slot);
    if (this.#hooks.freeTable === undefined) this.m.freePages(pa, this.tableBytes(level));
    else this.#hooks.freeTable(level, pa);
    this.clear(level - 1, parentSlot, parentIndex);
    this.#tables.remove(slot);
    this.m.trace?.({
      step: 'free-table',
      level: this.format.levels[level]!.name,
      offset: this.entryStart(level - 1, offset),
      pa,
    });
  }

  // Deepest level not below `level` whose remembered table covers the address.
  #cached(level: number, rel: number): number {
    if (this.#generation !== this.#tables.generation) {
      this.#generation = this.#tables.generation;
      this.#depth = 0;
      return 0;
    }
    let at = Math.min(level, this.#depth);
    while (at > 0) {
      const start = this.#pathStart[at]!;
      if (rel >= start && rel < start + this.#tableSpan[at]!) break;
      at--;
    }
    // What is remembered below the level where the walk leaves the old path is of no use any more.
    if (at < level) this.#depth = at;
    return at;
  }

  #index(level: number, rel: number): number {
    const index = Math.floor(rel / this.#entrySpan[level]!);
    return level === 0 ? this.#rootIndex + index : index & (this.entries(level) - 1);
  }

  #makeTable(level: number, offset: number, node: number, splits: boolean): number {
    const { m, format } = this;
    const size = this.tableBytes(level);
    const pa =
      this.#hooks.allocTable?.(level, node, splits) ?? (splits ? m.allocPages(size, node) : m.allocBlock(size, node));
    const { name } = format.levels[level]!;
    if (pa < 0) {
      m.trace?.({ step: 'out-of-memory', level: name, offset, size });
      return -1;
    }
    const slot = this.#tables.create(pa, 8 * this.entries(level));
    fillEmpty(this.#tables, format, level, slot);
    m.trace?.({ step: 'table', level: name, offset: this.entryStart(level - 1, offset), pa });
    return slot;
  }

  #child(at: number, offset: number, lo: number, hi: number): number {
    const slot = this.format.isLeaf(at, lo, hi) ? -1 : this.#tables.find(this.format.tableAddress(at, lo, hi));
    if (slot >= 0) return slot;
    // The kernel would take the leaf for a table and write into the memory map itself.
    return this.m.events.stop(
      'BUG_ON',
      'leaf-taken-for-table',
      'mm/sparse-vmemmap.c:vmemmap_populate_address',
      `the ${this.format.levels[at]!.name} entry for offset 0x${offset.toString(16)} is a leaf where a table is needed`,
    );
  }
}

// How many leaves from `pa` on stay in one aligned 4 GiB.
function stepsWithin4GiB(pa: number, paStep: number): number {
  if (paStep === 0) return Infinity;
  const start = Math.floor(pa / LANE) * LANE;
  return paStep > 0 ? Math.ceil((start + LANE - pa) / paStep) : Math.floor((pa - start) / -paStep) + 1;
}
