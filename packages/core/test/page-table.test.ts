import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boot, hex, type Machine, TableMemory, type TraceStep, translation } from '../src/index.ts';
import { fillEmpty } from '../src/pagetable/fill-empty.ts';
import { PagedFormat, type PagedOptions, paged } from './paged.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const PAGE = 4096;
/** Where the window begins in its root entry and in the table of the last level that its first byte is in. */
const IN_ROOT = 0x1000_0000;

const machine = (options: PagedOptions = {}, trace?: (step: TraceStep) => void): Machine =>
  boot({
    arch: paged(options)(),
    memory: {
      ranges: [
        { node: 0, start: 0, end: GiB },
        // Its struct pages are on both sides of the end of a root entry.
        { node: 0, start: 48 * GiB - 256 * MiB, end: 48 * GiB + 256 * MiB },
        { node: 1, start: 64 * GiB, end: 65 * GiB },
      ],
    },
    ...(trace === undefined ? {} : { trace }),
  });
const tableOf = (m: Machine) => m.ops.pageTable!;

describe('a page table', () => {
  it('counts from where the window lies in its root entry', () => {
    const table = tableOf(machine());
    expect([table.entryStart(0, 0), table.entryStart(0, GiB), table.entryStart(1, 3 * MiB)]).toEqual([
      -IN_ROOT,
      GiB - IN_ROOT,
      2 * MiB,
    ]);
    expect([table.entryEnd(0, 0, 8 * GiB), table.entryEnd(0, 0, 5), table.entryEnd(1, 3 * MiB, 8 * GiB)]).toEqual([
      GiB - IN_ROOT,
      5,
      4 * MiB,
    ]);
    expect([table.alignUp(0, 0), table.alignUp(0, -IN_ROOT), table.alignUp(1, 1), table.alignUp(2, PAGE)]).toEqual([
      GiB - IN_ROOT,
      -IN_ROOT,
      2 * MiB,
      PAGE,
    ]);
    expect([
      table.isAligned(0, 0),
      table.isAligned(0, -IN_ROOT),
      table.isAligned(1, 0),
      table.isAligned(1, PAGE),
    ]).toEqual([false, true, true, false]);
    expect([0, 1, 2].map((level) => [table.entrySpan(level), table.entries(level), table.tableBytes(level)])).toEqual([
      [GiB, 512, PAGE],
      [2 * MiB, 512, PAGE],
      [PAGE, 512, PAGE],
    ]);
    expect([table.index(0, 0), table.index(0, GiB - IN_ROOT), table.index(1, 0), table.index(2, 5 * PAGE)]).toEqual([
      0, 1, 128, 5,
    ]);
  });

  it('refuses what its root table has no entry for', () => {
    const start = 0xffff_ff80_1000_0000n;
    const table = tableOf(machine({ start }));
    const reach = 512 * GiB;
    const first = -IN_ROOT;
    for (const range of [
      [first, first + PAGE],
      [first + reach - PAGE, first + reach],
      [0, PAGE],
    ] as const)
      expect(() => table.mustReach(range[0], range[1])).not.toThrow();
    for (const range of [
      [first - PAGE, first],
      [first + reach, first + reach + PAGE],
      [first - PAGE, first + reach + PAGE],
    ] as const)
      expect(() => table.mustReach(range[0], range[1])).toThrow(expect.objectContaining({ code: 'NOT_MODELLED' }));
    expect(() => table.mustReach(first - PAGE, first)).toThrow(/0xffffff7ffffff000 to 0xffffff8000000000 is outside/);
  });

  it('is told of tables that come and go', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, (step) => steps.push(step));
    steps.length = 0;
    const far = 256 * GiB;
    const offset = m.offsetOfPage(far / PAGE);
    expect(m.hotplug.add({ node: 0, start: far, end: far + 128 * MiB })).toBe(0);
    const made = steps.filter(({ step }) => step === 'table');
    expect(made.map((step) => (step.step === 'table' ? [step.level, step.offset] : []))).toEqual([
      ['pmd', offset - IN_ROOT],
    ]);
    expect(m.hotplug.remove(far, far + 128 * MiB)).toBe(0);
    const freed = steps.filter(({ step }) => step === 'free-table');
    expect(freed.map((step) => (step.step === 'free-table' ? [step.level, step.offset] : []))).toEqual([
      ['pmd', offset - IN_ROOT],
    ]);
    const clear = steps.find(({ step }) => step === 'clear');
    expect(clear).toMatchObject({ level: 'pmd', offset, size: 2 * MiB });
  });

  it('says which offset its table of the last level was for', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, (step) => steps.push(step));
    m.hugetlb.optimize(2 * MiB, [{ start: 0, count: 1 }]);
    expect(steps.find(({ step }) => step === 'split')).toMatchObject({ level: 'pmd', offset: 0 });
    expect(steps.filter(({ step }) => step === 'table').at(-1)).toMatchObject({ level: 'pte', offset: 0 });
  });

  it.each([1, 2, 3])('has no table where the allocation of its %i. fails', (nth) => {
    const m = machine();
    const steps: TraceStep[] = [];
    m.failures.add({ nth, times: Number.POSITIVE_INFINITY });
    const table = tableOf(m);
    const made = table.reach(2, 10 * GiB, 0);
    m.failures.clear();
    expect(made >= 0).toBe(nth === 3);
    expect(table.lookup(2, 10 * GiB) >= 0).toBe(nth === 3);
    expect(table.lookup(1, 10 * GiB) >= 0).toBe(nth >= 2);
    expect(steps).toEqual([]);
  });

  it('says whether the table asked for was made', () => {
    const table = tableOf(machine());
    table.reach(2, 10 * GiB, 0);
    expect(table.fresh).toBe(true);
    table.reach(2, 10 * GiB + PAGE, 0);
    expect(table.fresh).toBe(false);
    // The tables above are there.
    table.reach(2, 10 * GiB + 2 * MiB, 0);
    expect(table.fresh).toBe(true);
    table.reach(1, 12 * GiB, 0);
    expect(table.fresh).toBe(true);
  });

  it('stops where a leaf would be taken for a table', () => {
    const m = machine();
    expect(() => tableOf(m).reach(2, 0, 0)).toThrow(expect.objectContaining({ code: 'KERNEL_BUG' }));
    expect(m.events.at(-1)).toMatchObject({ id: 'leaf-taken-for-table' });
  });
});

