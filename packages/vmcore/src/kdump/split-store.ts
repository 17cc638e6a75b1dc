import type { ByteSource } from '../byte-source.ts';
import type { PageStore, PhysicalRange } from '../page-store.ts';
import { refusal } from '../refusal.ts';
import type { KdumpHeader } from './header.ts';
import type { KdumpStore } from './kdump-store.ts';

/** One file of a split dump. */
export interface SplitPart {
  readonly source: ByteSource;
  readonly header: KdumpHeader;
  readonly store: KdumpStore;
}

/** Positions of one part are below those of the next. No part is as long. */
const PART = 2 ** 47;

/** The parts of makedumpfile --split: each has the pages of a range. */
export class SplitStore implements PageStore {
  readonly pageSize: number;
  readonly ranges: readonly PhysicalRange[];
  readonly #parts: readonly SplitPart[];

  constructor(parts: readonly SplitPart[]) {
    const sorted = [...parts].sort((a, b) => a.header.pages.start - b.header.pages.start);
    const first = sorted[0]!;
    for (const { source, header } of sorted) {
      if (!header.split)
        throw refusal('BAD_ARGUMENT', `${source.name} is a dump of its own, not a part of a split one: open it alone`);
      if (header.blockSize !== first.header.blockSize || header.maxMapnr !== first.header.maxMapnr)
        throw refusal('BAD_ARGUMENT', `${source.name} and ${first.source.name} are parts of different dumps`);
    }
    let covered = 0;
    for (const { source, header } of sorted) {
      const { start, end } = header.pages;
      if (start > covered) throw missing(covered, start);
      if (start < covered && end > start)
        throw refusal('BAD_ARGUMENT', `${source.name} has pages of another part: give each part once`);
      covered = Math.max(covered, end);
    }
    if (covered < first.header.maxMapnr) throw missing(covered, first.header.maxMapnr);
    this.pageSize = first.store.pageSize;
    this.ranges = first.store.ranges;
    this.#parts = sorted;
  }

  next(page: number): number {
    for (const { header, store } of this.#parts) {
      if (page >= header.pages.end) continue;
      const found = store.next(page);
      if (found >= 0) return found;
    }
    return -1;
  }

  position(page: number): number {
    const number = this.#partOf(page);
    const position = this.#parts[number]?.store.position(page) ?? -1;
    return position < 0 ? -1 : number * PART + position;
  }

  load(page: number, count: number, into: Uint8Array): number {
    return this.#parts[this.#partOf(page)]!.store.load(page, count, into);
  }

  #partOf(page: number): number {
    return this.#parts.findIndex(({ header }) => page >= header.pages.start && page < header.pages.end);
  }
}

function missing(start: number, end: number): Error {
  return refusal(
    'BAD_ARGUMENT',
    `the dump is split, and the part with page frames 0x${start.toString(16)} to 0x${end.toString(16)} is missing: give all parts`,
  );
}
