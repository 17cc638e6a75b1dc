import { describe, expect, it } from 'vitest';
import { boot, E2BIG, EBUSY, EEXIST, EINVAL, ENOMEM, EPERM, type Machine, OK, SECTION_FLAGS } from '../src/index.ts';
import { paged } from './paged.ts';
import { tableless } from './tableless.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const BLOCK = 128 * MiB;
const LIMIT = 2 ** 40;

function machine(
  ranges = [{ node: 0, start: 0, end: 2 * GiB }],
  change: Parameters<typeof tableless>[1] = {},
  release = '7.2',
): Machine {
  const arch = tableless(['free', 'memory-hotplug'], change)();
  return boot({ arch, memory: { ranges }, release });
}

const ids = ({ events }: Machine): string[] => events.map(({ id }) => id);
const flagsAt = (m: Machine, pa: number): number | undefined => {
  for (const { nr, count, flags } of m.sections()) if (pa >= nr * BLOCK && pa < (nr + count) * BLOCK) return flags;
  return undefined;
};

describe('memory that is added', () => {
  it('is asked for by address first, and for whole blocks then', () => {
    const m = machine();
    // Both wrong: not whole blocks, and RAM already.
    expect(m.hotplug.add({ node: 0, start: GiB + MiB, end: GiB + 2 * MiB })).toBe(EEXIST);
    expect(ids(m)).toEqual([]);
    expect(m.hotplug.add({ node: 0, start: 4 * GiB + MiB, end: 4 * GiB + 2 * MiB })).toBe(EINVAL);
    expect(ids(m)).toEqual(['unaligned-hotplug-range']);
    // The refused range is nobody's.
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK })).toBe(OK);
  });

  it.each([
    ['beyond the physical limit', LIMIT - BLOCK, LIMIT + BLOCK],
    ['nothing at all', 4 * GiB, 4 * GiB],
  ])('is refused with E2BIG: %s', (_, start, end) => {
    const m = machine();
    expect(m.hotplug.add({ node: 0, start, end })).toBe(E2BIG);
    expect(ids(m)).toEqual(['range-not-allowed']);
  });

  it('lets the architecture speak when it fails', () => {
    const errs: number[] = [];
    const m = machine(undefined, { vmemmapPopulate: () => OK, addMemoryFailed: (err) => errs.push(err) });
    m.failures.add({ source: 'slab' });
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK })).toBe(ENOMEM);
    m.failures.clear();
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK })).toBe(OK);
    expect(errs).toEqual([ENOMEM]);
  });
});

describe('memory that is removed', () => {
  it('has no holes', () => {
    const m = machine([{ node: 0, start: 0, end: 2 * GiB - 64 * MiB }]);
    expect(m.hotplug.remove(2 * GiB - BLOCK, 2 * GiB)).toBe(EINVAL);
    expect(m.hotplug.remove(GiB, GiB + BLOCK)).toBe(OK);
  });

  it('is in whole blocks of the machine, and below the physical limit', () => {
    const whole = { id: 'unaligned-hotplug-range' };
    const m = machine();
    expect(() => m.hotplug.remove(GiB + BLOCK, GiB + 2 * BLOCK, 2 * BLOCK)).toThrow(
      expect.objectContaining({ code: 'KERNEL_BUG' }),
    );
    expect(m.events).toEqual([expect.objectContaining(whole)]);
    expect(() => m.hotplug.remove(LIMIT, LIMIT + 2 * BLOCK)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    expect(m.hotplug.remove(GiB, GiB + 2 * BLOCK)).toBe(OK);
  });

  it('is of one node', () => {
    const m = machine([
      { node: 0, start: 0, end: GiB + 64 * MiB },
      { node: 1, start: GiB + 64 * MiB, end: 2 * GiB },
    ]);
    expect(m.hotplug.remove(GiB, GiB + BLOCK)).toBe(EINVAL);
    expect(m.hotplug.remove(GiB + BLOCK, GiB + 2 * BLOCK)).toBe(OK);
  });

  it('is not in use', () => {
    // The memory map is taken from the top.
    expect(machine().hotplug.remove(2 * GiB - BLOCK, 2 * GiB)).toBe(EBUSY);
  });

  it('may be refused by the architecture, and stays as it is', () => {
    const asked: [number, number, boolean][] = [];
    const m = machine(undefined, {
      memoryGoingOffline(start, end, early) {
        asked.push([start, end, early]);
        return early ? EPERM : OK;
      },
    });
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK })).toBe(OK);
    expect(m.hotplug.remove(4 * GiB, 4 * GiB + BLOCK)).toBe(OK);
    const before = [...m.sections()];
    expect(m.hotplug.remove(GiB, GiB + BLOCK)).toBe(EPERM);
    expect([...m.sections()]).toEqual(before);
    expect(asked).toEqual([
      [4 * GiB, 4 * GiB + BLOCK, false],
      [GiB, GiB + BLOCK, true],
    ]);
  });

  it('leaves the usage map of a section of boot, which is used when it comes back', () => {
    const m = machine();
    expect(m.hotplug.remove(GiB, GiB + BLOCK)).toBe(OK);
    m.failures.add({ source: 'slab', times: Number.POSITIVE_INFINITY });
    expect(m.hotplug.add({ node: 0, start: GiB, end: GiB + BLOCK })).toBe(OK);
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK })).toBe(ENOMEM);
  });

  it('that was never there goes with a warning', () => {
    const m = machine();
    expect(m.hotplug.remove(4 * GiB, 4 * GiB + BLOCK)).toBe(OK);
    expect(ids(m)).toEqual(['invalid-section-removed']);
  });

  it('was online before', () => {
    const m = machine();
    m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK });
    expect(flagsAt(m, 4 * GiB)! & SECTION_FLAGS.IS_ONLINE).not.toBe(0);
  });
});

