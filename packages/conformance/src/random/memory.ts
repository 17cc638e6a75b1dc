import type { MemoryRange } from '@vmemmap/core';
import fc from 'fast-check';
import type { Geometry } from '../geometry.ts';

/** Nodes of a random machine. */
const NODES = 4;
/** Ranges of RAM besides the first. */
const RANGES = 6;

/**
 * RAM with holes, edges anywhere between pages and up to four nodes. The first range, on node 0, is large enough for a
 * kernel and for all struct pages.
 * @param top no RAM lies at or above it, in bytes
 */
export function memoryRanges({ pageBytes, sectionBytes, memory }: Geometry, top: number): fc.Arbitrary<MemoryRange[]> {
  const first = { ...memory('one-node').ranges[0]!, node: 0 };
  const perSection = sectionBytes / pageBytes;
  const piece = fc.record({
    node: fc.nat(NODES - 1),
    // Mostly near, now and then in another part of the address space.
    gap: fc.oneof(
      { weight: 4, arbitrary: fc.nat(3 * perSection) },
      { weight: 1, arbitrary: fc.nat(Math.floor(top / pageBytes / 2)) },
    ),
    pages: fc.oneof(fc.integer({ min: 1, max: 4 * perSection }), fc.constantFrom(1, perSection, 2 * perSection)),
  });
  return fc.array(piece, { maxLength: RANGES }).map((pieces) => {
    const ranges: MemoryRange[] = [first];
    let at = first.end;
    for (const { node, gap, pages } of pieces) {
      const start = at + gap * pageBytes;
      const end = start + pages * pageBytes;
      if (end > top) continue;
      ranges.push({ node, start, end });
      at = end;
    }
    return ranges;
  });
}
