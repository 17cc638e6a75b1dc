import { hex64 } from '../bits.ts';
import { decodeEntry, type EntryLayout } from '../contract/entry-layout.ts';

/** What a difference is about. */
export type DifferencePart =
  | 'base'
  | 'levels'
  | 'section'
  | 'counter'
  | 'table'
  | 'entry'
  | 'leaf'
  | 'frame'
  | 'process'
  | 'list'
  | 'step'
  | 'capture';

/** One thing that the model and the kernel do not agree on. */
export interface Difference {
  readonly part: DifferencePart;
  /** Which one: an address, a section, a counter. */
  readonly where: string;
  /** What the captured kernel has. */
  readonly expected: string;
  /** What the model has. */
  readonly found: string;
}

/** A capture that lists so many more of something than the model has is read no further: it is different anyway. */
export const MOST_MORE = 100_000;

/** Collects differences and keeps the first ones. */
export class Differences {
  readonly list: Difference[] = [];
  total = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(part: DifferencePart, where: string, expected: string, found: string): void {
    this.total++;
    if (this.list.length < this.#most) this.list.push({ part, where, expected, found });
  }

  /** Adds a difference unless both are the same. */
  compare(
    part: DifferencePart,
    where: string,
    expected: string | number | bigint,
    found: string | number | bigint,
  ): void {
    if (expected !== found) this.add(part, where, String(expected), String(found));
  }
}

/**
 * An entry in hex with all that it says beside its address, as `0x80000000000001e3 (XD G PS D A RW P)`: flags by name,
 * wider fields with their value (`AttrIndx=4`), bits without a name by number (`bit57`).
 */
export function entryText(
  layouts: readonly EntryLayout[],
  level: string,
  kind: 'table' | 'leaf',
  entry: bigint,
): string {
  const fields = decodeEntry(layouts, level, kind, entry).filter(({ address }) => !address);
  const texts = fields.map(({ name, value, flag }) => (flag ? name : `${name}=${value}`));
  return `${hex64(entry)} (${texts.join(' ') || 'no flags'})`;
}
