import { TableMemory } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('TableMemory', () => {
  it('finds every frame that exists, with its own contents, and no other', () => {
    const steps = fc.array(fc.record({ page: fc.nat(60), remove: fc.boolean(), order: fc.nat(2) }), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (list) => {
        const tables = new TableMemory();
        const model = new Map<number, { bytes: number; mark: number }>();
        let mark = 1;
        for (const { page, remove, order } of list) {
          // Far apart, so that both halves of an address take part in the search.
          const pa = page * 0x40_0000_1000;
          const slot = tables.find(pa);
          expect(slot >= 0).toBe(model.has(pa));
          if (slot >= 0 && remove) {
            tables.remove(slot);
            model.delete(pa);
          } else if (slot < 0) {
            const bytes = 2048 << order;
            const made = tables.create(pa, bytes);
            const from = tables.base[made]!;
            expect(tables.lanes.subarray(from, from + bytes / 4).every((lane) => lane === 0)).toBe(true);
            tables.lanes.fill(mark, from, from + bytes / 4);
            model.set(pa, { bytes, mark: mark++ });
          }
        }
        let bytes = 0;
        for (const [pa, frame] of model) {
          const slot = tables.find(pa);
          expect(tables.address(slot)).toBe(pa);
          const from = tables.base[slot]!;
          expect(tables.lanes.subarray(from, from + frame.bytes / 4).every((lane) => lane === frame.mark)).toBe(true);
          bytes += frame.bytes;
        }
        expect(tables.bytes).toBe(bytes);
        expect(tables.count).toBe(model.size);
      }),
    );
  });

  it('refuses a second frame at one address', () => {
    const tables = new TableMemory();
    tables.create(0x1000, 4096);
    expect(() => tables.create(0x1000, 4096)).toThrow('exists already at 0x1000');
  });

  it('holds little more than the frames themselves', () => {
    const tables = new TableMemory();
    for (let n = 0; n < 5000; n++) tables.create(n * 4096, 4096);
    expect(tables.footprint / tables.bytes).toBeLessThan(1.15);
  });
});
