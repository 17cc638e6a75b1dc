/**
 * Reference counts of pages that several entries map (get_page() in radix__vmemmap_pte_populate): all but the first of
 * them. A page that is not in here has one.
 */
export class SharedPages {
  readonly #extra = new Map<number, number>();

  /** get_page() */
  get(pa: number): void {
    this.#extra.set(pa, (this.#extra.get(pa) ?? 0) + 1);
  }

  /**
   * put_page_testzero()
   * @returns true when that was the last reference
   */
  put(pa: number): boolean {
    const extra = this.#extra.get(pa);
    if (extra === undefined) return true;
    if (extra === 1) this.#extra.delete(pa);
    else this.#extra.set(pa, extra - 1);
    return false;
  }

  /** page_count() of a page that is mapped. */
  count(pa: number): number {
    return 1 + (this.#extra.get(pa) ?? 0);
  }
}
