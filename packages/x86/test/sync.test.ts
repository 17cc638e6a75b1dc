import { findRelease } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { GiB, MEMMAP, machine } from './machine.ts';

/** Bytes of vmemmap that one top-level entry stands for. */
const TOP = { 4: 2 ** 39, 5: 2 ** 48 };

/** A machine whose vmemmap begins just before a top-level entry ends: the next section needs a new one. */
function atBoundary(levels: 4 | 5, release = findRelease('7.2')) {
  const la57 = levels === 5;
  const boundary = la57 ? 0xffd6_0000_0000_0000n : 0xffff_ea80_0000_0000n;
  const m = machine({ la57, kaslr: true, vmemmapBase: boundary - 2n ** 30n }, undefined, { release });
  const offset = 2 ** 30;
  expect(offset % MEMMAP).toBe(0);
  return { m, offset, index: m.translate(boundary).steps[0]!.index };
}

const unsynced = { ...findRelease('7.2'), name: 'before the fix', syncsNewTopLevelEntries: false };

describe.each([4, 5] as const)('page-directory sync with %i levels', (levels) => {
  it('gives a new address space the kernel half as it is', () => {
    const { m, index } = atBoundary(levels);
    const mm = m.createAddressSpace('init');
    expect(m.translate(m.pageAddress(0), mm.root).result.mapped).toBe(true);
    expect(m.entryLanes(mm.root, index)).toEqual(Int32Array.of(0, 0));
    expect(m.entryLanes(mm.root, 0)).toEqual(Int32Array.of(0, 0));
    expect(m.addressSpaces.map(({ name }) => name)).toEqual(['init_mm', 'init']);
  });

  it('makes a new top-level entry known to every address space', () => {
    const { m, offset, index } = atBoundary(levels);
    const mms = ['a', 'b'].map((name) => m.createAddressSpace(name));
    m.ops.vmemmapPopulate(offset, offset + MEMMAP, 0, undefined, undefined);
    const entry = m.entryLanes(m.ops.initMm.root, index);
    expect(entry[0]).not.toBe(0);
    for (const { root } of mms) {
      expect(m.entryLanes(root, index)).toEqual(entry);
      expect(m.translate(m.window.start + BigInt(offset), root).result.mapped).toBe(true);
    }
  });

  it('happens at creation, also when populate then fails, where the release does it', () => {
    const after = [unsynced, findRelease('7.2')].map((release) => {
      const { m, offset, index } = atBoundary(levels, release);
      const mm = m.createAddressSpace('a');
      m.failures.add({ order: 0, nth: levels === 5 ? 3 : 2, times: 1000 });
      m.ops.vmemmapPopulate(offset, offset + MEMMAP, 0, undefined, undefined);
      expect(m.entryLanes(m.ops.initMm.root, index)[0]).not.toBe(0);
      return m.entryLanes(mm.root, index)[0] !== 0;
    });
    expect(after).toEqual([false, true]);
  });

  it('happens at the end of populate on every release', () => {
    const { m, offset, index } = atBoundary(levels, unsynced);
    const mm = m.createAddressSpace('a');
    m.ops.vmemmapPopulate(offset, offset + MEMMAP, 0, undefined, undefined);
    expect(m.entryLanes(mm.root, index)).toEqual(m.entryLanes(m.ops.initMm.root, index));
  });

  it('covers every top-level entry of the range, the last one too', () => {
    const { m } = atBoundary(levels, unsynced);
    const mm = m.createAddressSpace('a');
    const start = 2 ** 30;
    m.ops.vmemmapPopulate(start, start + MEMMAP, 0, undefined, undefined);
    m.ops.vmemmapPopulate(start + TOP[levels] - MEMMAP, start + TOP[levels] + MEMMAP, 0, undefined, undefined);
    for (const offset of [start, start + TOP[levels] - MEMMAP, start + TOP[levels]]) {
      expect(m.translate(m.window.start + BigInt(offset), mm.root).result.mapped).toBe(true);
    }
  });

  it('stops when an address space has another table there', () => {
    const { m, offset, index } = atBoundary(levels);
    const mm = m.createAddressSpace('odd');
    m.entryLanes(mm.root, index)[0] = 0x12345067;
    expect(() => m.ops.vmemmapPopulate(offset, offset + MEMMAP, 0, undefined, undefined)).toThrow(
      expect.objectContaining({ code: 'KERNEL_BUG', message: expect.stringContaining('points to 0x12345000 in odd') }),
    );
    expect(m.events.at(-1)).toMatchObject({ kind: 'BUG_ON', id: 'top-level-entries-differ' });
  });
});

describe('a root table', () => {
  it('takes two pages with page-table isolation, one without', () => {
    for (const [pti, bytes] of [
      [false, 4096],
      [true, 8192],
    ] as const) {
      const m = machine({ pti });
      const free = m.ram.freeBytes();
      m.createAddressSpace('a');
      expect(free - m.ram.freeBytes()).toBe(bytes);
    }
  });

  it('cannot be had without memory', () => {
    const m = machine({}, [{ node: 0, start: 0, end: GiB }]);
    m.failures.add({ times: 1 });
    expect(() => m.createAddressSpace('a')).toThrow('no memory is left for the root table of "a"');
  });
});
