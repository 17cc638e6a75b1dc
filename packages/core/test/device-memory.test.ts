import { describe, expect, it } from 'vitest';
import { boot, EINVAL, ENOMEM, ENXIO, type Machine, OK, type PageSpan } from '../src/index.ts';
import { type PagedOptions, paged } from './paged.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const PAGE = 4096;
const SECTION = 128 * MiB;
const DEVICE = 4 * GiB;

const machine = (options: PagedOptions = {}, release = '7.2'): Machine =>
  boot({ arch: paged(options)(), memory: { ranges: [{ node: 0, start: 0, end: GiB }] }, release });
const ids = ({ events }: Machine): string[] => events.map(({ id }) => id);
const device = (start: number, end: number, id = 'pmem') => ({ id, node: 0, ranges: [{ start, end }] });

describe('device memory', () => {
  it('is refused by a kernel without ZONE_DEVICE', () => {
    const m = machine({ arch: { hasZoneDevice: () => false } });
    expect(m.devices.memremap(device(DEVICE, DEVICE + SECTION))).toBe(ENXIO);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'WARN_ON_ONCE', id: 'no-zone-device' })]);
    expect(m.translatePage(DEVICE / PAGE).result.mapped).toBe(false);
    expect(machine({ arch: { hasZoneDevice: () => true } }).devices.memremap(device(DEVICE, DEVICE + SECTION))).toBe(
      OK,
    );
  });

  it.each([
    ['ends in another', DEVICE - SECTION, DEVICE + SECTION],
    ['begins in another', DEVICE + SECTION, DEVICE + 3 * SECTION],
    ['lies in another', DEVICE + SECTION / 2, DEVICE + SECTION],
  ])('that %s is refused', (_, start, end) => {
    const m = machine();
    expect(m.devices.memremap(device(DEVICE, DEVICE + 2 * SECTION))).toBe(OK);
    expect(m.devices.memremap(device(start, end, 'other'))).toBe(ENOMEM);
    expect(ids(m)).toEqual(['conflicting-pgmap']);
    m.devices.memunmap('pmem');
    expect(m.devices.memremap(device(start, end, 'other'))).toBe(OK);
  });

  it('that touches another is taken', () => {
    const m = machine();
    for (const [n, start] of [DEVICE, DEVICE + SECTION, DEVICE - SECTION].entries())
      expect(m.devices.memremap(device(start, start + SECTION, `device ${n}`))).toBe(OK);
    expect(ids(m)).toEqual([]);
  });

  it.each([
    ['in RAM', GiB / 2, GiB / 2 + SECTION, 'attempted on ram region 0x20000000-0x27ffffff'],
    ['in part in RAM', GiB - SECTION, GiB + SECTION, 'attempted on mixed region 0x38000000-0x47ffffff'],
  ])('%s is refused', (_, start, end, message) => {
    const m = machine();
    expect(m.devices.memremap(device(start, end))).toBe(ENXIO);
    expect(m.events).toEqual([expect.objectContaining({ id: 'region-is-ram', message })]);
  });

  it('of no range, or of several with an altmap, is refused', () => {
    const m = machine();
    expect(m.devices.memremap({ id: 'pmem', node: 0, ranges: [] })).toBe(EINVAL);
    const ranges = [0, 1].map((n) => ({ start: DEVICE + n * GiB, end: DEVICE + n * GiB + SECTION }));
    const altmap = { basePfn: DEVICE / PAGE, reserve: 0, free: 1024 };
    expect(m.devices.memremap({ id: 'pmem', node: 0, ranges, altmap })).toBe(EINVAL);
    expect(ids(m)).toEqual(['no-range', 'altmap-of-ranges']);
    // The first went again.
    expect(m.devices.memremap({ id: 'pmem', node: 0, ranges })).toBe(OK);
  });

  it('has its memmap in its altmap, or is not there', () => {
    const m = machine();
    const altmap = { basePfn: DEVICE / PAGE, reserve: 0, free: 1024 };
    m.failures.add({ source: 'altmap' });
    expect(m.devices.memremap({ ...device(DEVICE, DEVICE + SECTION), altmap })).toBe(ENOMEM);
    m.failures.clear();
    expect(m.translatePage(DEVICE / PAGE).result.mapped).toBe(false);
    expect(m.devices.memremap({ ...device(DEVICE, DEVICE + SECTION), altmap })).toBe(OK);
    expect(m.translatePage(DEVICE / PAGE).result.pa).toBe(DEVICE);
    expect(m.altmapPages).toBe(512);
  });

  it.each([
    ['vmemmapShift', { ...device(DEVICE, DEVICE + SECTION), vmemmapShift: 31 }, /0 to 30, not 31/],
    ['vmemmapShift', { ...device(DEVICE, DEVICE + SECTION), vmemmapShift: -1 }, /not -1/],
    ['vmemmapShift', { ...device(DEVICE, DEVICE + SECTION), vmemmapShift: 0.5 }, /not 0.5/],
    ['a start', device(DEVICE + 1, DEVICE + SECTION), /is no range of memory/],
    ['an end', device(DEVICE, DEVICE + SECTION - 1), /is no range of memory/],
    ['an order', device(DEVICE + SECTION, DEVICE), /is no range of memory/],
    ['a start below 0', device(-SECTION, SECTION), /is no range of memory/],
    ['a start that is no number', device(Number.NaN, DEVICE), /NaN to/],
    ['an end that is no number', device(DEVICE, Number.POSITIVE_INFINITY), /to Infinity/],
    ['a start beyond 2^53', device(2 ** 53, 2 ** 54), /is no range of memory/],
  ])('%s that no driver could pass is an error', (_, options, message) => {
    const m = machine();
    expect(() => m.devices.memremap(options)).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT', message: expect.stringMatching(message) }),
    );
    expect(m.devices.memremap(device(DEVICE, DEVICE + SECTION))).toBe(OK);
  });

  it('has one name, and is unmapped once', () => {
    const m = machine();
    expect(() => m.devices.memunmap('pmem')).toThrow(/no device pmem/);
    m.devices.memremap(device(DEVICE, DEVICE + SECTION));
    expect(() => m.devices.memremap(device(2 * DEVICE, 2 * DEVICE + SECTION))).toThrow(/pmem has struct pages already/);
    m.devices.memunmap('pmem');
    expect(() => m.devices.memunmap('pmem')).toThrow(/no device pmem/);
  });
});

