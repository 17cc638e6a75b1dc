import type { Arm64Config } from '@vmemmap/arm64';
import { ENOMEM, type Machine, OK, type TraceStep, vmemAltmap } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { GiB, MiB, machine, range, sizes } from './machine.ts';

/** Physical address of memory that is added. */
const HOT = 8 * GiB;
const FOREVER = Number.POSITIVE_INFINITY;
const bySizes: readonly Partial<Arm64Config>[] = [{}, { pageSize: 16384 }, { pageSize: 65536 }];

const hotPfn = (m: Machine): number => HOT / sizes(m).page;
/** The altmap of a device at HOT, with all the room it can want. */
const altmapOf = (m: Machine) => vmemAltmap(hotPfn(m), hotPfn(m) + 10 ** 6, 2, 10 ** 5);
const hotLeaves = (m: Machine) => [...m.leaves()].filter(({ offset }) => offset >= m.offsetOfPage(hotPfn(m)));

describe('vmemmap_populate', () => {
  it('maps a section with a block of 2 MiB with 4K pages, and with base pages otherwise', () => {
    const at = (config: Partial<Arm64Config>): unknown => {
      const m = machine(config);
      expect(m.populateSection(hotPfn(m), sizes(m).pages, 0)).toBe(true);
      return hotLeaves(m).map(({ size, count }) => [size, count]);
    };
    expect(at({})).toEqual([[2 * MiB, 1]]);
    expect(at({ pageSize: 16384 })).toEqual([[16384, 32]]);
    expect(at({ pageSize: 65536 })).toEqual([[65536, 8]]);
  });

  it('maps less than a section with base pages, also with 4K pages', () => {
    for (const release of ['6.12', '7.2', '7.3']) {
      const m = machine({}, undefined, { release });
      expect(m.populateSection(hotPfn(m), 32768 - 512, 0)).toBe(true);
      expect(hotLeaves(m).map(({ size, count }) => [size, count])).toEqual([[4096, 504]]);
    }
  });

  it('takes blocks from the altmap, aligned to themselves', () => {
    const m = machine();
    const altmap = altmapOf(m);
    expect(m.populateSection(hotPfn(m), 32768, 0, altmap)).toBe(true);
    expect(altmap).toMatchObject({ alloc: 512, align: 510 });
    expect(m.translatePage(hotPfn(m)).result).toMatchObject({ pa: HOT + 2 * MiB, span: 2 * MiB });
  });

  it('takes base pages from the altmap, too, of whole sections and of parts', () => {
    for (const config of bySizes) {
      const m = machine(config);
      const { page, pages } = sizes(m);
      const altmap = altmapOf(m);
      const part = pages / 4;
      expect(m.populateSection(hotPfn(m), part, 0, altmap)).toBe(true);
      const taken = (part * 64) / page;
      expect(altmap).toMatchObject({ alloc: taken, align: 0 });
      expect(m.translatePage(hotPfn(m)).result).toMatchObject({ pa: HOT + 2 * page, span: page });
      if (page === 4096) continue;
      expect(m.populateSection(hotPfn(m), pages, 0, altmap)).toBe(true);
      expect(altmap.alloc).toBe(4 * taken);
    }
  });

  it('takes tables from RAM, never from the altmap', () => {
    for (const config of bySizes) {
      const m = machine(config);
      const before = m.tableMemory.count;
      const altmap = vmemAltmap((3000 * GiB) / sizes(m).page, 2 ** 40, 2, 10 ** 5);
      m.populateSection((3000 * GiB) / sizes(m).page, sizes(m).pages / 4, 0, altmap);
      expect(m.tableMemory.count).toBeGreaterThan(before);
      for (const { pa } of m.tables()) expect(m.memory.nodeOf(pa)).toBe(0);
    }
  });

  it('fails when the altmap has no room, rather than use RAM', () => {
    for (const config of bySizes) {
      const m = machine(config);
      const pfn = hotPfn(m);
      const altmap = vmemAltmap(pfn, pfn + 10 ** 6, 0, 5);
      expect(m.populateSection(pfn, sizes(m).pages, 0, altmap)).toBe(false);
      // Base pages got as far as the altmap did, and stay.
      expect(altmap.alloc).toBe(sizes(m).page === 4096 ? 0 : 5);
      expect(hotLeaves(m).every(({ pa }) => pa >= HOT)).toBe(true);
    }
  });

  it('fills a section by parts with base pages that meet: a page of 16K or 64K serves several subsections', () => {
    for (const [config, perPage] of [
      [{ pageSize: 16384 }, 2],
      [{ pageSize: 65536 }, 32],
    ] as const) {
      const m = machine(config);
      const { page } = sizes(m);
      const subsection = (2 * MiB) / page;
      const free = m.ram.freeBytes();
      for (let n = 0; n < perPage; n++) {
        expect(m.populateSection(hotPfn(m) + n * subsection, subsection, 0)).toBe(true);
        expect(hotLeaves(m).map(({ count }) => count)).toEqual([1]);
      }
      // That page alone: boot has its table already.
      expect(free - m.ram.freeBytes()).toBe(page);
    }
  });

  it('falls back to base pages when there is no block of 2 MiB, one PMD at a time', () => {
    const m = machine({}, undefined, { failures: [{ source: 'memblock', order: 9, nth: 3 }] });
    const leaves = [...m.leaves()].map(({ size, count }) => [size, count]);
    expect(leaves[0]).toEqual([2 * MiB, 2]);
    expect(leaves.at(-1)).toEqual([2 * MiB, 13]);
    expect(leaves.reduce((sum, [size, count]) => sum + size! * count!, 0)).toBe(32 * MiB);
    expect(m.verify().problems).toEqual([]);
    expect(m.counters.nr_memmap_boot_pages).toBe(16 * 512);
  });

  it('leaves what is mapped alone, and takes no memory for it', () => {
    for (const config of bySizes) {
      const m = machine(config);
      const { memmap } = sizes(m);
      const before = [...m.leaves()];
      const free = m.ram.freeBytes();
      for (let n = 0; n < 4; n++) {
        expect(m.ops.vmemmapPopulate(n * memmap, (n + 1) * memmap, 0, undefined, undefined)).toBe(OK);
      }
      expect([...m.leaves()]).toEqual(before);
      expect(m.ram.freeBytes()).toBe(free);
    }
  });

  it('goes on below a PMD that holds base pages; 6.12 takes it for a block and maps nothing more', () => {
    const at = (release: string): number => {
      const m = machine({}, undefined, { release });
      m.populateSection(hotPfn(m), 512, 0);
      expect(m.populateSection(hotPfn(m), 32768, 0)).toBe(true);
      expect(m.events).toEqual([]);
      return hotLeaves(m).reduce((sum, { size, count }) => sum + size * count, 0);
    };
    expect(at('7.2')).toBe(2 * MiB);
    expect(at('6.12')).toBe(8 * 4096);
  });

  it('of 6.12 looks for the node of a block at the table in its place', () => {
    const m = machine({}, [range(0, GiB, 2 * GiB), range(1, 2 * GiB, 3 * GiB)], { release: '6.12' });
    const { pages } = sizes(m);
    // Table and pages lie on node 1.
    m.populateSection(hotPfn(m), 512, 1);
    m.populateSection(hotPfn(m), pages, 1);
    expect(m.events).toEqual([]);
    m.populateSection(hotPfn(m), pages, 0);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_warn_once', id: 'offnode-page-structs', count: 1 })]);
  });

  it('warns once when base pages lie on another node', () => {
    for (const config of [{ pageSize: 16384 }, { pageSize: 65536 }]) {
      const ranges = [range(0, GiB, 2 * GiB), range(1, 2 * GiB, 4 * GiB)];
      const m = machine(config, ranges, { memblock: { reserved: [[2 * GiB, 4 * GiB]] } });
      expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_warn_once', id: 'offnode-page-structs' })]);
      expect([...m.leaves()].every(({ node }) => node === 0)).toBe(true);
    }
  });

  it('makes no new entry known to other address spaces: there is one set of kernel tables', () => {
    expect(() => machine().createAddressSpace('init')).toThrow(expect.objectContaining({ code: 'NOT_MODELLED' }));
  });

  it('flushes nothing: empty entries are in no TLB', () => {
    const steps: TraceStep[] = [];
    machine({ pageSize: 16384 }, [range(0, GiB, GiB + 128 * MiB)], { trace: (step) => steps.push(step) });
    expect(steps.map(({ step }) => step)).toEqual(['section', 'table', 'table', 'table', 'leaves']);
  });
});

