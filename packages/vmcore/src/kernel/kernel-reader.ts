import type { ByteOrder } from '../byte-view.ts';
import type { KernelMemory } from './kernel-memory.ts';

/** No page of a kernel is smaller: up to the next multiple nothing can be missing. */
const SMALLEST_PAGE = 4096n;

/** Numbers and texts in the memory of a 64-bit kernel. Every one of its errors is one of {@link KernelMemory}. */
export class KernelReader {
  readonly #memory: KernelMemory;
  readonly #little: boolean;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#little = memory.byteOrder === 'little';
  }

  /** Which end of a number comes first. */
  get byteOrder(): ByteOrder {
    return this.#memory.byteOrder;
  }

  /** Bytes as they are. */
  bytes(va: bigint, length: number): Uint8Array {
    return this.#memory.read(va, length);
  }

  /** 8 bits. */
  u8(va: bigint): number {
    return this.#view(va, 1).getUint8(0);
  }

  /** 16 bits. */
  u16(va: bigint): number {
    return this.#view(va, 2).getUint16(0, this.#little);
  }

  /** 32 bits. */
  u32(va: bigint): number {
    return this.#view(va, 4).getUint32(0, this.#little);
  }

  /** 64 bits. */
  u64(va: bigint): bigint {
    return this.#view(va, 8).getBigUint64(0, this.#little);
  }

  /** An address. */
  pointer(va: bigint): bigint {
    return this.u64(va);
  }

  /**
   * Letters up to the 0 that ends them, each byte as the letter of that code.
   * @param limit the most bytes that are looked at; a text without a 0 among them is given as far as that
   */
  text(va: bigint, limit: number): string {
    let text = '';
    for (let at = va; text.length < limit; ) {
      const here = Math.min(limit - text.length, Number(SMALLEST_PAGE - (at % SMALLEST_PAGE)));
      const bytes = this.bytes(at, here);
      const end = bytes.indexOf(0);
      text += lettersOf(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) break;
      at += BigInt(here);
    }
    return text;
  }

  #view(va: bigint, length: number): DataView {
    const bytes = this.#memory.read(va, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}

/** Each byte as the letter of that code. */
export function lettersOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