describe('pages that are added', () => {
  const span = (change: Partial<PageSpan> = {}): PageSpan => ({ pfn: DEVICE / PAGE, pages: SECTION / PAGE, ...change });
  const altmapAt = (basePfn: number, reserve: number, free: number) => ({
    basePfn,
    endPfn: basePfn + SECTION / PAGE - 1,
    reserve,
    free,
    align: 0,
    alloc: 7,
  });

  it.each([
    ['begins somewhere else', altmapAt(DEVICE / PAGE + 1, 0, 512)],
    ['has more pages than there are', altmapAt(DEVICE / PAGE, 1, SECTION / PAGE)],
  ])('are refused with an altmap that %s', (_, altmap) => {
    const m = machine();
    expect(m.addPages(0, span({ altmap }))).toBe(EINVAL);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'pr_warn_once', id: 'invalid-altmap' })]);
    expect(altmap.alloc).toBe(7);
  });

  it('take an altmap that has just as many pages, from its start', () => {
    const m = machine();
    const altmap = altmapAt(DEVICE / PAGE, 0, SECTION / PAGE);
    expect(m.addPages(0, span({ altmap }))).toBe(OK);
    expect(altmap.alloc).toBe(512);
  });

  it('that are not there are not removed twice', () => {
    const m = machine();
    expect(m.addPages(0, span())).toBe(OK);
    m.removePages(span());
    expect(ids(m)).toEqual([]);
    const { nr_memmap_pages } = m.counters;
    m.removePages(span());
    expect(m.events).toEqual([
      expect.objectContaining({
        kind: 'WARN_ON_ONCE',
        id: 'invalid-section-removed',
        message: '!valid_section(ms) for pfn 0x100000',
      }),
    ]);
    expect(m.counters.nr_memmap_pages).toBe(nr_memmap_pages);
  });

  it('in part only are not removed in full', () => {
    const m = machine();
    const half = span({ pages: SECTION / PAGE / 2 });
    expect(m.addPages(0, half)).toBe(OK);
    m.removePages(span());
    expect(m.events).toEqual([
      expect.objectContaining({ kind: 'WARN', message: 'section already deactivated (0x100000 + 32768)' }),
    ]);
    expect(m.translatePage(DEVICE / PAGE).result.mapped).toBe(true);
    m.removePages(half);
    expect(ids(m)).toEqual(['section-already-deactivated']);
  });
});