describe('the window', () => {
  const events = (m: Machine): unknown => m.events.map(({ kind, id, source, count }) => [kind, id, source, count]);

  it('is warned about when it is left, each time, and is left all the same', () => {
    const m = machine({ vaBits: 39 });
    const end = Number(m.window.end - m.window.start);
    for (const offset of [end - 4096, -8192]) {
      expect(m.ops.vmemmapPopulate(offset, offset + 8192, 0, undefined, undefined)).toBe(OK);
      expect(m.translate(BigInt.asUintN(64, m.window.start + BigInt(offset) + 4096n)).result.mapped).toBe(true);
    }
    m.ops.vmemmapFree(end - 4096, end + 4096, undefined);
    const source = 'arch/arm64/mm/mmu.c:vmemmap_populate';
    expect(events(m)).toEqual([
      ['WARN', 'outside-window', source, 1],
      ['WARN', 'outside-window', source, 1],
      ['WARN', 'outside-window', 'arch/arm64/mm/mmu.c:vmemmap_free', 1],
    ]);
    expect(m.events[1]!.message).toBe(
      '(start 0xfffffffebfffe000 < VMEMMAP_START) || (end 0xfffffffec0000000 > VMEMMAP_END)',
    );
  });

  it('is not left at its very edges', () => {
    const m = machine({ vaBits: 39 });
    const end = Number(m.window.end - m.window.start);
    m.ops.vmemmapPopulate(end - 8192, end, 0, undefined, undefined);
    m.ops.vmemmapPopulate(0, 2 * MiB, 0, undefined, undefined);
    expect(m.events).toEqual([]);
  });

  it('begins earlier to the kernel than to a CPU with fewer bits: what vmalloc has is no reason to warn', () => {
    const populate = (config: Partial<Arm64Config>): unknown => {
      const m = machine(config);
      m.ops.vmemmapPopulate(-8192, -4096, 0, undefined, undefined);
      return m.events.length;
    };
    expect(populate({ lpa2: false })).toBe(0);
    expect(populate({ pageSize: 65536, vaBitsActual: 48 })).toBe(0);
    expect(populate({ vaBits: 48 })).toBe(1);
    const m = machine({ lpa2: false });
    // VMEMMAP_START is 60 TiB below.
    m.ops.vmemmapPopulate(-60 * 2 ** 40, 4096 - 60 * 2 ** 40, 0, undefined, undefined);
    expect(m.events).toEqual([]);
    m.ops.vmemmapPopulate(-60 * 2 ** 40 - 4096, -60 * 2 ** 40, 0, undefined, undefined);
    expect(m.events).toHaveLength(1);
  });

  it('cannot be left so far that addresses of others would be used', () => {
    const m = machine({ vaBits: 39 });
    for (const offset of [-(2 ** 39), 2 ** 33]) {
      expect(() => m.ops.vmemmapPopulate(offset, offset + 4096, 0, undefined, undefined)).toThrow(
        expect.objectContaining({ code: 'NOT_MODELLED' }),
      );
      expect(() => m.ops.vmemmapFree(offset, offset + 4096, undefined)).toThrow(
        expect.objectContaining({ code: 'NOT_MODELLED' }),
      );
    }
    expect(m.events).toHaveLength(4);
  });

  it('is filled by no more than a section at a time, or that is warned about once', () => {
    for (const config of bySizes) {
      const m = machine(config);
      const { memmap } = sizes(m);
      const offset = m.offsetOfPage(hotPfn(m));
      for (let n = 0; n < 2; n++) m.ops.vmemmapPopulate(offset, offset + 2 * memmap, 0, undefined, undefined);
      expect(events(m)).toEqual([['WARN_ON_ONCE', 'more-than-a-section', 'arch/arm64/mm/mmu.c:vmemmap_populate', 2]]);
      expect(hotLeaves(m).reduce((sum, { size, count }) => sum + size * count, 0)).toBe(2 * memmap);
    }
  });
});

