import { hex, hex64, type Machine, pageSize, translation } from '@vmemmap/core';

/** One leaf, as the architecture's own walker sees it. */
export interface Leaf {
  /** First byte, as offset into the window. */
  readonly offset: number;
  readonly pa: number;
  /** Bytes. */
  readonly size: number;
  readonly level: number;
  /** The raw entry. */
  readonly lo: number;
  readonly hi: number;
  /** ACCESS bits. */
  readonly access: number;
}

/**
 * The leaves that cover `[start, end)` of the window, in order; holes are passed over.
 * @throws Error when the walker does not get on, as one that reports a stretch of no bytes
 */
export function* leavesIn(
  machine: Machine,
  start: number,
  end: number,
  root: number = machine.ops.initMm.root,
): Generator<Leaf> {
  const at = translation();
  const page = pageSize(machine.model);
  let offset = start;
  while (offset < end) {
    machine.ops.walker.walk(root, offset, at);
    const { mapped, pa, span, inside, level, lo, hi, access } = at;
    if (!(span >= page && inside >= 0 && inside < span)) {
      const va = hex64(machine.window.start + BigInt(offset));
      throw new Error(`walk() of ${va} ends in a stretch of ${span} bytes, ${inside} bytes into it`);
    }
    const first = offset - inside;
    if (mapped) yield { offset: first, pa: pa - inside, size: span, level, lo, hi, access };
    offset = first + span;
  }
}

/** Two leaves as text, to tell whether anything at all changed. */
export function leafText({ offset, pa, size, level, lo, hi }: Leaf): string {
  return `offset ${hex(offset)}: ${hex(size)} bytes at ${hex(pa)}, level ${level}, entry ${hex(hi >>> 0)}:${hex(lo >>> 0)}`;
}
