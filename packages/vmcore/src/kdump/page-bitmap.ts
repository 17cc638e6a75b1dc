import { type ByteSource, fillFrom } from '../byte-source.ts';
import { CachedSource } from '../cached-source.ts';
import type { PhysicalRange } from '../page-store.ts';
import { refusal } from '../refusal.ts';
import type { FilePart } from './header.ts';

/** Pages of which one number is kept. */
const CHUNK = 4096;
const CHUNK_BYTES = CHUNK / 8;
/** Bytes that are read at once while counting. */
const STRIDE = 2 ** 20;
/** Runs of pages: more than machines have, and few enough to keep. */
const MOST_RANGES = 2 ** 16;

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest > 0; rest >>= 1) bits += rest & 1;
  return bits;
});

function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/**
 * Which pages are in the dump, and how many of those come before a page: the number of its descriptor. The bitmap stays in
 * the file; of 4096 pages one number is kept.
 */
export class PageBitmap {
  /** Pages that are in the dump. */
  readonly total: number;
  readonly #source: CachedSource;
  readonly #what: string;
  readonly #offset: number;
  readonly #start: number;
  readonly #end: number;
  /** How many pages come before each chunk. */
  readonly #before: Float64Array;

  /** @param pages counted from `start`; the first beyond is `end` */
  constructor(source: ByteSource, part: FilePart, pages: { start: number; end: number }, what: string) {
    this.#source = new CachedSource(source, CHUNK_BYTES * 8, 64);
    this.#what = what;
    this.#offset = part.offset;
    this.#start = pages.start;
    this.#end = pages.end;
    this.#before = new Float64Array(Math.ceil(pages.end / CHUNK) + 1);
    let count = 0;
    const bytes = new Uint8Array(STRIDE);
    const words = new Int32Array(bytes.buffer);
    for (let chunk = Math.floor(pages.start / CHUNK); chunk * CHUNK < pages.end; ) {
      const from = chunk * CHUNK_BYTES;
      const length = Math.min(STRIDE, Math.ceil(pages.end / 8) - from);
      fillFrom(source, part.offset + from, bytes.subarray(0, length), what);
      bytes.fill(0, length);
      for (let at = 0; at < length; at += CHUNK_BYTES, chunk++) {
        this.#before[chunk] = count;
        if (chunk * CHUNK < pages.start || (chunk + 1) * CHUNK > pages.end)
          count += this.#countIn(chunk, this.#bytes(chunk), CHUNK);
        else for (let word = at >> 2; word < (at + CHUNK_BYTES) >> 2; word++) count += bitsOf(words[word]!);
      }
      this.#before[chunk] = count;
    }
    this.total = count;
  }

  /** The number of the descriptor of `page`, or -1 when it is not in the dump. */
  rank(page: number): number {
    if (!(page >= this.#start && page < this.#end)) return -1;
    const chunk = Math.floor(page / CHUNK);
    const inside = page - chunk * CHUNK;
    const bytes = this.#bytes(chunk);
    if ((bytes[inside >> 3]! & (1 << (inside & 7))) === 0) return -1;
    return this.#before[chunk]! + this.#countIn(chunk, bytes, inside);
  }

  /** The first page from `page` on that is in the dump, or -1. */
  next(page: number): number {
    let at = Math.max(page, this.#start);
    while (at < this.#end) {
      const chunk = Math.floor(at / CHUNK);
      if (this.#before[chunk] === this.#before[chunk + 1]) {
        at = (chunk + 1) * CHUNK;
        continue;
      }
      const bytes = this.#bytes(chunk);
      const end = Math.min(this.#end - chunk * CHUNK, CHUNK);
      for (let inside = at - chunk * CHUNK; inside < end; ) {
        const rest = bytes[inside >> 3]! >> (inside & 7);
        if ((rest & 1) !== 0) return chunk * CHUNK + inside;
        inside = rest === 0 ? (inside | 7) + 1 : inside + 1;
      }
      at = (chunk + 1) * CHUNK;
    }
    return -1;
  }

  // How many of the first `inside` pages of a chunk are in the dump, of those that count here.
  #countIn(chunk: number, bytes: Uint8Array, inside: number): number {
    const first = Math.max(0, this.#start - chunk * CHUNK);
    const last = Math.min(inside, this.#end - chunk * CHUNK);
    let count = 0;
    let at = first;
    for (; at < last && (at & 7) !== 0; at++) count += (bytes[at >> 3]! >> (at & 7)) & 1;
    for (; at + 8 <= last; at += 8) count += BITS[bytes[at >> 3]!]!;
    for (; at < last; at++) count += (bytes[at >> 3]! >> (at & 7)) & 1;
    return count;
  }

  #bytes(chunk: number): Uint8Array {
    const from = chunk * CHUNK_BYTES;
    const length = Math.min(CHUNK_BYTES, Math.ceil(this.#end / 8) - from);
    return this.#source.bytes(this.#offset + from, length, this.#what);
  }
}

/** The runs of set bits of a bitmap, as physical memory. */
export function rangesOf(
  source: ByteSource,
  part: FilePart,
  pages: number,
  pageSize: number,
  what: string,
): PhysicalRange[] {
  const ranges: PhysicalRange[] = [];
  const bytes = new Uint8Array(STRIDE);
  let start = -1;
  for (let from = 0; from * 8 < pages; from += STRIDE) {
    const length = Math.min(STRIDE, Math.ceil(pages / 8) - from);
    fillFrom(source, part.offset + from, bytes.subarray(0, length), what);
    for (let i = 0; i < length; i++) {
      const byte = bytes[i]!;
      if (byte === (start < 0 ? 0 : 255)) continue;
      for (let bit = 0; bit < 8; bit++) {
        const page = (from + i) * 8 + bit;
        const set = page < pages && (byte & (1 << bit)) !== 0;
        if (set && start < 0) start = page;
        if (set || start < 0) continue;
        ranges.push({ start: start * pageSize, end: page * pageSize });
        start = -1;
        if (ranges.length > MOST_RANGES)
          throw refusal('BAD_FORMAT', `${what} has memory in more than ${MOST_RANGES} pieces: no machine has that`);
      }
    }
  }
  if (start >= 0) ranges.push({ start: start * pageSize, end: pages * pageSize });
  return ranges;
}
