import type { ByteSource } from '../byte-source.ts';
import { ByteView } from '../byte-view.ts';
import { CachedSource } from '../cached-source.ts';
import type { Inflate } from '../codecs/codec.ts';
import { decompressPage } from '../codecs/page-codec.ts';
import type { PageStore, PhysicalRange } from '../page-store.ts';
import { refusal } from '../refusal.ts';
import type { KdumpHeader } from './header.ts';
import { PageBitmap, rangesOf } from './page-bitmap.ts';

/** Bytes of a page_desc: offset, size, flags, page flags. */
const DESCRIPTOR = 24;

/** The pages of one kdump-compressed file. */
export class KdumpStore implements PageStore {
  readonly pageSize: number;
  readonly ranges: readonly PhysicalRange[];
  /** Pages in this file. */
  readonly total: number;
  readonly #header: KdumpHeader;
  readonly #name: string;
  readonly #bitmap: PageBitmap;
  readonly #descriptors: CachedSource;
  readonly #data: CachedSource;
  readonly #inflate: Inflate | undefined;
  // makedumpfile has all pages of zeros once.
  #lastOffset = -1;
  #last: Uint8Array = new Uint8Array(0);

  constructor(source: ByteSource, header: KdumpHeader, inflate: Inflate | undefined) {
    const { blockSize, maxMapnr, bitmaps, pages } = header;
    this.#header = header;
    this.#name = source.name;
    this.#inflate = inflate;
    this.pageSize = blockSize;
    this.ranges = rangesOf(source, bitmaps[0], maxMapnr, blockSize, `the first bitmap of ${source.name}`);
    this.#bitmap = new PageBitmap(source, bitmaps[1], pages, `the second bitmap of ${source.name}`);
    this.total = this.#bitmap.total;
    const end = header.descriptors + this.total * DESCRIPTOR;
    if (end > source.size)
      throw refusal(
        'TRUNCATED',
        `${source.name} has ${source.size} bytes, and the descriptors of its ${this.total} pages end at ${end}; take a complete dump`,
      );
    this.#descriptors = new CachedSource(source, 2 ** 14, 64);
    this.#data = new CachedSource(source, 2 ** 16, 64);
  }

  next(page: number): number {
    return this.#bitmap.next(page);
  }

  position(page: number): number {
    const rank = this.#bitmap.rank(page);
    // Pages lie in the file in the order of their descriptors.
    return rank < 0 ? -1 : this.#header.descriptors + rank * DESCRIPTOR;
  }

  load(page: number, _count: number, into: Uint8Array): number {
    const { pageSize } = this;
    const where = (): string => `the page at 0x${(page * pageSize).toString(16)} in ${this.#name}`;
    const bytes = this.#descriptors.bytes(this.position(page), DESCRIPTOR, 'page descriptors');
    const descriptor = new ByteView(bytes, this.#header.byteOrder, where());
    const offset = descriptor.u64(0);
    const size = descriptor.u32(8);
    const flags = descriptor.u32(12);
    if (offset !== this.#lastOffset) {
      if (offset === 0 || size === 0)
        throw refusal('NOT_IN_DUMP', `${where()} was not written: the dump was not finished`);
      if (size > 2 * pageSize)
        throw refusal('BAD_FORMAT', `${where()} has ${size} bytes compressed: the file is damaged`);
      const compressed = this.#data.bytes(offset, size, where());
      this.#last = decompressPage(flags, compressed, pageSize, this.#inflate, where);
      this.#lastOffset = offset;
    }
    into.set(this.#last);
    return 1;
  }
}
