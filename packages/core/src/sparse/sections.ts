import type { SectionRun, SectionState } from './section.ts';

interface Run {
  readonly nr: number;
  readonly end: number;
  readonly state: SectionState;
}

/**
 * mem_section: the state of every present section, kept as runs of equal ones, so that a petabyte of uniform RAM is
 * one entry. Sections that are not in a run have section_mem_map 0.
 */
export class Sections {
  #runs: Run[] = [];

  /** State of section `nr`; undefined where there is none. */
  get(nr: number): SectionState | undefined {
    const run = this.#runs[this.#find(nr)];
    return run !== undefined && run.nr <= nr ? run.state : undefined;
  }

  /** The present sections in `[from, to)` as runs. */
  *runs(from = 0, to: number = Number.POSITIVE_INFINITY): Generator<SectionRun> {
    for (let i = this.#find(from); i < this.#runs.length; i++) {
      const run = this.#runs[i]!;
      const nr = Math.max(run.nr, from);
      const end = Math.min(run.end, to);
      if (nr >= end) return;
      yield { nr, count: end - nr, ...run.state };
    }
  }

  /** Number of present sections. */
  get count(): number {
    return this.#runs.reduce((sum, run) => sum + run.end - run.nr, 0);
  }

  /** Sets sections `[from, to)` to what `change` makes of each state; undefined means section_mem_map 0. */
  update(from: number, to: number, change: (state: SectionState | undefined) => SectionState | undefined): void {
    if (from >= to) return;
    let first = this.#find(from);
    let last = first;
    const pieces: Run[] = [];
    const piece = (nr: number, end: number, state: SectionState | undefined): void => {
      const next = nr < end ? change(state) : undefined;
      if (next !== undefined) pieces.push({ nr, end, state: next });
    };
    let at = from;
    for (; last < this.#runs.length && this.#runs[last]!.nr < to; last++) {
      const run = this.#runs[last]!;
      const nr = Math.max(run.nr, from);
      const end = Math.min(run.end, to);
      if (run.nr < from) pieces.push({ ...run, end: from });
      piece(at, nr, undefined);
      piece(nr, end, run.state);
      if (run.end > to) pieces.push({ ...run, nr: to });
      at = end;
    }
    piece(at, to, undefined);
    // The neighbours may be equal to what lies between them now.
    if (first > 0) pieces.unshift(this.#runs[--first]!);
    if (last < this.#runs.length) pieces.push(this.#runs[last++]!);
    this.#replace(first, last, joined(pieces));
  }

  // Mostly a few runs of many: those are replaced in place. No call takes any number of arguments.
  #replace(first: number, last: number, runs: readonly Run[]): void {
    if (runs.length < 1024) this.#runs.splice(first, last - first, ...runs);
    else this.#runs = [...this.#runs.slice(0, first), ...runs, ...this.#runs.slice(last)];
  }

  // Index of the first run that ends after `nr`.
  #find(nr: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]!.end <= nr) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  for (const run of runs) {
    const last = result[result.length - 1];
    if (last !== undefined && last.end === run.nr && same(last.state, run.state)) {
      result[result.length - 1] = { ...last, end: run.end };
    } else result.push(run);
  }
  return result;
}

function same(a: SectionState, b: SectionState): boolean {
  return a.flags === b.flags && a.nid === b.nid && a.subsectionMap === b.subsectionMap;
}