describe('device memory', () => {
  const device = { id: 'd', node: 0, ranges: [{ start: 4 * GiB, end: 5 * GiB }] };

  it('is in compounds no larger than a folio can be, since 6.18', () => {
    for (const [release, errno] of [
      ['6.12', OK],
      ['6.16', OK],
      ['7.2', EINVAL],
      ['7.3', EINVAL],
    ] as const) {
      const m = machine(undefined, {}, release);
      expect(m.devices.memremap({ ...device, vmemmapShift: 23 }), release).toBe(errno);
      expect(ids(m), release).toEqual(errno === OK ? [] : ['folio-size']);
    }
  });

  it('lies below the physical limit', () => {
    const m = machine();
    expect(m.devices.memremap({ ...device, ranges: [{ start: LIMIT, end: LIMIT + GiB }] })).toBe(EINVAL);
    expect(ids(m)).toEqual(['range-not-allowed']);
  });
});

describe('memory that holds its own memmap', () => {
  const paging = (release = '7.2') =>
    boot({ arch: paged()(), memory: { ranges: [{ node: 0, start: 0, end: GiB }] }, release });

  it('is known by its pages, as far as the memmap goes', () => {
    const m = paging();
    const at = 4 * GiB;
    expect(m.hotplug.isSelfHosted(at)).toBe(false);
    expect(m.hotplug.add({ node: 0, start: at, end: at + 2 * BLOCK, memmapOnMemory: true })).toBe(OK);
    const memmap = 2 * MiB;
    for (const start of [at, at + BLOCK]) {
      expect([0, memmap - 4096, memmap, BLOCK - 4096].map((n) => m.hotplug.isSelfHosted(start + n))).toEqual([
        true,
        true,
        false,
        false,
      ]);
      expect(m.translatePage(start / 4096).result.pa).toBe(start);
    }
    expect(m.hotplug.isSelfHosted(0)).toBe(false);
    expect(m.hotplug.remove(at, at + BLOCK)).toBe(OK);
    expect([at, at + BLOCK].map((pa) => m.hotplug.isSelfHosted(pa))).toEqual([false, true]);
    // Without: the same place, another memmap.
    expect(m.hotplug.add({ node: 0, start: at, end: at + BLOCK })).toBe(OK);
    expect(m.hotplug.isSelfHosted(at)).toBe(false);
    expect(m.hotplug.remove(at, at + 2 * BLOCK)).toBe(EINVAL);
    expect(ids(m)).toEqual(['some-blocks-have-altmaps']);
    expect(m.hotplug.remove(at, at + BLOCK)).toBe(OK);
    expect(m.hotplug.remove(at + BLOCK, at + 2 * BLOCK)).toBe(OK);
    expect(m.altmapPages).toBe(0);
  });

  it('goes again, all of it, when a later block fails', () => {
    const m = paging();
    const at = 4 * GiB;
    const free = m.ram.freeBytes();
    m.failures.add({ source: 'altmap', nth: 3 });
    expect(m.hotplug.add({ node: 0, start: at, end: at + 4 * BLOCK, memmapOnMemory: true })).toBe(ENOMEM);
    m.failures.clear();
    for (let n = 0; n < 4; n++) expect(m.translatePage((at + n * BLOCK) / 4096).result.mapped).toBe(false);
    expect([m.altmapPages, m.hotplug.isSelfHosted(at), m.ram.freeBytes()]).toEqual([0, false, free]);
    expect(m.hotplug.add({ node: 0, start: at, end: at + 4 * BLOCK })).toBe(OK);
  });

  it('is asked of an architecture without page tables by the page', () => {
    const m = boot({
      arch: tableless(['free', 'memory-hotplug', 'memmap-on-memory', 'altmap'])(),
      memory: { ranges: [{ node: 0, start: 0, end: GiB }] },
    });
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK, memmapOnMemory: true })).toBe(OK);
    expect(m.hotplug.isSelfHosted(4 * GiB)).toBe(true);
  });

  it.each([
    [4 * GiB + 1, 5 * GiB],
    [4 * GiB, 5 * GiB + 1],
    [5 * GiB, 4 * GiB],
    [-GiB, GiB],
    [Number.NaN, GiB],
    [0, Number.NaN],
    [2 ** 53, 2 ** 54],
  ])('%d to %d is no range', (start, end) => {
    const m = paging();
    for (const call of [
      () => m.hotplug.add({ node: 0, start, end }),
      () => m.hotplug.onlineKmem({ node: 0, start, end }),
      () => m.hotplug.remove(start, end),
    ])
      expect(call).toThrow(
        expect.objectContaining({
          code: 'BAD_ARGUMENT',
          message: expect.stringMatching(/is no range of memory; give whole pages, upwards/),
        }),
      );
    expect([...m.sections()]).toHaveLength(1);
  });

  it.each([
    ['the mode is off', paged(), 'off'],
    [
      'the architecture cannot',
      paged({ capabilities: ['huge-pages', 'altmap', 'free', 'page-tables', 'memory-hotplug'] }),
      'on',
    ],
  ] as const)('does not where %s', (_, plugin, mode) => {
    const m = boot({ arch: plugin(), memory: { ranges: [{ node: 0, start: 0, end: GiB }] } });
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK, memmapOnMemory: true, mode })).toBe(OK);
    expect([m.hotplug.isSelfHosted(4 * GiB), m.altmapPages]).toEqual([false, 0]);
  });

  it('is not optimised for HugeTLB pages', () => {
    const m = paging();
    expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK, memmapOnMemory: true })).toBe(OK);
    const start = 4 * GiB + 64 * MiB;
    expect(m.hugetlb.optimize(2 * MiB, [{ start, count: 1 }])).toEqual({
      optimized: 0,
      already: 0,
      refused: [{ start, errno: -524 }],
    });
    expect(m.verify().problems).toEqual([]);
  });

  it.each([BLOCK / 2, 3 * BLOCK, BLOCK + 1, 1.5, Number.NaN, 2 ** 60])('a block of %d bytes is none', (blockSize) => {
    const m = paging();
    const added = { node: 0, start: 4 * GiB, end: 4 * GiB + 4 * BLOCK, blockSize };
    for (const call of [() => m.hotplug.add(added), () => m.hotplug.onlineKmem(added)])
      expect(call).toThrow(/a memory block must be a power of two of at least a section \(0x8000000 bytes\), not/);
    expect(m.hotplug.add({ ...added, blockSize: 2 * BLOCK })).toBe(OK);
    expect(() => m.hotplug.add({ ...added, start: 8 * GiB, end: 8 * GiB + BLOCK, blockSize: BLOCK })).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT' }),
    );
  });

  it('ends at the physical limit at most', () => {
    const m = paging();
    expect(m.hotplug.remove(LIMIT - BLOCK, LIMIT)).toBe(OK);
    expect(() => m.hotplug.remove(LIMIT - BLOCK, LIMIT + BLOCK)).toThrow(/lies beyond the physical limit/);
  });
});

it('a block that another node follows is of one node', () => {
  const m = machine([
    { node: 0, start: 0, end: GiB },
    { node: 1, start: GiB, end: 2 * GiB },
  ]);
  // The last of a node: the next one begins where it ends.
  expect(m.hotplug.remove(GiB - BLOCK, GiB)).not.toBe(EINVAL);
});

it('a block that the architecture lets go offline goes', () => {
  const asked: number[] = [];
  const m = machine(undefined, {
    memoryGoingOffline: (start) => {
      asked.push(start);
      return OK;
    },
  });
  expect(m.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + BLOCK })).toBe(OK);
  expect(m.hotplug.remove(4 * GiB, 4 * GiB + BLOCK)).toBe(OK);
  expect(asked).toEqual([4 * GiB]);
  const refused = machine(undefined, { memoryGoingOffline: () => EPERM });
  expect(refused.hotplug.add({ node: 0, start: 4 * GiB, end: 4 * GiB + 2 * BLOCK })).toBe(OK);
  expect(refused.hotplug.remove(4 * GiB, 4 * GiB + 2 * BLOCK)).toBe(EPERM);
});
