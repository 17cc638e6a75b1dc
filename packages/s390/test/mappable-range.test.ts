import { boot, E2BIG, EINVAL, OK } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { s390 } from '../src/index.ts';

const GiB = 2 ** 30;

describe('memory that the linear mapping does not reach', () => {
  it.each([['beyond max_mappable', {}, 512 * GiB, E2BIG, EINVAL]])('%s', (_, config, start, add, remap) => {
    const machine = () => boot({ arch: s390(config), memory: { ranges: [{ node: 0, start: 0, end: 0 + 2 * GiB }] } });
    const m = machine();
    expect(m.hotplug.add({ node: 0, start, end: start + GiB })).toBe(add);
    const device = machine();
    expect(device.devices.memremap({ id: 'd', node: 0, ranges: [{ start, end: start + GiB }] })).toBe(remap);
    const ids = add === OK ? [] : ['range-not-allowed'];
    expect([m, device].map(({ events }) => events.map(({ id }) => id))).toEqual([ids, ids]);
  });
});
