/**
 * The base of {@link hashOf}. Odd, so that multiplying by it loses no bit.
 */
export const HASH_BASE = 0x0100_0193;

/**
 * The hash of a name: the sum of its letters, each times a power of {@link HASH_BASE} that grows from left to right, in 32 bits.
 * That of two parts is made of those of the parts, so that a name need not be spelt out.
 */
export function hashOf(name: string): number {
  let hash = 0;
  let power = 1;
  for (let i = 0; i < name.length; i++) {
    hash = (hash + Math.imul(name.charCodeAt(i), power)) | 0;
    power = Math.imul(power, HASH_BASE);
  }
  return hash;
}

/** Which things have a name of a given hash. Bounded for hostile names too: adding takes the same time whatever there is. */
export class NameIndex {
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #hashes: Int32Array;
  readonly #mask: number;

  /** @param count things are the numbers below it */
  constructor(count: number) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
    this.#mask = buckets - 1;
    this.#first = new Int32Array(buckets).fill(-1);
    this.#next = new Int32Array(count);
    this.#hashes = new Int32Array(count);
  }

  /** Adds a thing, once. */
  add(thing: number, hash: number): void {
    const bucket = this.#bucket(hash);
    this.#hashes[thing] = hash;
    this.#next[thing] = this.#first[bucket]!;
    this.#first[bucket] = thing;
  }

  /** The thing added last for which `is` holds among those with this hash; -1 when there is none. */
  find(hash: number, is: (thing: number) => boolean): number {
    let thing = this.#first[this.#bucket(hash)]!;
    while (thing >= 0 && !(this.#hashes[thing] === hash && is(thing))) thing = this.#next[thing]!;
    return thing;
  }

  #bucket(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}
