import { RangeSet } from '../memory/range-set.ts';
import type { PageTable } from '../pagetable/page-table.ts';

/**
 * Which bytes of a huge page no struct page uses: the PAGE_UNUSED marks that x86 (arch/x86/mm/init_64.c, unused_pmd_start)
 * and s390 (arch/s390/mm/vmem.c, unused_sub_pmd_start) keep by the same rules.
 * Only when a section's struct pages are no multiple of a PMD does a leaf belong to several sections, and only then
 * is any of this used. The kernel writes 0xFD into the memory map itself; here the marked bytes are a set of ranges.
 */
export class SubPmdUse {
  readonly #table: PageTable;
  readonly #level: number;
  readonly #structPageSize: number;
  readonly #unused = new RangeSet();
  // Where the not yet marked rest of the last leaf begins: unused_pmd_start. Marks are written late, since the next
  // section will most likely use the rest.
  #unusedFrom: number | undefined;

  constructor(table: PageTable, structPageSize: number) {
    this.#table = table;
    this.#level = table.format.pmdLevel;
    this.#structPageSize = structPageSize;
  }

  /** vmemmap_use_new_sub_pmd(): `[start, end)` of a leaf that was just made. */
  useNew(start: number, end: number): void {
    this.#flush();
    this.#use(start);
    if (!this.#aligned(start)) this.#unused.add(this.#table.entryStart(this.#level, start), start);
    if (!this.#aligned(end)) this.#unusedFrom = end;
  }

  /** vmemmap_use_sub_pmd(): `[start, end)` of a leaf that was there. */
  use(start: number, end: number): void {
    if (this.#unusedFrom === start) {
      this.#unusedFrom = this.#aligned(end) ? undefined : end;
      return;
    }
    this.#flush();
    this.#use(start);
  }

  /**
   * `[start, end)` of a leaf is given up: the leaf goes when that is all of it, or (vmemmap_pmd_is_unused()) the last of
   * it in use. Its marks go along: the next leaf here is other memory.
   * @returns true when it goes
   */
  giveUp(start: number, end: number): boolean {
    const leaf = this.#table.entryStart(this.#level, start);
    const leafEnd = leaf + this.#table.entrySpan(this.#level);
    if (!(this.#aligned(start) && this.#aligned(end))) {
      this.#flush();
      this.#unused.add(start, end);
      if (!this.#unused.contains(leaf, leafEnd)) return false;
    }
    this.#unused.remove(leaf, leafEnd);
    return true;
  }

  // vmemmap_flush_unused_pmd()
  #flush(): void {
    if (this.#unusedFrom === undefined) return;
    this.#unused.add(this.#unusedFrom, this.#table.alignUp(this.#level, this.#unusedFrom));
    this.#unusedFrom = undefined;
  }

  // __vmemmap_use_sub_pmd(): zeroing one struct page is enough to keep the leaf.
  #use(start: number): void {
    this.#unused.remove(start, start + this.#structPageSize);
  }

  #aligned(offset: number): boolean {
    return this.#table.isAligned(this.#level, offset);
  }
}
