/** What a change is about. */
export type ChangePart =
  | 'step'
  | 'counter'
  | 'event'
  | 'base'
  | 'section'
  | 'table'
  | 'entry'
  | 'leaf'
  | 'sharing'
  | 'protection'
  | 'process'
  | 'cost';

/** Something that is otherwise in one run than in the other. Neighbours that changed alike are one. */
export interface Change {
  /** What kind of thing changed. */
  readonly part: ChangePart;
  /** Which: a step, a section, an address range. */
  readonly where: string;
  /** What it is in the first run. */
  readonly from: string;
  /** What it is in the second. */
  readonly to: string;
  /** How many single things this stands for. */
  readonly count: number;
}

/** Collects changes and keeps the first ones. */
export class Changes {
  readonly list: Change[] = [];
  /** All changes, single ones. */
  total = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(part: ChangePart, where: string, from: string, to: string, count = 1): void {
    this.total += count;
    if (this.list.length < this.#most) this.list.push({ part, where, from, to, count });
  }

  /** Adds a change unless both are the same. */
  compare(part: ChangePart, where: string, from: string | number | bigint, to: string | number | bigint): void {
    if (from !== to) this.add(part, where, String(from), String(to));
  }
}

/** Things that changed alike, in one stretch or in several: from `start` to `end` in whatever they are counted. */
export interface Stretch {
  readonly from: string;
  readonly to: string;
  readonly start: number;
  readonly end: number;
  /** How many stretches, with others in between. */
  readonly pieces: number;
  /** How many single things. */
  readonly count: number;
}

/** Joins changes that are alike, side by side or not: a thousand compounds that all changed in one way are one change. */
export class Stretches {
  readonly #alike = new Map<string, { -readonly [K in keyof Stretch]: Stretch[K] }>();

  /** Adds `[start, end)`; stretches come in order. */
  add(start: number, end: number, from: string, to: string, count: number): void {
    const key = `${from}\n${to}`;
    const stretch = this.#alike.get(key);
    if (stretch === undefined) {
      this.#alike.set(key, { from, to, start, end, pieces: 1, count });
      return;
    }
    if (stretch.end !== start) stretch.pieces++;
    stretch.end = end;
    stretch.count += count;
  }

  /** All of them, by where they begin. */
  all(): readonly Stretch[] {
    return [...this.#alike.values()];
  }
}

/** What is said of a change that is there in several stretches. */
export function piecesText({ pieces }: Stretch): string {
  return pieces === 1 ? '' : `, in ${pieces} stretches`;
}
