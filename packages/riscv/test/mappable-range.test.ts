import { boot, E2BIG, EINVAL, OK } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { riscv } from '../src/index.ts';

const GiB = 2 ** 30;

describe('memory that the linear mapping does not reach', () => {
  it.each([
    ['below RAM', {}, 0, E2BIG, EINVAL],
    ['beyond Sv39', { mode: 'sv39' as const }, 2 * GiB + 128 * GiB, E2BIG, EINVAL],
    ['the last of Sv39', { mode: 'sv39' as const }, 2 * GiB + 127 * GiB, OK, OK],
  ])('%s', (_, config, start, add, remap) => {
    const machine = () =>
      boot({ arch: riscv(config), memory: { ranges: [{ node: 0, start: 2 * GiB, end: 2 * GiB + 2 * GiB }] } });
    const m = machine();
    expect(m.hotplug.add({ node: 0, start, end: start + GiB })).toBe(add);
    const device = machine();
    expect(device.devices.memremap({ id: 'd', node: 0, ranges: [{ start, end: start + GiB }] })).toBe(remap);
    const ids = add === OK ? [] : ['range-not-allowed'];
    expect([m, device].map(({ events }) => events.map(({ id }) => id))).toEqual([ids, ids]);
  });
});
