import { describe, expect, it } from 'vitest';
import { boot, type FailureRule, type Machine, type TraceStep } from '../src/index.ts';
import { type PagedOptions, paged } from './paged.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const SIZE = 2 * MiB;
const SECTION = 128 * MiB;
const PAGE = 4096;
/** Pages of struct pages that a huge page of 2 MiB has: 512 of 64 bytes. */
const PAGES = 8;

const machine = (options: PagedOptions = {}, release = '7.2', trace?: (step: TraceStep) => void): Machine =>
  boot({
    arch: paged(options)(),
    memory: { ranges: [{ node: 0, start: 0, end: GiB }] },
    release,
    ...(trace === undefined ? {} : { trace }),
  });
const at = (...starts: number[]) => starts.map((start) => ({ start, count: 1 }));
const page = (m: Machine, pa: number): number => m.offsetOfPage(pa / PAGE);
const sound = (m: Machine): readonly string[] => m.verify().problems;

describe('huge pages that are optimised', () => {
  it('keep their head page and share the rest', () => {
    const m = machine();
    const before = m.counters.nr_memmap_boot_pages;
    expect(m.hugetlb.optimize(SIZE, [{ start: SECTION, count: 3 }])).toEqual({ optimized: 3, already: 0, refused: [] });
    expect(m.hugetlb.optimized).toEqual(
      [0, 1, 2].map((n) => ({ start: SECTION + n * SIZE, size: SIZE, preinit: false })),
    );
    expect(m.counters).toEqual({ nr_memmap_boot_pages: before - 3 * PAGES, nr_memmap_pages: 3 });
    const runs = [...m.leaves()].filter(({ size }) => size === PAGE);
    const tails = runs.filter(({ paStep, count }) => paStep === 0 && count > 1);
    expect(tails.map(({ count, access }) => [count, access])).toEqual([0, 1, 2].map(() => [PAGES - 1, 1]));
    expect(new Set(tails.map(({ pa }) => pa)).size).toBe(1);
    expect(m.hugetlb.sharedTails).toHaveLength(1);
    expect(sound(m)).toEqual([]);
  });

  it('are optimised once', () => {
    const m = machine();
    expect(m.hugetlb.optimize(SIZE, at(0)).optimized).toBe(1);
    expect(m.hugetlb.optimize(SIZE, at(0, SIZE))).toEqual({ optimized: 1, already: 1, refused: [] });
    expect(m.counters.nr_memmap_pages).toBe(2);
  });

  it('get all of their struct pages back', () => {
    const m = machine();
    m.hugetlb.optimize(SIZE, [{ start: 0, count: 4 }]);
    const { nr_memmap_pages, nr_memmap_boot_pages } = m.counters;
    expect(m.hugetlb.restore(SIZE, at(SIZE, 0, 64 * MiB))).toEqual({ errno: 0, restored: 2 });
    expect(m.hugetlb.optimized.map(({ start }) => start)).toEqual([2 * SIZE, 3 * SIZE]);
    expect(m.counters).toEqual({ nr_memmap_boot_pages, nr_memmap_pages: nr_memmap_pages + 2 * (PAGES - 1) });
    expect(sound(m)).toEqual([]);
  });

  it('are restored where their memory is dissolved, and nowhere else', () => {
    const m = machine();
    m.hugetlb.optimize(SIZE, [{ start: 0, count: 6 }]);
    const left = (): number[] => m.hugetlb.optimized.map(({ start }) => start / SIZE);
    expect(m.hugetlb.dissolve(2 * SIZE, 2 * SIZE)).toBe(0);
    expect(left()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(m.hugetlb.dissolve(2 * SIZE, 4 * SIZE)).toBe(0);
    expect(left()).toEqual([0, 1, 4, 5]);
    expect(m.hugetlb.dissolve(SIZE + PAGE, SIZE + 2 * PAGE)).toBe(0);
    expect(left()).toEqual([0, 4, 5]);
    m.failures.add({ times: Number.POSITIVE_INFINITY });
    expect(m.hugetlb.dissolve(0, 5 * SIZE)).toBe(-12);
    expect(left()).toEqual([0, 4, 5]);
  });

  it('say where a split block is still mapped as it was', () => {
    const m = machine();
    m.hugetlb.optimize(SIZE, at(0));
    const block = page(m, 0);
    // Its own eight pages are other memory now, those of the next huge page are not.
    for (let n = 0; n < PAGES; n++) expect(m.hugetlb.splitBlock(block + n * PAGE)).toBeUndefined();
    expect(m.hugetlb.splitBlock(block + PAGES * PAGE)).toBe(block);
    m.hugetlb.restore(SIZE, at(0));
    for (let n = 0; n < PAGES; n++) expect(m.hugetlb.splitBlock(block + n * PAGE)).toBeUndefined();
    expect(m.hugetlb.splitBlock(block + PAGES * PAGE)).toBe(block);
    expect(m.hugetlb.splitBlock(page(m, SECTION))).toBeUndefined();
  });

  it('have no tails but their own head before 7.x', () => {
    const m = machine({}, '6.12');
    m.hugetlb.optimize(SIZE, at(0));
    expect(m.hugetlb.sharedTails).toEqual([]);
    const [run] = [...m.leaves()].filter(({ paStep, count }) => paStep === 0 && count > 1);
    expect(run).toMatchObject({ count: PAGES - 1, pa: m.translatePage(0).result.pa });
    expect(sound(m)).toEqual([]);
  });
});

describe('when memory runs out', () => {
  const rules: readonly FailureRule[] = [
    ...Array.from({ length: 24 }, (_, n): FailureRule => ({ nth: n + 1 })),
    ...Array.from({ length: 24 }, (_, n): FailureRule => ({ nth: n + 1, times: Number.POSITIVE_INFINITY })),
  ];

  it.each(['6.12', '7.2', '7.3'])('what is optimised is optimised, and what is not is as before, on %s', (release) => {
    for (const rule of rules) {
      const m = machine({}, release);
      m.failures.add(rule);
      const { optimized, refused } = m.hugetlb.optimize(SIZE, [{ start: 0, count: 3 }]);
      m.failures.clear();
      expect(optimized + refused.length).toBe(3);
      expect(m.hugetlb.optimized).toHaveLength(optimized);
      expect(refused.every(({ errno }) => errno === -12)).toBe(true);
      const starts = m.hugetlb.optimized.map(({ start }) => start);
      expect(refused.some(({ start }) => starts.includes(start))).toBe(false);
      expect(sound(m)).toEqual([]);
      expect(m.hugetlb.restore(SIZE, [{ start: 0, count: 3 }])).toEqual({ errno: 0, restored: optimized });
      expect(sound(m)).toEqual([]);
    }
  });

  it.each(['6.12', '7.2'])('a page is restored as a whole or not at all, on %s', (release) => {
    for (const rule of rules) {
      const m = machine({}, release);
      m.hugetlb.optimize(SIZE, [{ start: 0, count: 2 }]);
      const free = m.ram.freeBytes();
      const { nr_memmap_pages } = m.counters;
      m.failures.add(rule);
      const { errno, restored } = m.hugetlb.restore(SIZE, [{ start: 0, count: 2 }]);
      m.failures.clear();
      expect(errno).toBe(restored === 2 ? 0 : -12);
      expect(m.hugetlb.optimized).toHaveLength(2 - restored);
      expect(m.counters.nr_memmap_pages).toBe(nr_memmap_pages + restored * (PAGES - 1));
      expect(m.ram.freeBytes()).toBe(free - restored * (PAGES - 1) * PAGE);
      expect(sound(m)).toEqual([]);
    }
  });

  it('a page is tried once more when there was something to free, and only then', () => {
    const first = machine();
    first.hugetlb.optimize(SIZE, at(0));
    // Split already, the tail is there: the only allocation is that of the head.
    first.failures.add({ nth: 1 });
    expect(first.hugetlb.optimize(SIZE, at(SIZE))).toEqual({
      optimized: 0,
      already: 0,
      refused: [{ start: SIZE, errno: -12 }],
    });
    first.failures.clear();
    first.failures.add({ nth: 2 });
    expect(first.hugetlb.optimize(SIZE, at(SIZE, 2 * SIZE))).toEqual({ optimized: 2, already: 0, refused: [] });
  });

  it('a page whose huge leaf cannot be split stays as it is', () => {
    const m = machine();
    const before = { ...m.counters };
    // Before all pages; for this one, after its tail and its head; and once more, after its head.
    for (const nth of [1, 4, 6]) m.failures.add({ nth });
    expect(m.hugetlb.optimize(SIZE, at(0))).toEqual({ optimized: 0, already: 0, refused: [{ start: 0, errno: -12 }] });
    m.failures.clear();
    expect([m.hugetlb.optimized, [...m.leaves()].every(({ size }) => size === SIZE)]).toEqual([[], true]);
    expect(m.counters).toEqual(before);
    expect(sound(m)).toEqual([]);
  });

  it('a page over many huge leaves that fails on the way gets back what it had', () => {
    let partly = 0;
    for (let first = 1; first <= 9; first++) {
      for (let second = first + 1; second < first + 12; second++) {
        const m = boot({ arch: paged()(), memory: { ranges: [{ node: 0, start: 0, end: 2 * GiB }] } });
        m.failures.add({ nth: first });
        m.failures.add({ nth: second });
        const { optimized } = m.hugetlb.optimize(GiB, at(GiB));
        m.failures.clear();
        expect(m.hugetlb.optimized).toHaveLength(optimized);
        expect(sound(m)).toEqual([]);
        const own = new Set(
          [...m.leaves()].filter(({ count, paStep }) => count > 1 && paStep === 0).map(({ pa }) => pa),
        );
        expect(own.size).toBe(optimized);
        if (optimized === 0 && [...m.leaves()].some(({ size }) => size === PAGE)) partly++;
      }
    }
    expect(partly).toBeGreaterThan(3);
  });

  it('splitting says nothing about struct pages', () => {
    const m = machine();
    m.failures.add({ times: Number.POSITIVE_INFINITY });
    m.hugetlb.optimize(SIZE, at(0));
    expect(m.events).toEqual([]);
  });
});

describe('huge pages that are none', () => {
  it.each([
    ['a size that there is not', 4 * MiB, 0, /no huge pages of 4194304 bytes here; choose one of 2097152, 1073741824/],
    ['not at a multiple of its size', SIZE, PAGE, /must lie at a multiple of its 2097152 bytes, not 4096/],
    ['below 0', SIZE, -SIZE, /must lie at a multiple/],
    ['no whole number', SIZE, Number.NaN, /must lie at a multiple/],
    ['larger than any address', SIZE, 2 ** 60, /must lie at a multiple/],
    ['behind the end of RAM', SIZE, GiB, /the huge page at 0x40000000 is not all of RAM with struct pages/],
    ['in part behind the end of RAM', GiB, GiB, /is not all of RAM/],
  ])('%s', (_, size, start, message) => {
    const m = machine();
    for (const call of [() => m.hugetlb.optimize(size, at(start)), () => m.hugetlb.restore(size, at(start))])
      expect(call).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT', message: expect.stringMatching(message) }));
    expect(m.hugetlb.optimized).toEqual([]);
    expect(m.counters.nr_memmap_pages).toBe(0);
  });

  it('in the memory of a device', () => {
    const m = machine();
    m.devices.memremap({ id: 'dax', node: 0, ranges: [{ start: 4 * GiB, end: 4 * GiB + SECTION }] });
    expect(() => m.hugetlb.optimize(SIZE, at(4 * GiB))).toThrow(/is not all of RAM with struct pages/);
  });

  it('on a plugin without the capability they stay as they are, and it is said why', () => {
    const m = machine({ capabilities: ['huge-pages', 'free', 'page-tables'] });
    const outcome = m.hugetlb.optimize(SIZE, at(0));
    expect(outcome).toMatchObject({ optimized: 0, already: 0, refused: [] });
    expect(outcome.inert).toMatch(/./);
    expect(m.hugetlb.sizes.map(({ size, inert }) => [size, inert === outcome.inert])).toEqual([
      [SIZE, true],
      [GiB, true],
    ]);
  });
});

describe('struct pages of small huge pages', () => {
  it.each([
    [2 ** 18, 0, /its struct pages take 4096 bytes, no more than the page that is kept/],
    [2 ** 19, 1, undefined],
  ])('of %d bytes', (size, saved, why) => {
    const m = machine({ arch: { hugePageSizes: [size] } });
    const before = [...m.leaves()].length;
    const outcome = m.hugetlb.optimize(size, at(0));
    expect([outcome.optimized, outcome.inert]).toEqual([
      saved,
      why === undefined ? undefined : expect.stringMatching(why),
    ]);
    expect([...m.leaves()].length > before).toBe(saved > 0);
    expect(m.hugetlb.sizes).toEqual([{ size, inert: outcome.inert }]);
    expect(sound(m)).toEqual([]);
  });

  it('that are no power of two are not optimised', () => {
    const m = machine({ model: { structPageSize: 80 } });
    expect(m.hugetlb.optimize(SIZE, at(0)).inert).toMatch(/sizeof\(struct page\) is 80, no power of two/);
  });
});

describe('the TLB', () => {
  it('is flushed once after pages were restored, and not when none was', () => {
    const steps: TraceStep[] = [];
    const m = machine({}, '7.2', (step) => steps.push(step));
    m.hugetlb.optimize(SIZE, at(0));
    const flushes = (): number => {
      const count = steps.filter((step) => step.step === 'flush-tlb').length;
      steps.length = 0;
      return count;
    };
    flushes();
    m.hugetlb.restore(SIZE, at(SIZE));
    expect(flushes()).toBe(0);
    m.hugetlb.restore(SIZE, at(0));
    expect(flushes()).toBe(1);
  });
});

describe('gigantic pages of boot', () => {
  const gigantic = (start: number, release: string, options: PagedOptions = {}): Machine =>
    boot({
      arch: paged(options)(),
      memory: { ranges: [{ node: 0, start: 0, end: 4 * GiB }] },
      release,
      memblock: { reserved: [[start, start + GiB]] },
      bootHugePages: [{ size: GiB, start }],
    });

  it('have their tails write-protected where they were populated writable', () => {
    for (const release of ['7.2', '7.3']) {
      const m = gigantic(2 * GiB, release);
      expect(m.hugetlb.optimized).toEqual([{ start: 2 * GiB, size: GiB, preinit: true }]);
      const tails = [...m.leaves()].filter(({ paStep, count }) => paStep === 0 && count > 1);
      expect(tails.map(({ flagsLo, access }) => [flagsLo, access])).toEqual([[0b1011, 1]]);
      expect(sound(m)).toEqual([]);
    }
  });

  it.each(['7.2', '7.3'])('are given back where they lie in two zones, on %s', (release) => {
    const m = gigantic(2 * GiB, release, { arch: { zoneLimits: [2 ** 24, 3 * GiB - PAGE] } });
    expect(m.hugetlb.optimized).toEqual([]);
    expect([...m.leaves()].every(({ size }) => size === SIZE)).toBe(true);
    const plain = gigantic(2 * GiB, release, { capabilities: ['huge-pages', 'free', 'page-tables'] });
    expect(m.ram.freeBytes()).toBe(plain.ram.freeBytes() + GiB);
    // One that ends at the limit lies in one zone.
    const whole = gigantic(2 * GiB, release, { arch: { zoneLimits: [2 ** 24, 3 * GiB] } });
    expect(whole.hugetlb.optimized).toHaveLength(1);
  });

  it('must be whole sections', () => {
    const larger = { model: { sectionSizeBits: 31 } };
    expect(gigantic(2 * GiB, '7.2', larger).hugetlb.optimized).toEqual([]);
    expect(gigantic(2 * GiB, '7.2', { model: { sectionSizeBits: 30 } }).hugetlb.optimized).toHaveLength(1);
  });
});

describe('optimised huge pages', () => {
  it('are named by address, whatever came first', () => {
    const m = machine();
    m.hugetlb.optimize(SIZE, at(8 * SIZE));
    m.hugetlb.optimize(SIZE, at(2 * SIZE));
    expect(m.hugetlb.optimized.map(({ start }) => start)).toEqual([2 * SIZE, 8 * SIZE]);
  });

  it('of boot are each prepared by their own node', () => {
    const arch = paged()();
    const ranges = [0, 1].map((node) => ({ node, start: node * 4 * GiB, end: (node + 1) * 4 * GiB }));
    const of = (starts: readonly number[]): Machine =>
      boot({ arch, memory: { ranges }, release: '7.2', bootHugePages: starts.map((start) => ({ size: GiB, start })) });
    const [none, first, second, both] = [[], [GiB], [5 * GiB], [GiB, 5 * GiB]].map((starts) => {
      const m = of(starts);
      expect(sound(m)).toEqual([]);
      const { nr_memmap_boot_pages: early, nr_memmap_pages: late } = m.counters;
      return early + late;
    }) as [number, number, number, number];
    expect(none - both).toBe(none - first + (none - second));
    expect(first).toBe(second);
  });

  it('trace what is made read-only without an address', () => {
    const steps: TraceStep[] = [];
    boot({
      arch: paged()(),
      memory: { ranges: [{ node: 0, start: 0, end: 4 * GiB }] },
      bootHugePages: [{ size: GiB, start: GiB }],
      trace: (step) => steps.push(step),
    });
    const protectedLate = steps.filter((step) => step.step === 'remap' && step.readOnly);
    expect(protectedLate.length).toBeGreaterThan(0);
    for (const step of protectedLate) expect(step).toMatchObject({ pa: 0, paStep: 0 });
  });
});
