import { ENOMEM, OK, type TraceStep, vmemAltmap } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { GiB, MEMMAP, MiB, machine, range, SECTION } from './machine.ts';

const PAGE = 4096;
/** First section of 4 GiB: no boot memory is there. */
const HOT = 4 * GiB;
const HOT_OFFSET = (HOT / PAGE) * 64;

describe('vmemmap_populate', () => {
  it('maps less than a section with base pages, and takes none of them from the altmap', () => {
    const m = machine();
    const altmap = vmemAltmap(HOT / PAGE, HOT / PAGE + 32767, 2, 10000);
    expect(m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + MEMMAP - PAGE, 0, altmap, undefined)).toBe(OK);
    expect(altmap.alloc).toBe(0);
    expect([...m.leaves()].at(-1)).toMatchObject({ size: PAGE, count: 511 });
    expect(m.translate(m.window.start + BigInt(HOT_OFFSET + MEMMAP - PAGE)).result.mapped).toBe(false);
  });

  it('maps a section with a 2 MiB page, and takes it from the altmap where there is one', () => {
    const m = machine();
    const altmap = vmemAltmap(HOT / PAGE, HOT / PAGE + 32767, 2, 10000);
    expect(m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + MEMMAP, 0, altmap, undefined)).toBe(OK);
    expect(altmap).toMatchObject({ alloc: 512, align: 510 });
    expect(m.translate(m.window.start + BigInt(HOT_OFFSET)).result).toMatchObject({ pa: HOT + 2 * MiB, span: MEMMAP });
  });

  it('fails when the altmap has no room, rather than use RAM', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    const tables = m.tableMemory.count;
    expect(
      m.ops.vmemmapPopulate(
        HOT_OFFSET,
        HOT_OFFSET + MEMMAP,
        0,
        vmemAltmap(HOT / PAGE, HOT / PAGE + 32767, 0, 100),
        undefined,
      ),
    ).toBe(ENOMEM);
    // A table may be left behind, but nothing is mapped.
    expect(free - m.ram.freeBytes()).toBe((m.tableMemory.count - tables) * PAGE);
    expect([...m.leaves()].length).toBe(1);
  });

  it('refuses an altmap without PSE, once in the log', () => {
    const m = machine({ pse: false });
    const altmap = vmemAltmap(HOT / PAGE, HOT / PAGE + 32767, 2, 10000);
    for (let n = 0; n < 2; n++)
      expect(m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + MEMMAP, 0, altmap, undefined)).toBe(ENOMEM);
    expect(m.events).toEqual([
      expect.objectContaining({
        kind: 'pr_err_once',
        id: 'no-pse-altmap',
        source: 'arch/x86/mm/init_64.c:vmemmap_populate',
        count: 2,
      }),
    ]);
    expect(altmap.alloc).toBe(0);
  });

  it('falls back to base pages when there is no 2 MiB block, one PMD at a time', () => {
    const m = machine({}, [range(0, 0, GiB)], { failures: [{ source: 'memblock', order: 9, nth: 3 }] });
    const sizes = [...m.leaves()].flatMap(({ size, count }) => Array.from({ length: count }, () => size));
    const expected = [
      ...new Array<number>(2).fill(MEMMAP),
      ...new Array<number>(512).fill(PAGE),
      ...new Array<number>(5).fill(MEMMAP),
    ];
    expect(sizes).toEqual(expected);
    expect(m.verify().problems).toEqual([]);
    expect(m.counters.nr_memmap_boot_pages).toBe(4096);
  });

  it('leaves what is mapped alone, and takes no memory for it', () => {
    for (const config of [{}, { pse: false }]) {
      const m = machine(config);
      const before = [...m.leaves()];
      const free = m.ram.freeBytes();
      expect(m.ops.vmemmapPopulate(0, 8 * MEMMAP, 0, undefined, undefined)).toBe(OK);
      expect([...m.leaves()]).toEqual(before);
      expect(m.ram.freeBytes()).toBe(free);
    }
  });

  it('goes on below a PMD that holds base pages', () => {
    const m = machine();
    expect(m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + 16 * PAGE, 0, undefined, undefined)).toBe(OK);
    expect(m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + MEMMAP, 0, undefined, undefined)).toBe(OK);
    const leaves = [...m.leaves()].filter(({ offset }) => offset >= HOT_OFFSET);
    expect(leaves.reduce((sum, { count }) => sum + count, 0)).toBe(512);
    expect(leaves.every(({ size }) => size === PAGE)).toBe(true);
  });

  it('records addresses that are not page aligned', () => {
    const m = machine();
    m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + 64, 0, undefined, undefined);
    m.ops.vmemmapFree(HOT_OFFSET + 64, HOT_OFFSET + 4096, undefined);
    expect(m.events.map(({ kind, id }) => [kind, id])).toEqual([
      ['VM_BUG_ON', 'vmemmap_populate-unaligned'],
      ['VM_BUG_ON', 'vmemmap_free-unaligned'],
    ]);
  });

  it('warns once when struct pages lie on another node', () => {
    const small = [range(0, 0, 20 * MiB), range(1, HOT, HOT + 8 * SECTION)];
    const m = machine({}, small, { memblock: { reserved: [[HOT, HOT + 8 * SECTION - 4 * MiB]] } });
    expect(m.events).toEqual([]);
    // Fresh 2 MiB pages are not looked at (vmemmap_set_pmd); base pages and what is there already are.
    expect([...m.leaves()].some(({ offset, node }) => offset >= HOT_OFFSET && node === 0)).toBe(true);
    m.ops.vmemmapPopulate(HOT_OFFSET, HOT_OFFSET + 8 * MEMMAP, 1, undefined, undefined);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_warn_once', id: 'offnode-page-structs' })]);
  });

  it('tells what it does, a run at a time', () => {
    const steps: TraceStep[] = [];
    machine({ la57: false, pse: false }, [range(0, 0, SECTION)], { trace: (step) => steps.push(step) });
    expect(steps.map((step) => step.step)).toEqual(['section', 'table', 'table', 'table', 'leaves']);
    expect(steps.at(-1)).toMatchObject({ level: 'pte', count: 512, paStep: -PAGE });
  });
});

