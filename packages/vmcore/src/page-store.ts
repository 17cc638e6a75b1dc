/** Physical memory that lies in one piece. */
export interface PhysicalRange {
  /** Physical address of the first byte. */
  readonly start: number;
  /** Physical address of the first byte after it. */
  readonly end: number;
}

/** What a format is to the memory that is read through it: pages, found by number. */
export interface PageStore {
  /** Bytes in a page of the store, a power of two. The kernel's own pages may be larger. */
  readonly pageSize: number;
  /** The memory that the machine had, as far as the dump says; by address. Not all of it need be in the dump. */
  readonly ranges: readonly PhysicalRange[];
  /** The first page from `page` on that is in the dump, or -1. */
  next(page: number): number;
  /** Where the page lies in the file: what pages are sorted by before they are read. -1 when it is not in the dump. */
  position(page: number): number;
  /**
   * Reads pages that follow each other, as many as one read gives: at least one, which is in the dump.
   * @param count the most that are wanted
   * @param into room for `count` pages
   * @returns how many were read
   */
  load(page: number, count: number, into: Uint8Array): number;
}