describe('walking', () => {
  const holes = machine();
  holes.hugetlb.optimize(2 * MiB, [{ start: 0, count: 5 }]);
  holes.hugetlb.optimize(2 * MiB, [{ start: 64 * GiB, count: 3 }]);
  for (const start of [48 * GiB - 2 * MiB, 48 * GiB]) holes.hugetlb.optimize(2 * MiB, [{ start, count: 1 }]);
  const end = Number(holes.window.end - holes.window.start);
  const root = holes.ops.initMm.root;
  const { walker } = holes.ops;
  const one = (offset: number): [number, number] => {
    const out = translation();
    walker.walk(root, offset, out);
    return out.mapped ? [out.pa | 0, Math.floor(out.pa / 2 ** 32)] : [0, -1];
  };
  // Near what is mapped, and everywhere.
  const offset = fc.oneof(
    fc.integer({ min: -4 * MiB, max: 24 * MiB }),
    fc.integer({ min: GiB - 2 * MiB, max: GiB + 20 * MiB }),
    fc.integer({ min: GiB - IN_ROOT - 2 * MiB, max: GiB - IN_ROOT + 2 * MiB }),
    fc.integer({ min: 0, max: end / PAGE - 1 }).map((page) => page * PAGE),
  );

  it('many at a time comes to the same as one by one', () => {
    fc.assert(
      fc.property(fc.array(offset, { minLength: 1, maxLength: 40 }), (offsets) => {
        const pas = new Int32Array(2 * offsets.length);
        walker.walkMany!(root, Float64Array.from(offsets), pas);
        for (const [n, at] of offsets.entries()) {
          const [low, high] = one(at);
          expect([hex(at), pas[2 * n + 1]]).toEqual([hex(at), high]);
          if (high >= 0) expect([hex(at), pas[2 * n]]).toEqual([hex(at), low]);
        }
      }),
    );
  });

  it('a range comes to the same as one by one', () => {
    fc.assert(
      fc.property(
        offset,
        fc.integer({ min: 1, max: 3 * MiB }),
        fc.integer({ min: 1, max: 60 }),
        (first, step, count) => {
          const pas = new Int32Array(2 * count);
          walker.walkRange!(root, first, step, count, pas);
          for (let n = 0; n < count; n++) {
            const [low, high] = one(first + n * step);
            expect([hex(first + n * step), pas[2 * n + 1]]).toEqual([hex(first + n * step), high]);
            if (high >= 0) expect(pas[2 * n]).toBe(low);
          }
        },
      ),
    );
  });

  it('comes to the same where pages have no short way to be read', () => {
    const slow = machine({ pages: false });
    slow.hugetlb.optimize(2 * MiB, [{ start: 0, count: 5 }]);
    const offsets = Float64Array.from([0, PAGE, 4 * MiB, -PAGE, GiB, 8 * PAGE, 64 * PAGE]);
    const [fast, pas] = [new Int32Array(14), new Int32Array(14)];
    walker.walkMany!(root, offsets, fast);
    slow.ops.walker.walkMany!(slow.ops.initMm.root, offsets, pas);
    const highs = (all: Int32Array) => [...all].filter((_, n) => n % 2 === 1);
    expect(highs(pas)).toEqual(highs(fast));
    const [range, many] = [new Int32Array(20), new Int32Array(20)];
    slow.ops.walker.walkRange!(slow.ops.initMm.root, -2 * PAGE, PAGE, 10, range);
    slow.ops.walker.walkMany!(
      slow.ops.initMm.root,
      Float64Array.from({ length: 10 }, (_, n) => (n - 2) * PAGE),
      many,
    );
    expect(highs(range)).toEqual(highs(many));
    expect([...range.subarray(4)]).toEqual([...many.subarray(4)]);
  });

  it('an address by name shows each level', () => {
    const { result, steps } = holes.translate(holes.window.start);
    expect(steps.map(({ level, index, kind }) => [level, index, kind])).toEqual([
      ['pgd', 0, 'table'],
      ['pmd', 128, 'table'],
      ['pte', 0, 'leaf'],
    ]);
    expect(result).toMatchObject({ mapped: true, span: PAGE, inside: 0, level: 2 });
    const hole = holes.translate(holes.window.start + BigInt(GiB / 2));
    expect(hole.result).toMatchObject({ mapped: false, fault: 'not present' });
  });
});

