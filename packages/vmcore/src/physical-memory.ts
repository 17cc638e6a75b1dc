import { BoundedCache } from './bounded-cache.ts';
import type { PageStore, PhysicalRange } from './page-store.ts';
import { refusal } from './refusal.ts';

/** What {@link PhysicalMemory} may be told. */
export interface MemoryOptions {
  /** The most bytes of pages that are kept; default 32 MiB. */
  readonly cacheBytes?: number;
  /** Told of each page that is looked at, by its physical address; now and then more than once. */
  readonly onPage?: (pa: number) => void;
}

const CACHE_BYTES = 2 ** 25;
/** The most bytes that one read of a batch takes. */
const RUN_BYTES = 2 ** 20;

/**
 * The memory of a machine by physical address, whatever file it comes from. Pages are read when they are asked for, and
 * the last ones are kept, up to a bound.
 */
export class PhysicalMemory {
  /** Bytes in the pages that the dump is read in, a power of two. */
  readonly pageSize: number;
  /** The memory that the machine had, as far as the dump says; by address. See {@link has} for what is in the dump. */
  readonly ranges: readonly PhysicalRange[];
  readonly #store: PageStore;
  readonly #cache: BoundedCache<Uint8Array>;
  readonly #batch: number;
  readonly #onPage: ((pa: number) => void) | undefined;
  #lastNumber = Number.NaN;
  #last: Uint8Array = new Uint8Array(0);
  #run: Uint8Array = new Uint8Array(0);

  constructor(store: PageStore, { cacheBytes = CACHE_BYTES, onPage }: MemoryOptions = {}) {
    if (!(cacheBytes >= 0 && cacheBytes <= Number.MAX_SAFE_INTEGER))
      throw refusal('BAD_ARGUMENT', `cacheBytes is a number of bytes, not ${cacheBytes}`);
    this.#store = store;
    this.#onPage = onPage;
    this.pageSize = store.pageSize;
    this.ranges = store.ranges;
    const pages = Math.max(4, Math.floor(cacheBytes / store.pageSize));
    this.#cache = new BoundedCache(pages);
    // Pages of one batch must still be there when the batch has been read.
    this.#batch = Math.max(1, pages >> 2);
  }

  /** True when the page of a physical address is in the dump. */
  has(pa: number): boolean {
    return pa >= 0 && this.#store.position(Math.floor(pa / this.pageSize)) >= 0;
  }

  /**
   * The page that holds a physical address, from its start. It is the cache's own: do not write to it.
   * Throws `NOT_IN_DUMP` where the dump does not have it.
   */
  page(pa: number): Uint8Array {
    const number = Math.floor(pa / this.pageSize);
    if (number === this.#lastNumber) return this.#last;
    this.#onPage?.(number * this.pageSize);
    let page = this.#cache.get(number);
    if (page === undefined) {
      if (!this.has(pa)) throw this.#absent(pa);
      page = new Uint8Array(this.pageSize);
      this.#store.load(number, 1, page);
      this.#cache.set(number, page);
    }
    this.#lastNumber = number;
    this.#last = page;
    return page;
  }

  /**
   * Fills `into` from a physical address on, over as many pages as it takes.
   * Throws `NOT_IN_DUMP` where the dump does not have all of it.
   */
  read(pa: number, into: Uint8Array): void {
    let done = 0;
    while (done < into.length) {
      const at = pa + done;
      const inside = at - Math.floor(at / this.pageSize) * this.pageSize;
      const part = this.page(at).subarray(inside, inside + into.length - done);
      into.set(part, done);
      done += part.length;
    }
  }

  /**
   * Reads the same number of bytes at many addresses. Pages that are not kept are read in the order in which they lie in
   * the file, neighbours at once.
   * @param addresses physical, in any order
   * @param length bytes at each address
   * @param into the bytes of all, in the order of `addresses`
   * @throws `NOT_IN_DUMP` where the dump does not have all of them
   */
  readMany(addresses: Float64Array, length: number, into: Uint8Array): void {
    if (into.length !== addresses.length * length)
      throw refusal(
        'BAD_ARGUMENT',
        `${addresses.length} times ${length} bytes need room for just as many, not ${into.length}`,
      );
    for (let from = 0; from < addresses.length; from += this.#batch) {
      const part = addresses.subarray(from, from + this.#batch);
      this.prefetch(part);
      for (let i = 0; i < part.length; i++) {
        const at = (from + i) * length;
        this.read(part[i]!, into.subarray(at, at + length));
      }
    }
  }

  /**
   * Reads the pages of these addresses into the cache, in the order in which they lie in the file. Those that the dump
   * does not have are left out. More than a quarter of the cache at once is not kept.
   */
  prefetch(addresses: Float64Array): void {
    const wanted = new Set<number>();
    for (const pa of addresses) {
      const number = Math.floor(pa / this.pageSize);
      if (wanted.size < this.#batch && number >= 0 && this.#cache.get(number) === undefined) wanted.add(number);
    }
    const found: { number: number; position: number }[] = [];
    for (const number of wanted) {
      const position = this.#store.position(number);
      if (position >= 0) found.push({ number, position });
    }
    found.sort((a, b) => a.position - b.position);
    for (let i = 0; i < found.length; ) {
      let count = 1;
      while (i + count < found.length && found[i + count]!.number === found[i]!.number + count) count++;
      i += this.#loadRun(found[i]!.number, count);
    }
  }

  /**
   * Calls `see` with every page that is in the dump, by address, without keeping it; until it answers true.
   * @param see its physical address and its bytes, which are overwritten after the call
   */
  scan(see: (pa: number, page: Uint8Array) => boolean): void {
    const { pageSize } = this;
    const run = new Uint8Array(Math.max(pageSize, RUN_BYTES));
    for (let page = this.#store.next(0); page >= 0; page = this.#store.next(page)) {
      const got = this.#store.load(page, run.length / pageSize, run);
      for (let i = 0; i < got; i++)
        if (see((page + i) * pageSize, run.subarray(i * pageSize, (i + 1) * pageSize))) return;
      page += got;
    }
  }

  #loadRun(page: number, count: number): number {
    const { pageSize } = this;
    const most = Math.min(count, Math.max(1, RUN_BYTES / pageSize));
    if (this.#run.length < most * pageSize) this.#run = new Uint8Array(most * pageSize);
    const got = this.#store.load(page, most, this.#run);
    for (let i = 0; i < got; i++) this.#cache.set(page + i, this.#run.slice(i * pageSize, (i + 1) * pageSize));
    return got;
  }

  #absent(pa: number): Error {
    const inside = this.ranges.some(({ start, end }) => pa >= start && pa < end);
    const why = inside ? 'the dump leaves that page out' : 'the machine has no memory there';
    return refusal('NOT_IN_DUMP', `nothing at physical address 0x${pa.toString(16)}: ${why}`);
  }
}
