import { BoundedCache } from './bounded-cache.ts';
import { type ByteSource, fillFrom } from './byte-source.ts';

/**
 * A source read in blocks, the last of which are kept: for what is read in small pieces that lie close together, as the
 * bitmaps and descriptors of a dump and pages that were compressed.
 */
export class CachedSource {
  readonly #source: ByteSource;
  readonly #blockSize: number;
  readonly #blocks: BoundedCache<Uint8Array>;
  #at = -1;
  #block: Uint8Array = new Uint8Array(0);

  /**
   * @param blockSize bytes, a power of two
   * @param blocks how many are kept
   */
  constructor(source: ByteSource, blockSize: number, blocks: number) {
    this.#source = source;
    this.#blockSize = blockSize;
    this.#blocks = new BoundedCache(blocks);
  }

  /**
   * Bytes from the source; a view where they lie in one block, valid as long as it is not written to.
   * Throws `TRUNCATED` where the source ends before. The caller has bounded `length`.
   */
  bytes(position: number, length: number, what: string): Uint8Array {
    const number = Math.floor(position / this.#blockSize);
    const inside = position - number * this.#blockSize;
    if (inside + length <= this.#blockSize) {
      const block = this.#load(number);
      if (inside + length <= block.length) return block.subarray(inside, inside + length);
    }
    const out = new Uint8Array(length);
    fillFrom(this.#source, position, out, what);
    return out;
  }

  #load(number: number): Uint8Array {
    if (number === this.#at) return this.#block;
    let block = this.#blocks.get(number);
    if (block === undefined) {
      block = new Uint8Array(this.#blockSize);
      const got = this.#source.read(number * this.#blockSize, block);
      if (got < block.length) block = block.subarray(0, got);
      this.#blocks.set(number, block);
    }
    this.#at = number;
    this.#block = block;
    return block;
  }
}