describe('device memory in compound pages', () => {
  const dax: PagedOptions = {
    capabilities: ['huge-pages', 'altmap', 'free', 'page-tables', 'memory-hotplug', 'optimize-dax-vmemmap'],
  };
  const patterns = (m: Machine): [count: number, shared: boolean][] =>
    [...m.leaves()]
      .filter(({ offset, size }) => size === PAGE && offset >= m.offsetOfPage(DEVICE / PAGE))
      .map(({ count, paStep }) => [count, count > 1 && paStep === 0]);

  it('of 2 MiB keeps two pages of struct pages of each, and the second stands for all tails', () => {
    const m = machine(dax);
    const before = m.ram.freeBytes();
    expect(m.devices.memremap({ ...device(DEVICE, DEVICE + SECTION), vmemmapShift: 9 })).toBe(OK);
    const first = m.translatePage(DEVICE / PAGE + 64).result.pa;
    for (let page = 2; page < 8; page++) expect(m.translatePage(DEVICE / PAGE + 64 * page).result.pa).toBe(first);
    expect(m.translatePage(DEVICE / PAGE + 512).result.pa).not.toBe(first);
    expect(m.translatePage(DEVICE / PAGE).result.pa).not.toBe(first);
    // 64 compounds of two pages each, and the table of the last level.
    expect(before - m.ram.freeBytes()).toBe((128 + 1) * PAGE);
    expect(m.verify().problems).toEqual([]);
    m.devices.memunmap('pmem');
    expect(m.translatePage(DEVICE / PAGE).result.mapped).toBe(false);
    expect(m.ram.freeBytes()).toBe(before);
  });

  it('of 1 GiB goes on over sections', () => {
    const m = machine(dax);
    expect(m.devices.memremap({ ...device(DEVICE, DEVICE + GiB), vmemmapShift: 18 })).toBe(OK);
    const tail = m.translatePage(DEVICE / PAGE + 64).result.pa;
    for (const page of [2, 511, 512, 4095]) expect(m.translatePage(DEVICE / PAGE + 64 * page).result.pa).toBe(tail);
    expect(m.pageCount(tail)).toBe(4095);
    expect(m.verify().problems).toEqual([]);
    expect(patterns(m).some(([count, shared]) => shared && count > 4000)).toBe(true);
  });

  it('without compounds has all of its struct pages', () => {
    const m = machine(dax);
    expect(m.devices.memremap(device(DEVICE, DEVICE + SECTION))).toBe(OK);
    expect(patterns(m)).toEqual([]);
    expect(m.translatePage(DEVICE / PAGE).result.span).toBe(2 * MiB);
  });
});

describe('device memory next to what is there', () => {
  it('with its memmap in itself is on no other node', () => {
    const m = boot({
      arch: paged({ capabilities: ['altmap', 'free', 'page-tables', 'memory-hotplug'] })(),
      memory: {
        ranges: [
          { node: 0, start: 0, end: GiB },
          { node: 1, start: GiB, end: 2 * GiB },
        ],
      },
    });
    const altmap = { basePfn: DEVICE / PAGE, reserve: 0, free: 1024 };
    expect(m.devices.memremap({ ...device(DEVICE, DEVICE + SECTION), altmap })).toBe(OK);
    // A pfn that memblock does not know counts as the first node's: near to node 0.
    expect(ids(m)).toEqual([]);
  });

  it('of less than one compound has no struct pages beyond itself', () => {
    const m = machine();
    expect(m.devices.memremap({ ...device(DEVICE, DEVICE + SECTION), vmemmapShift: 18 })).toBe(OK);
    expect(m.translatePage((DEVICE + SECTION) / PAGE).result.mapped).toBe(false);
    expect(m.verify().problems).toEqual([]);
  });
});