describe('a new table', () => {
  it('is filled as far as it goes', () => {
    const tables = new TableMemory();
    const [first, second] = [tables.create(PAGE, PAGE), tables.create(2 * PAGE, PAGE)];
    const format = Object.assign(new PagedFormat(), {
      emptyEntry: (_level: number, out: { lo: number; hi: number }) => Object.assign(out, { lo: 0x100, hi: -1 }),
    });
    fillEmpty(tables, format, 2, first);
    const words = (slot: number) => [...tables.lanes.subarray(tables.base[slot], tables.base[slot]! + PAGE / 4)];
    expect(words(first)).toEqual(Array.from({ length: 512 }, () => [0x100, -1]).flat());
    expect(words(second).every((word) => word === 0)).toBe(true);
    fillEmpty(tables, new PagedFormat(), 2, second);
    expect(words(second).every((word) => word === 0)).toBe(true);
  });
});

it.each([
  ['upwards', 4 * GiB - 64 * MiB, 4 * GiB + 192 * MiB],
  ['from one page below', 4 * GiB - 4096, 4 * GiB + 128 * MiB],
  ['up to one page above', 4 * GiB - 256 * MiB, 4 * GiB + 4096],
])('base pages on both sides of 4 GiB are the ones that were taken: %s', (_, start, end) => {
  const capabilities = ['free', 'page-tables'] as const;
  const m = boot({ arch: paged({ capabilities: [...capabilities] })(), memory: { ranges: [{ node: 0, start, end }] } });
  expect(m.verify().problems).toEqual([]);
  for (const { pa, count, paStep = 0 } of m.leaves()) {
    const ends = [pa, pa + (count - 1) * paStep];
    for (const at of ends) expect(at >= start && at < end).toBe(true);
  }
});
