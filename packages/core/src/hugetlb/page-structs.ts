/** What the struct pages in one page of the memory map say of their compound page. */
export interface CompoundPage {
  /** log2 of the compound in base pages. */
  readonly order: number;
  /** pfn of the head; undefined in a page that compounds share, which says only how to find a head. */
  readonly headPfn: number | undefined;
  /** The first struct page in this page is the head. All others are tails. */
  readonly hasHead: boolean;
}

/**
 * The contents of struct pages as far as the map depends on them: which compound they say they belong to. Only of pages
 * that were copied or are shared; in all others a compound's own struct pages stand where its address says.
 */
export class PageStructs {
  readonly #pages = new Map<number, CompoundPage>();

  /** The page at physical address `pa`. */
  get(pa: number): CompoundPage | undefined {
    return this.#pages.get(pa);
  }

  /** Struct pages are written. */
  write(pa: number, contents: CompoundPage): void {
    this.#pages.set(pa, contents);
  }

  /** copy_page() */
  copy(from: number, to: number): void {
    const contents = this.#pages.get(from);
    if (contents === undefined) this.#pages.delete(to);
    else this.#pages.set(to, contents);
  }

  /** The page is given back: what is in it means nothing any more. */
  forget(pa: number): void {
    this.#pages.delete(pa);
  }
}
