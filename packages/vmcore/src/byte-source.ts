import { refusal } from './refusal.ts';

/** Bytes by position: a file, a buffer, a Blob. Reading is synchronous, as the walk of a table is. */
export interface ByteSource {
  /** What errors call it: a file name. */
  readonly name: string;
  /** Bytes; `Infinity` where nobody can say, as for some files of /proc. */
  readonly size: number;
  /**
   * Reads bytes that lie one after another.
   * @param position of the first byte, from 0
   * @param into filled from its start
   * @returns how many bytes there were; fewer than `into.length` at the end of the source only
   */
  read(position: number, into: Uint8Array): number;
  /** Gives back what the source holds. Reading it later is an error. */
  close?(): void;
}

/** Reads all of `into`. Throws `TRUNCATED` where the source ends before, saying what `what` is. */
export function fillFrom(source: ByteSource, position: number, into: Uint8Array, what: string): void {
  const got = source.read(position, into);
  if (got === into.length) return;
  throw refusal(
    'TRUNCATED',
    `${source.name} ends at byte ${position + got}, inside ${what}; copy the dump again, or take a complete one`,
  );
}

/** {@link fillFrom} into bytes of its own. The caller has bounded `length`. */
export function bytesFrom(source: ByteSource, position: number, length: number, what: string): Uint8Array {
  if (position + length > source.size)
    throw refusal(
      'TRUNCATED',
      `${source.name} has ${source.size} bytes, and ${what} ends at ${position + length}; copy the dump again, or take a complete one`,
    );
  const bytes = new Uint8Array(length);
  fillFrom(source, position, bytes, what);
  return bytes;
}
