import { refusal } from './refusal.ts';

/** Which end of a number comes first in the memory of the machine. */
export type ByteOrder = 'little' | 'big';

const LANE = 2 ** 32;

/** The numbers of a header, in the byte order of the machine that wrote it. */
export class ByteView {
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #what: string;

  /** @param what what errors call it: `the ELF header of FILE` */
  constructor(bytes: Uint8Array, order: ByteOrder, what: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = order === 'little';
    this.#what = what;
  }

  /** Bytes. */
  get length(): number {
    return this.#view.byteLength;
  }

  /** 16 bits at `at`. */
  u16(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  /** 32 bits at `at`. */
  u32(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }

  /** True when the 64 bits at `at` are all set: what the kernel writes for "none". */
  isAllOnes(at: number): boolean {
    return this.u32(at) === 0xffff_ffff && this.u32(at + 4) === 0xffff_ffff;
  }

  /** True when the 64 bits at `at` are no more than {@link u64} gives. */
  fits(at: number): boolean {
    return this.u32(at + (this.#little ? 4 : 0)) < 2 ** 21;
  }

  /** 64 bits at `at`. Throws `BAD_FORMAT` where they are more than a file or a machine can have, 2^53. */
  u64(at: number): number {
    const first = this.u32(at);
    const second = this.u32(at + 4);
    const value = this.#little ? second * LANE + first : first * LANE + second;
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    throw refusal(
      'BAD_FORMAT',
      `${this.#what} has 0x${value.toString(16)} at byte ${at}: no file or address is that large`,
    );
  }
}
