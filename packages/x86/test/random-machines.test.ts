import type { MemoryRange } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MiB, machine, SECTION } from './machine.ts';

/** RAM with holes, unaligned edges and up to four nodes; the first range is large enough for a kernel. */
const ranges: fc.Arbitrary<MemoryRange[]> = fc
  .array(fc.record({ node: fc.nat(3), gap: fc.nat(300 * 256), length: fc.integer({ min: 1, max: 400 * 256 }) }), {
    maxLength: 8,
  })
  .map((pieces) => {
    const list: MemoryRange[] = [{ node: 0, start: 0, end: 96 * MiB }];
    let at = 96 * MiB;
    for (const { node, gap, length } of pieces) {
      const start = at + gap * 4096;
      at = start + length * 4096;
      list.push({ node, start, end: at });
    }
    return list;
  });

const config = fc.record({
  la57: fc.boolean(),
  pse: fc.boolean(),
  pti: fc.boolean(),
  structPageSize: fc.constantFrom(64, 64, 72, 80),
});
const release = fc.constantFrom('6.12', '7.2', '7.3', 'series-04');

describe('any memory map', () => {
  it('gets a memmap: every struct page of every section mapped to memory of its own, and nothing else mapped', () => {
    fc.assert(
      fc.property(ranges, config, release, (map, chosen, name) => {
        const m = machine(chosen, map, { release: name });
        const found = m.verify();
        expect(found.problems).toEqual([]);
        // A section is present exactly where RAM is.
        const present = new Set<number>();
        for (const { start, end } of m.memory.ranges) {
          for (let nr = Math.floor(start / SECTION); nr * SECTION < end; nr++) present.add(nr);
        }
        expect(found.sections).toBe(present.size);
        expect(found.structPages).toBe(present.size * 32768);
        expect(m.counters.nr_memmap_boot_pages).toBe(present.size * Math.ceil((32768 * chosen.structPageSize) / 4096));
        // Every leaf holds a struct page of some section.
        const bytes = 32768 * chosen.structPageSize;
        for (const run of m.leaves()) {
          for (let n = 0; n < run.count; n++) {
            const first = Math.floor((run.offset + n * run.size) / bytes);
            const last = Math.floor((run.offset + (n + 1) * run.size - 1) / bytes);
            let used = false;
            for (let nr = first; nr <= last; nr++) used ||= present.has(nr);
            expect(used).toBe(true);
          }
        }
        // Subsections are marked exactly where RAM is.
        for (const run of m.sections()) {
          for (let nr = run.nr; nr < run.nr + run.count; nr++) {
            let map64 = 0n;
            for (let bit = 0; bit < 64; bit++) {
              const low = nr * SECTION + bit * 2 * MiB;
              if (m.memory.ranges.some(({ start, end }) => start < low + 2 * MiB && low < end))
                map64 |= 1n << BigInt(bit);
            }
            expect(run.subsectionMap).toBe(map64);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has each section on its own node, or the warning where base pages are not', () => {
    fc.assert(
      fc.property(ranges, release, (map, name) => {
        const m = machine({ pse: false }, map, { release: name });
        const { offNode } = m.verify();
        expect(m.events.some(({ id }) => id === 'offnode-page-structs')).toBe(offNode > 0);
      }),
      { numRuns: 40 },
    );
  });

  it('reads the same however it is built: with or without a trace, block by block or in runs', () => {
    fc.assert(
      fc.property(ranges, config, (map, chosen) => {
        const inRuns = machine(chosen, map);
        // A rule that never fires makes allocators work one block at a time.
        const single = machine(chosen, map, { failures: [{ nth: Number.MAX_SAFE_INTEGER }], trace: () => {} });
        expect([...single.leaves()]).toEqual([...inRuns.leaves()]);
        expect([...single.tables()]).toEqual([...inRuns.tables()]);
      }),
      { numRuns: 25 },
    );
  });
});
