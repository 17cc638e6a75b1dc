import { boot, E2BIG, EINVAL, OK } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { arm64 } from '../src/index.ts';

const GiB = 2 ** 30;

describe('memory that the linear mapping does not reach', () => {
  it.each([
    ['below RAM', {}, GiB, E2BIG, EINVAL],
    ['beyond 48 bits', { vaBits: 48 as const, lpa2: false }, 4 * GiB + 2 ** 47, E2BIG, EINVAL],
    ['right after RAM', {}, 6 * GiB, OK, OK],
  ])('%s', (_, config, start, add, remap) => {
    const machine = () =>
      boot({ arch: arm64(config), memory: { ranges: [{ node: 0, start: 4 * GiB, end: 4 * GiB + 2 * GiB }] } });
    const m = machine();
    expect(m.hotplug.add({ node: 0, start, end: start + GiB })).toBe(add);
    const device = machine();
    expect(device.devices.memremap({ id: 'd', node: 0, ranges: [{ start, end: start + GiB }] })).toBe(remap);
    const ids = add === OK ? [] : ['range-not-allowed'];
    expect([m, device].map(({ events }) => events.map(({ id }) => id))).toEqual([ids, ids]);
  });
});
