import { EFAULT, ENOMEM, type MemoryRange, OK, releases, vmemAltmap } from '@vmemmap/core';
import { type PowerpcConfig, powerpc } from '@vmemmap/powerpc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB, hashOps, KiB, leavesIn, MiB, machine, range, SECTION } from './machine.ts';

const K4: Partial<PowerpcConfig> = { mmu: 'hash', vmemmapPageSize: 4096 };
const K64: Partial<PowerpcConfig> = { mmu: 'hash', pageSize: 65536, vmemmapPageSize: 65536 };
const M16: Partial<PowerpcConfig> = { mmu: 'hash', pageSize: 65536, vmemmapPageSize: 2 ** 24 };
const HOT = 64 * GiB;
const hot = (pageSize: number): number => (HOT / pageSize) * 64;

/** vmemmap_list as text: offset and address of each entry, head first. */
const list = (m: ReturnType<typeof machine>): string[] =>
  [...m.vmemmapList()].map(({ virt, phys }) => `${virt.toString(16)} ${phys.toString(16)}`);

describe('__vmemmap_populate', () => {
  it('has no page table: no tables to list, and a root of 0', () => {
    const m = machine(K4);
    expect([m.ops.initMm.root, m.ops.pageTable, [...m.tables()], m.levels]).toEqual([0, undefined, [], []]);
    expect(m.translatePage(0).steps.map(({ level }) => level)).toEqual(['hpte-v', 'hpte-r']);
  });

  it.each([
    ['4 KiB', K4, 1],
    ['64 KiB', K64, 4],
    ['16 MiB', M16, 1024],
  ] as const)('maps %s at a time, for as many sections as that has struct pages of', (_, config, sections) => {
    const m = machine(config, [range(0, 0, 256 * MiB)]);
    const size = config.vmemmapPageSize!;
    const memmap = (SECTION / m.model.structPageSize / 2 ** m.model.pageShift) * 64 * 64;
    const leaves = leavesIn(m, 0, Infinity);
    expect(leaves.length).toBe(Math.ceil((16 * memmap) / size));
    expect(Math.ceil(size / memmap)).toBe(sections);
    expect(m.verify()).toMatchObject({ problems: [], sections: 16 });
  });

  it('rounds the start down to a mapping', () => {
    const m = machine(M16);
    const start = hot(65536) + 5 * MiB;
    expect(m.ops.vmemmapPopulate(start, start + 64, 0, undefined, undefined)).toBe(OK);
    expect(leavesIn(m, hot(65536), Infinity)).toMatchObject([{ offset: hot(65536), size: 2 ** 24 }]);
  });

  it('takes for populated what has any valid subsection, mapped or not', () => {
    const m = machine(K4);
    const pfn = HOT / 4096;
    m.populateSection(pfn, SECTION / 4096, 0);
    const { table, index } = m.translatePage(pfn).steps[0]!;
    const { hashTable } = hashOps(m);
    hashTable.lanes[hashTable.find(table / 128) + 2 * index] = 0;
    expect(m.translatePage(pfn).result.mapped).toBe(false);
    const free = m.ram.freeBytes();
    expect(m.ops.vmemmapPopulate(hot(4096), hot(4096) + 256 * KiB, 0, undefined, undefined)).toBe(OK);
    expect(m.translatePage(pfn).result.mapped).toBe(false);
    expect(m.ram.freeBytes()).toBe(free);
    // Nor does free take what a valid subsection is in.
    m.ops.vmemmapFree(hot(4096), hot(4096) + 256 * KiB, undefined);
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('maps nothing for a second subsection of a section, with mappings of 4 KiB', () => {
    const m = machine(K4);
    const pfn = HOT / 4096;
    const at = (subsection: number): boolean => m.translatePage(pfn + subsection * 512).result.mapped;
    m.populateSection(pfn, 512, 0);
    expect([at(0), at(1)]).toEqual([true, false]);
    // Its bit is set before populate looks, and the section has a memmap already.
    expect(m.populateSection(pfn + 512, 512, 0)).toBe(true);
    expect([at(0), at(1)]).toEqual([true, false]);
  });

  it('keeps the node as a wish, and warns of nothing', () => {
    const m = machine(K4, [range(0, 0, 256 * MiB), range(1, HOT, HOT + 256 * MiB)], {
      memblock: { reserved: [[HOT, HOT + 256 * MiB]] },
    });
    expect(m.verify().offNode).toBeGreaterThan(0);
    expect(m.events).toEqual([]);
    expect(m.populateSection(2 * (HOT / 4096), SECTION / 4096, 1)).toBe(true);
    expect(m.events).toEqual([]);
  });

  it('takes memory from the altmap, and from RAM where it has no room', () => {
    const m = machine(K64);
    const altmap = vmemAltmap(HOT / 65536, (HOT + GiB) / 65536 - 1, 0, 3);
    expect(m.ops.vmemmapPopulate(hot(65536), hot(65536) + 5 * 65536, 0, altmap, undefined)).toBe(OK);
    const pas = leavesIn(m, hot(65536), Infinity).map(({ pa }) => pa);
    expect(pas.slice(0, 3)).toEqual([HOT, HOT + 65536, HOT + 2 * 65536]);
    expect(pas.slice(3).map((pa) => pa < GiB)).toEqual([true, true]);
    expect(altmap.alloc).toBe(3);
  });

  it('takes RAM where the altmap has a block too small for 16 MiB, or the mapping reaches beyond the device', () => {
    for (const [bytes, free] of [
      [16 * GiB, 100],
      [15 * GiB, 1000],
    ] as const) {
      const m = machine(M16);
      const altmap = vmemAltmap(HOT / 65536, (HOT + bytes) / 65536 - 1, 0, free);
      expect(m.ops.vmemmapPopulate(hot(65536), hot(65536) + 64, 0, altmap, undefined)).toBe(OK);
      expect(leavesIn(m, hot(65536), Infinity)[0]!.pa).toBeLessThan(GiB);
      expect(altmap.alloc).toBe(0);
    }
    const m = machine(M16);
    const altmap = vmemAltmap(HOT / 65536, (HOT + 16 * GiB) / 65536 - 1, 0, 256);
    m.ops.vmemmapPopulate(hot(65536), hot(65536) + 64, 0, altmap, undefined);
    expect(leavesIn(m, hot(65536), Infinity)[0]!.pa).toBe(HOT);
  });

  it('returns -ENOMEM without a block, and leaves what was mapped', () => {
    const m = machine(K4);
    m.failures.add({ nth: 3, times: Infinity });
    expect(m.ops.vmemmapPopulate(hot(4096), hot(4096) + 4 * 4096, 0, undefined, undefined)).toBe(ENOMEM);
    expect(leavesIn(m, hot(4096), Infinity).length).toBe(2);
    expect(list(m)[0]).toMatch(new RegExp(`^${(hot(4096) + 4096).toString(16)} `));
  });

  it('gives the block back when there is no page for a node of the list', () => {
    for (const config of [K4, K64]) {
      const pageSize = config.pageSize ?? 4096;
      const size = config.vmemmapPageSize!;
      // Boot leaves room for more nodes in the last page: take all of it.
      const m = machine(config);
      const room = pageSize === 4096 ? 170 : 2730;
      const used = [...m.vmemmapList()].length % room;
      const offset = hot(pageSize);
      for (let n = used; n < room; n++)
        expect(
          m.ops.vmemmapPopulate(offset + n * size, offset + n * size + 1, 0, altmapFor(pageSize, n), undefined),
        ).toBe(OK);
      const free = m.ram.freeBytes();
      m.failures.add({ source: 'page-allocator', order: 0, nth: 2 });
      const next = offset + 4000 * size;
      expect(m.ops.vmemmapPopulate(next, next + 1, 0, undefined, undefined)).toBe(ENOMEM);
      expect(m.ram.freeBytes()).toBe(free);
      expect(m.events.filter(({ kind }) => kind === 'WARN')).toMatchObject([{ id: 'vmemmap-list-alloc' }]);
      m.failures.clear();
      m.failures.add({ source: 'page-allocator', order: 0 });
      const altmap = altmapFor(pageSize, 4000);
      expect(m.ops.vmemmapPopulate(next, next + 1, 0, altmap, undefined)).toBe(ENOMEM);
      expect(altmap.alloc).toBe(0);
    }
    // Device memory for the n-th mapping, so that RAM does not run out.
    function altmapFor(pageSize: number, n: number) {
      return vmemAltmap(HOT / pageSize, 2 ** 40, (n + 1) * 2 ** 12, 2 ** 14);
    }
  });
});

describe('the hashed page table', () => {
  /** Sections that lie 512 MiB apart have, in a table of 2^11 groups, the same groups for their 4 KiB mappings. */
  const apart = (count: number): MemoryRange[] =>
    Array.from({ length: count }, (_, n) => range(0, n * 512 * MiB, n * 512 * MiB + SECTION));
  const small: Partial<PowerpcConfig> = { ...K4, hashTableOrder: 18 };

  it('has a slot of the primary group for each of 8 pages with one hash, in the order they come', () => {
    const m = machine(small, apart(8));
    const steps = Array.from({ length: 8 }, (_, n) => m.translatePage(n * 131072).steps[0]!);
    expect(new Set(steps.map(({ table }) => table)).size).toBe(1);
    expect(steps.map(({ index }) => index / 2)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(m.verify().problems).toEqual([]);
  });

  it('goes on in the secondary group, without the bit that the hardware looks for: nothing is found there', () => {
    const m = machine(small, apart(9));
    const pfn = 8 * 131072;
    expect(m.events).toEqual([]);
    expect([...m.vmemmapList()].length).toBe(9 * 64);
    expect(m.translatePage(pfn).result).toMatchObject({ mapped: false, fault: expect.stringContaining('group') });
    expect(m.verify().problems.length).toBeGreaterThan(0);
    // With the bit it would be.
    const { hashTable } = hashOps(m);
    const [primary, secondary] = m.translatePage(pfn).steps.map(({ table }) => table / 128) as [number, number];
    expect(primary + secondary).toBe(2047);
    const word = hashTable.find(secondary);
    expect(hashTable.lanes[word]! & 0x3).toBe(1);
    hashTable.lanes[word]! |= 0x2;
    expect(m.translatePage(pfn).result).toMatchObject({ mapped: true });
    expect(m.translatePage(pfn).steps[0]).toMatchObject({ table: secondary * 128, index: 0 });
  });

  it('finds and removes entries of the secondary group, bit or no bit', () => {
    const m = machine(small, apart(8));
    const start = 8 * 8 * MiB;
    m.ops.vmemmapPopulate(start, start + 1, 0, undefined, undefined);
    m.ops.vmemmapFree(start, start + 1, undefined);
    expect(m.events).toEqual([]);
    m.ops.vmemmapPopulate(start, start + 1, 0, undefined, undefined);
    const { steps } = m.translate(m.window.start + BigInt(start));
    const word = hashOps(m).hashTable.find(steps[1]!.table / 128);
    expect(hashOps(m).hashTable.lanes[word]! & 1).toBe(1);
  });

  it('returns -EFAULT when both groups are full, and leaves the block and its node of the list', () => {
    const m = machine(small, apart(8));
    const next = (n: number): number => (8 + n) * 8 * MiB;
    for (let n = 0; n < 8; n++) expect(m.ops.vmemmapPopulate(next(n), next(n) + 1, 0, undefined, undefined)).toBe(OK);
    const free = m.ram.freeBytes();
    expect(m.ops.vmemmapPopulate(next(8), next(8) + 1, 0, undefined, undefined)).toBe(EFAULT);
    expect(m.events).toMatchObject([
      { id: 'no-vmemmap-mapping', source: 'arch/powerpc/mm/init_64.c:__vmemmap_populate' },
    ]);
    expect(free - m.ram.freeBytes()).toBe(4096);
    expect(list(m)[0]).toMatch(new RegExp(`^${next(8).toString(16)} `));
    // Freeing finds both, and misses the entry.
    m.ops.vmemmapFree(next(8), next(8) + 1, undefined);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.events.at(-1)).toMatchObject({ kind: 'WARN', id: 'no-hash-entry' });
    // A slot that was freed is used again.
    m.ops.vmemmapFree(next(3), next(3) + 1, undefined);
    expect(m.ops.vmemmapPopulate(next(8), next(8) + 1, 0, undefined, undefined)).toBe(OK);
  });

  it('fails to add a section with -EFAULT, as with any error', () => {
    const m = machine(small, apart(8));
    for (let n = 0; n < 8; n++) {
      const start = (8 + n) * 8 * MiB;
      m.ops.vmemmapPopulate(start, start + 1, 0, undefined, undefined);
    }
    expect(m.populateSection(16 * 131072, SECTION / 4096, 0)).toBe(false);
  });

  it('refuses the last page of the window, and what lies beyond', () => {
    for (const config of [K4, M16]) {
      const m = machine(config);
      const size = config.vmemmapPageSize!;
      const end = Number(m.window.end - m.window.start);
      expect(m.ops.vmemmapPopulate(end - 2 * size, end - size, 0, undefined, undefined)).toBe(OK);
      expect(m.ops.vmemmapPopulate(end - size, end, 0, undefined, undefined)).toBe(EFAULT);
      expect(m.events.map(({ id }) => id)).toEqual(['outside-supported-range', 'no-vmemmap-mapping']);
    }
  });
});

describe('vmemmap_list', () => {
  it('has the last mapping at its head, and the address of each', () => {
    const m = machine(K64, [range(0, 0, 64 * MiB)]);
    m.ops.vmemmapPopulate(hot(65536), hot(65536) + 3 * 65536, 0, undefined, undefined);
    const entries = [...m.vmemmapList()];
    expect(entries.map(({ virt }) => virt - hot(65536)).slice(0, 3)).toEqual([2 * 65536, 65536, 0]);
    for (const { virt, phys } of entries) expect(m.translate(m.window.start + BigInt(virt)).result.pa).toBe(phys);
  });

  it.each([
    ['4K', K4, 170],
    ['64K', K64, 2730],
  ] as const)('has nodes of 24 bytes, carved out of %s pages', (_, config, perPage) => {
    const m = machine(config, [range(0, 0, 256 * MiB)]);
    const size = config.vmemmapPageSize!;
    for (let n = 0; n < perPage; n++)
      m.ops.vmemmapPopulate(hot(size) + n * size, hot(size) + n * size + 1, 0, altmap(n), undefined);
    const nodes = [...m.vmemmapList()].map(({ node }) => node).reverse();
    for (const [n, node] of nodes.entries()) expect(node % size).toBe((n % perPage) * 24);
    expect(new Set(nodes.map((node) => node - (node % size))).size).toBe(Math.ceil(nodes.length / perPage));
    for (const node of nodes) expect(m.ram.isAllocated(node, 24)).toBe(true);
    function altmap(n: number) {
      return vmemAltmap(HOT / size, 2 ** 40, n, 1);
    }
  });

  it('takes nodes that were freed first, the last freed before the others', () => {
    const m = machine(K4);
    const at = (n: number): number => hot(4096) + n * 4096;
    const nodeOf = (n: number): number => [...m.vmemmapList()].find(({ virt }) => virt === at(n))!.node;
    m.ops.vmemmapPopulate(at(0), at(4), 0, undefined, undefined);
    const nodes = [0, 1, 2, 3].map(nodeOf);
    for (const n of [1, 3]) m.ops.vmemmapFree(at(n), at(n) + 1, undefined);
    expect(list(m).filter((text) => text.startsWith(at(1).toString(16)))).toEqual([]);
    m.ops.vmemmapPopulate(at(7), at(10), 0, undefined, undefined);
    expect([nodeOf(7), nodeOf(8)]).toEqual([nodes[3], nodes[1]]);
    expect(nodeOf(9)).toBe(nodes[3]! + 24);
  });

  it('never gives a page of nodes back', () => {
    const m = machine(K4);
    const free = m.ram.freeBytes();
    const held = (): number => free - m.ram.freeBytes();
    m.ops.vmemmapPopulate(hot(4096), hot(4096) + 400 * 4096, 0, undefined, undefined);
    const pages = (held() - 400 * 4096) / 4096;
    expect(pages).toBeGreaterThan(0);
    m.ops.vmemmapFree(hot(4096), hot(4096) + 400 * 4096, undefined);
    expect(held()).toBe(pages * 4096);
    expect([...m.leaves()].length).toBeGreaterThan(0);
  });
});

describe('__vmemmap_free', () => {
  it('keeps a mapping until the last section with struct pages in it is gone', () => {
    const m = machine(K64);
    const add = (nr: number) => m.populateSection(HOT / 65536 + nr * 256, 256, 0);
    const remove = (nr: number) => m.depopulateSection(HOT / 65536 + nr * 256, 256);
    for (const nr of [0, 1, 2, 3, 4]) add(nr);
    for (const nr of [1, 0, 3]) remove(nr);
    expect(leavesIn(m, hot(65536), Infinity).length).toBe(2);
    remove(2);
    expect(leavesIn(m, hot(65536), Infinity).map(({ offset }) => offset - hot(65536))).toEqual([65536]);
    remove(4);
    expect(leavesIn(m, hot(65536), Infinity)).toEqual([]);
    expect(m.events).toEqual([]);
  });

  it('passes over what is not in the list', () => {
    const m = machine(K4);
    const before = list(m);
    m.ops.vmemmapFree(hot(4096), hot(4096) + MiB, undefined);
    expect(list(m)).toEqual(before);
    expect(m.events).toEqual([]);
  });

  it('gives back to the altmap what came from it, by address', () => {
    const m = machine(K64);
    const altmap = vmemAltmap(HOT / 65536, (HOT + GiB) / 65536 - 1, 1, 3);
    const free = m.ram.freeBytes();
    m.ops.vmemmapPopulate(hot(65536), hot(65536) + 5 * 65536, 0, altmap, undefined);
    m.ops.vmemmapFree(hot(65536), hot(65536) + 5 * 65536, altmap);
    expect(altmap.alloc).toBe(0);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.events).toEqual([]);
  });

  it('frees what boot took as reserved pages', () => {
    const m = machine(K64, [range(0, 0, 256 * MiB), range(0, GiB, GiB + 4 * SECTION), range(0, 2 * GiB, 3 * GiB)]);
    const [leaf] = leavesIn(m, MiB, MiB + 65536);
    expect(m.ram.isReserved(leaf!.pa)).toBe(true);
    for (let nr = 64; nr < 68; nr++) {
      expect(leavesIn(m, MiB, MiB + 65536).length).toBe(1);
      m.freeMapBootmem(nr);
    }
    expect(leavesIn(m, MiB, MiB + 65536)).toEqual([]);
    expect([m.ram.isReserved(leaf!.pa), m.ram.isAllocated(leaf!.pa, 65536)]).toEqual([false, false]);
    expect(m.events).toEqual([]);
  });

  it('leaves a part of a boot page where it is and says so once: mappings of 4 KiB with 64K pages', () => {
    const m = machine({ mmu: 'hash', pageSize: 65536, vmemmapPageSize: 4096 }, [
      range(0, 0, 256 * MiB),
      range(0, GiB, GiB + SECTION),
      range(0, 2 * GiB, 2 * GiB + SECTION),
    ]);
    const leaves = leavesIn(m, MiB, MiB + 16 * KiB);
    expect(leaves.map(({ size }) => size)).toEqual([4096, 4096, 4096, 4096]);
    m.freeMapBootmem(64);
    expect(leavesIn(m, MiB, MiB + 16 * KiB)).toEqual([]);
    for (const { pa } of leaves) expect(m.ram.isAllocated(pa, 4096)).toBe(true);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'WARN_ON_ONCE', id: 'part-of-boot-page', count: 4 })]);
  });

  it('takes a whole page for each mapping of 4 KiB with 64K pages at run time, and gives it back', () => {
    const m = machine({ mmu: 'hash', pageSize: 65536, vmemmapPageSize: 4096 });
    const free = m.ram.freeBytes();
    m.ops.vmemmapPopulate(hot(65536), hot(65536) + 2 * 4096, 0, undefined, undefined);
    expect(free - m.ram.freeBytes()).toBe(2 * 65536);
    m.ops.vmemmapFree(hot(65536), hot(65536) + 2 * 4096, undefined);
    expect(m.ram.freeBytes()).toBe(free);
    // An altmap hands out whole pages only.
    const altmap = vmemAltmap(HOT / 65536, (HOT + GiB) / 65536 - 1, 0, 100);
    m.ops.vmemmapPopulate(hot(65536), hot(65536) + 1, 0, altmap, undefined);
    expect(altmap.alloc).toBe(0);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_warn_once', id: 'altmap-size' })]);
  });
});

