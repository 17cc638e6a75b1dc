import { RangeSet } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SIZE = 64;
const operations = fc.array(fc.record({ add: fc.boolean(), start: fc.nat(SIZE), length: fc.nat(12) }), {
  maxLength: 40,
});

/** The same set, one flag for each number. */
function naive(steps: readonly { add: boolean; start: number; length: number }[]): boolean[] {
  const flags = new Array<boolean>(SIZE + 16).fill(false);
  for (const { add, start, length } of steps) flags.fill(add, start, start + length);
  return flags;
}

function build(steps: readonly { add: boolean; start: number; length: number }[]): RangeSet {
  const set = new RangeSet();
  for (const { add, start, length } of steps) {
    if (add) set.add(start, start + length);
    else set.remove(start, start + length);
  }
  return set;
}

describe('RangeSet', () => {
  it('is the set of numbers that were added and not removed, in as few ranges as can be', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const flags = naive(steps);
        const ranges: [number, number][] = [];
        for (let n = 0; n < flags.length; n++) {
          if (!flags[n]) continue;
          const last = ranges[ranges.length - 1];
          if (last?.[1] === n) last[1] = n + 1;
          else ranges.push([n, n + 1]);
        }
        const set = build(steps);
        expect([...set]).toEqual(ranges);
        expect(set.size).toBe(flags.filter(Boolean).length);
      }),
    );
  });

  it('answers contains and intersects as the numbers do', () => {
    fc.assert(
      fc.property(operations, fc.nat(SIZE), fc.integer({ min: 1, max: 10 }), (steps, start, length) => {
        const part = naive(steps).slice(start, start + length);
        const set = build(steps);
        expect(set.contains(start, start + length)).toBe(part.every(Boolean));
        expect(set.intersects(start, start + length)).toBe(part.some(Boolean));
      }),
    );
  });

  it('takes the highest blocks as one search after the other would', () => {
    const shape = fc.constantFrom([1, 1], [2, 2], [4, 4], [8, 8], [3, 1], [6, 2], [2, 4]) as fc.Arbitrary<
      [number, number]
    >;
    fc.assert(
      fc.property(operations, shape, fc.nat(20), fc.integer({ min: 1, max: 9 }), (steps, [size, align], min, max) => {
        const runs = build(steps);
        const out = { pa: 0, paStep: 0, count: 0 };
        runs.takeHighest(size, align, min, max, out);
        const singles = build(steps);
        const found: number[] = [];
        for (let n = 0; n < Math.max(1, out.count); n++) {
          const place = singles.highest(size, align, min, Number.POSITIVE_INFINITY);
          if (place < 0) break;
          singles.remove(place, place + size);
          found.push(place);
        }
        expect(found).toEqual(Array.from({ length: out.count }, (_, n) => out.pa + n * out.paStep));
        expect([...runs]).toEqual([...singles]);
        expect(out.count).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('finds the highest and the lowest place', () => {
    fc.assert(
      fc.property(
        operations,
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(1, 2, 4, 8),
        fc.nat(SIZE),
        fc.nat(SIZE),
        (steps, size, align, min, max) => {
          const flags = naive(steps);
          const places: number[] = [];
          for (let at = 0; at + size <= flags.length; at += align) {
            if (at >= min && at + size <= max && flags.slice(at, at + size).every(Boolean)) places.push(at);
          }
          const set = build(steps);
          expect(set.highest(size, align, min, max)).toBe(places.at(-1) ?? -1);
          expect(set.lowest(size, align, min, max)).toBe(places[0] ?? -1);
        },
      ),
    );
  });
});
