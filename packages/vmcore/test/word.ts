import type { ByteOrder } from '../src/index.ts';

/** Numbers written one after another, in one byte order: how the tests make headers. */
export class Words {
  #room: Uint8Array = new Uint8Array(1024);
  #length = 0;
  readonly #order: ByteOrder;

  constructor(order: ByteOrder) {
    this.#order = order;
  }

  u16(...values: number[]): this {
    return this.#put(2, values.map(BigInt));
  }

  u32(...values: number[]): this {
    return this.#put(4, values.map(BigInt));
  }

  u64(...values: (number | bigint)[]): this {
    return this.#put(8, values.map(BigInt));
  }

  /** A word of 32 or 64 bits. */
  word(bits: 32 | 64, ...values: (number | bigint)[]): this {
    return this.#put(bits / 8, values.map(BigInt));
  }

  bytes(values: ArrayLike<number>): this {
    const at = this.#grow(values.length);
    this.#room.set(values, at);
    return this;
  }

  /** Letters, and zeros up to a length. */
  text(text: string, length: number = text.length): this {
    const at = this.#grow(length);
    for (let i = 0; i < text.length; i++) this.#room[at + i] = text.charCodeAt(i);
    return this;
  }

  /** Zeros up to a place. */
  to(place: number): this {
    if (place < this.#length) throw new Error(`already at ${this.#length}, beyond ${place}`);
    this.#grow(place - this.#length);
    return this;
  }

  get length(): number {
    return this.#length;
  }

  done(): Uint8Array {
    return this.#room.slice(0, this.#length);
  }

  /** Makes room for bytes, zeros; gives the place of the first. */
  #grow(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#room.length) {
      const room = new Uint8Array(2 * this.#length);
      room.set(this.#room);
      this.#room = room;
    }
    return at;
  }

  #put(size: number, values: bigint[]): this {
    for (const value of values) {
      const start = this.#grow(size);
      for (let i = 0; i < size; i++) {
        const at = this.#order === 'little' ? i : size - 1 - i;
        this.#room[start + i] = Number((value >> BigInt(8 * at)) & 255n);
      }
    }
    return this;
  }
}