describe('any hash machine', () => {
  const config = fc
    .record({
      pageSize: fc.constantFrom(4096, 65536),
      large: fc.boolean(),
      segment1T: fc.boolean(),
      va68: fc.boolean(),
      lpar: fc.boolean(),
      structPageSize: fc.constantFrom(64, 64, 72, 80),
    })
    .map(({ large, ...rest }) => ({ mmu: 'hash' as const, ...rest, vmemmapPageSize: large ? 2 ** 24 : rest.pageSize }));
  const ranges = fc
    .array(fc.record({ node: fc.nat(3), gap: fc.nat(2000), length: fc.integer({ min: 1, max: 1500 }) }), {
      maxLength: 6,
    })
    .map((pieces) => {
      const all = [range(0, 0, 256 * MiB)];
      let at = 256 * MiB;
      for (const { node, gap, length } of pieces) {
        const start = at + gap * 65536 * 7;
        at = start + length * 65536;
        all.push(range(node, start, at));
      }
      return all;
    });

  it('maps every struct page of every section to memory of its own, as its list says', () => {
    fc.assert(
      fc.property(config, ranges, fc.constantFrom(...releases), (chosen, map, release) => {
        const m = machine(chosen, map, { release });
        expect(m.verify().problems).toEqual([]);
        expect(m.events).toEqual([]);
        const leaves = leavesIn(m, 0, Infinity).map(({ offset, pa }) => `${offset} ${pa}`);
        const entries = [...m.vmemmapList()].map(({ virt, phys }) => `${virt} ${phys}`);
        expect(leaves.sort()).toEqual(entries.sort());
        const present = new Set<number>();
        for (const { nr, count } of m.sections()) for (let n = nr; n < nr + count; n++) present.add(n);
        const memmap = (SECTION / chosen.pageSize) * chosen.structPageSize;
        for (const { offset, size } of leavesIn(m, 0, Infinity)) {
          let used = false;
          for (let nr = Math.floor(offset / memmap); nr * memmap < offset + size && !used; nr++) used = present.has(nr);
          expect(used).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is the same block by block', () => {
    fc.assert(
      fc.property(config, ranges, (chosen, map) => {
        const single = machine(chosen, map, { failures: [{ nth: Number.MAX_SAFE_INTEGER }], trace: () => {} });
        expect([...single.vmemmapList()]).toEqual([...machine(chosen, map).vmemmapList()]);
      }),
      { numRuns: 10 },
    );
  });

  it('has the variants that are worth knowing', () => {
    expect(powerpc.variants.map(({ config: { mmu = 'radix', pageSize = 4096 } }) => `${mmu} ${pageSize}`)).toEqual([
      'radix 4096',
      'radix 65536',
      'hash 4096',
      'hash 65536',
      'hash 65536',
      'hash 4096',
    ]);
  });
});
