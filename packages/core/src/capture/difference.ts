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
  /** What kind of thing differs. */
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
