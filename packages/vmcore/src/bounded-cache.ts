/**
 * Keeps what was used last, in bounded memory. Two generations: when the younger is full the older one is dropped and the
 * younger takes its place, so that a hit is one look-up and nothing is reordered.
 */
export class BoundedCache<Value> {
  readonly #half: number;
  #young = new Map<number, Value>();
  #old = new Map<number, Value>();

  /** @param capacity the most values that are kept, 2 or more */
  constructor(capacity: number) {
    this.#half = Math.max(1, Math.floor(capacity / 2));
  }

  /** The value of `key`, or undefined. */
  get(key: number): Value | undefined {
    const found = this.#young.get(key);
    if (found !== undefined) return found;
    const older = this.#old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** Keeps a value. */
  set(key: number, value: Value): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  /** How many values are kept. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
