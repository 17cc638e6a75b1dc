import { type ByteSource, bytesFrom, fillFrom } from '../byte-source.ts';
import { ByteView } from '../byte-view.ts';
import { CachedSource } from '../cached-source.ts';
import { refusal } from '../refusal.ts';

const SIGNATURE = 'makedumpfile';
/** MAX_SIZE_MDF_HEADER of makedumpfile's makedumpfile.h: where the first record begins. */
const HEADER = 4096;
/** Offset and size before the data of a record. */
const RECORD = 16;
/** Records: each is kept, as three numbers. */
const MOST_PIECES = 2 ** 22;

/** True for what begins as a flattened file does. */
export function isFlattened(head: Uint8Array): boolean {
  return [...SIGNATURE].every((letter, i) => head[i] === letter.charCodeAt(0));
}

/** Where a piece of the file that is meant lies in the one that is there. */
interface Piece {
  readonly start: number;
  end: number;
  /** What to add to a position for its place in the flattened file. */
  readonly shift: number;
}

/**
 * The file that a flattened one stands for: makedumpfile -F and QEMU write to where nobody can go back, so that they write
 * records, each with its place in the file. A later record counts where two have the same place. What no record has is 0.
 */
export function unflattened(source: ByteSource): ByteSource {
  const header = new ByteView(
    bytesFrom(source, 0, 32, `the header of ${source.name}`),
    'big',
    `the header of ${source.name}`,
  );
  if (header.u64(16) !== 1 || header.u64(24) !== 1)
    throw refusal(
      'BAD_FORMAT',
      `${source.name} is flattened, of type ${header.u64(16)} and version ${header.u64(24)}: each has to be 1`,
    );
  const pieces = layered(records(source));
  const starts = Float64Array.from(pieces, ({ start }) => start);
  const ends = Float64Array.from(pieces, ({ end }) => end);
  const shifts = Float64Array.from(pieces, ({ shift }) => shift);
  const size = ends.at(-1) ?? 0;
  return {
    name: source.name,
    size,
    read(position, into) {
      const length = Math.max(0, Math.min(into.length, size - position));
      const last = position + length;
      let at = firstEndingAfter(ends, position);
      for (let done = position; done < last; ) {
        const start = starts[at] ?? last;
        if (start > done) {
          const gap = Math.min(start, last);
          into.fill(0, done - position, gap - position);
          done = gap;
          continue;
        }
        const to = Math.min(ends[at]!, last);
        fillFrom(source, done + shifts[at]!, into.subarray(done - position, to - position), 'a record');
        done = to;
        at++;
      }
      return length;
    },
    close: () => source.close?.(),
  };
}

function firstEndingAfter(ends: Float64Array, position: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

// The records in the order of the file.
function records(source: ByteSource): Piece[] {
  const cached = new CachedSource(source, 2 ** 16, 4);
  const pieces: Piece[] = [];
  for (let at = HEADER; ; ) {
    const what = `the record at byte ${at} of ${source.name}`;
    const view = new ByteView(cached.bytes(at, RECORD, `${source.name} before its end mark`), 'big', what);
    if (view.isAllOnes(0) && view.isAllOnes(8)) return pieces;
    const [start, length] = [view.u64(0), view.u64(8)];
    const data = at + RECORD;
    if (length === 0) throw refusal('BAD_FORMAT', `${what} is empty: the file is damaged`);
    if (data + length > source.size)
      throw refusal('TRUNCATED', `${source.name} ends inside ${what}; take a complete dump`);
    pieces.push({ start, end: start + length, shift: data - start });
    if (pieces.length > MOST_PIECES)
      throw refusal(
        'BAD_FORMAT',
        `${source.name} has more than ${MOST_PIECES} records: rearrange it with makedumpfile -R`,
      );
    at = data + length;
  }
}

/** Pieces by place, without overlaps: where several have a place, the last of them. */
function layered(pieces: readonly Piece[]): Piece[] {
  const order = pieces.map((_, i) => i).sort((a, b) => pieces[a]!.start - pieces[b]!.start || a - b);
  const out: Piece[] = [];
  // Pieces that begin before here, the one written last on top: a heap of their numbers.
  const open: number[] = [];
  const emit = (start: number, end: number, shift: number): void => {
    if (start >= end) return;
    const last = out.at(-1);
    if (last !== undefined && last.end === start && last.shift === shift) last.end = end;
    else out.push({ start, end, shift });
  };
  let at = 0;
  const until = (limit: number): void => {
    while (open.length > 0 && at < limit) {
      const top = pieces[open[0]!]!;
      if (top.end <= at) pop(open);
      else {
        const end = Math.min(top.end, limit);
        emit(at, end, top.shift);
        at = end;
      }
    }
  };
  for (const number of order) {
    const { start } = pieces[number]!;
    until(start);
    at = start;
    push(open, number);
  }
  until(Number.POSITIVE_INFINITY);
  return out;
}

// A heap with the greatest number first.
function push(heap: number[], value: number): void {
  let at = heap.push(value) - 1;
  while (at > 0) {
    const up = (at - 1) >> 1;
    if (heap[up]! >= value) break;
    heap[at] = heap[up]!;
    at = up;
  }
  heap[at] = value;
}

function pop(heap: number[]): void {
  const value = heap.pop();
  if (value === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let down = 2 * at + 1;
    if (down >= heap.length) break;
    if (down + 1 < heap.length && heap[down + 1]! > heap[down]!) down++;
    if (heap[down]! <= value) break;
    heap[at] = heap[down]!;
    at = down;
  }
  heap[at] = value;
}