describe('boot', () => {
  it('of 6.12 works upwards through a buffer of whole PMDs, and since then downwards block by block', () => {
    const step = (config: Partial<Arm64Config>, release: string): number =>
      [...machine(config, undefined, { release }).leaves()][0]!.paStep;
    expect(step({}, '6.12')).toBe(2 * MiB);
    expect(step({}, '7.2')).toBe(-2 * MiB);
    // A PMD is 32 MiB: a quarter of a section.
    expect(step({ pageSize: 16384 }, '6.12')).toBe(16384);
    expect(step({ pageSize: 16384 }, '7.2')).toBe(-16384);
    // A PMD is 512 MiB, all of a section: there is no such buffer.
    expect(step({ pageSize: 65536 }, '6.12')).toBe(-65536);
  });

  it('of 6.12 gives back what the buffer does not need', () => {
    const used = (release: string): number =>
      2 * GiB - machine({ pageSize: 16384 }, undefined, { release }).ram.freeBytes();
    expect(used('6.12')).toBe(used('7.2'));
  });

  it('takes memory from anywhere, also on a CPU whose memstart_addr is negative', () => {
    for (const config of [{}, { lpa2: false }]) {
      const m = machine(config, [range(0, GiB, 2 * GiB), range(1, 4 * GiB, 5 * GiB)]);
      expect([...m.leaves()].map(({ node }) => node)).toEqual([0, 1]);
      expect(m.verify().problems).toEqual([]);
    }
  });

  it('is the same with and without the pgmap that series-04 plumbs through', () => {
    for (const config of bySizes) {
      const [before, after] = ['7.3', 'series-04'].map((release) => {
        const m = machine(config, undefined, { release });
        m.populateSection(hotPfn(m), sizes(m).pages, 0, undefined, {
          ranges: [{ start: HOT, end: HOT + sizes(m).section }],
          nrRange: 0,
          vmemmapShift: 0,
        });
        return [[...m.leaves()], [...m.tables()], m.counters];
      });
      expect(after).toEqual(before);
    }
  });

  it('leaves sections out without memory on 7.2, and panics on 7.3', () => {
    const failures = [{ source: 'memblock', nth: 6, times: FOREVER }] as const;
    const m = machine({ vaBits: 48 }, undefined, { release: '7.2', failures });
    expect([...m.sections()].map(({ nr, count }) => [nr, count])).toEqual([[8, 3]]);
    expect(() => machine({ vaBits: 48 }, undefined, { release: '7.3', failures })).toThrow(
      expect.objectContaining({ code: 'KERNEL_PANIC' }),
    );
  });

  it('returns -ENOMEM without memory for a table', () => {
    const m = machine();
    m.failures.add({ times: FOREVER });
    expect(m.ops.vmemmapPopulate(2 ** 40, 2 ** 40 + 4096, 0, undefined, undefined)).toBe(ENOMEM);
  });
});