describe('boot', () => {
  it('takes what is left out when memory runs out on 7.2, and panics on 7.3', () => {
    const failing = { failures: [{ source: 'memblock', nth: 7, times: Number.POSITIVE_INFINITY } as const] };
    const m = machine({}, undefined, { release: '7.2', ...failing });
    expect([...m.sections()].map(({ nr, count }) => [nr, count])).toEqual([[0, 3]]);
    expect(m.counters.nr_memmap_boot_pages).toBe(3 * 512);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_err', id: 'memmap-backing-failed' })]);
    expect(() => machine({}, undefined, { release: '7.3', ...failing })).toThrow(
      expect.objectContaining({ code: 'KERNEL_PANIC' }),
    );
  });

  it('works upwards through one buffer on 6.12, and downwards block by block since', () => {
    expect([...machine({}, undefined, { release: '6.12' }).leaves()][0]!.paStep).toBe(MEMMAP);
    expect([...machine({}, undefined, { release: '7.2' }).leaves()][0]!.paStep).toBe(-MEMMAP);
    const base = machine({ pse: false }, undefined, { release: '6.12' });
    expect([...base.leaves()][0]).toMatchObject({ paStep: PAGE, count: 4096 });
    expect(base.verify().problems).toEqual([]);
  });

  it('does without the buffer when no place is large enough for it', () => {
    const ranges = [range(0, 0, 20 * MiB), range(0, GiB, GiB + 3 * MiB), range(0, 2 * GiB, 2 * GiB + 3 * MiB)];
    const m = machine({}, ranges, { release: '6.12' });
    expect(m.verify()).toMatchObject({ problems: [], sections: 3 });
  });

  it('populates the last section whole, and marks what is there', () => {
    const m = machine({}, [range(0, 0, SECTION + 5 * MiB)]);
    expect([...m.sections()].map(({ count, subsectionMap }) => [count, subsectionMap])).toEqual([
      [1, (1n << 64n) - 1n],
      [1, 7n],
    ]);
    expect(m.verify()).toMatchObject({ sections: 2, structPages: 65536 });
  });

  it('gives a section that two nodes share to the lower one', () => {
    const m = machine({}, [range(0, 0, 200 * MiB), range(1, 200 * MiB, GiB)]);
    expect([...m.sections()].map(({ nid, count }) => [nid, count])).toEqual([
      [0, 2],
      [1, 6],
    ]);
  });

  it('is the same with and without the pgmap that series-04 plumbs through', () => {
    for (const config of [{}, { la57: false, pse: false }]) {
      const [before, after] = ['7.3', 'series-04'].map((release) => {
        const m = machine(config, undefined, { release });
        m.populateSection(HOT / PAGE, 32768, 0, undefined, {
          ranges: [{ start: HOT, end: HOT + SECTION }],
          nrRange: 0,
          vmemmapShift: 0,
        });
        return [[...m.leaves()], [...m.tables()], m.counters];
      });
      expect(after).toEqual(before);
    }
  });
});
