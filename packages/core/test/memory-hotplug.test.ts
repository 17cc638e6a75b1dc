import { describe, expect, it } from 'vitest';
import { boot, E2BIG, EBUSY, EEXIST, EINVAL, ENOMEM, EPERM, type Machine, OK, SECTION_FLAGS } from '../src/index.ts';
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
