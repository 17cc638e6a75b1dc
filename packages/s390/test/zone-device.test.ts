import { boot, ENXIO, OK } from '@vmemmap/core';
import { expect, it } from 'vitest';
import { s390 } from '../src/index.ts';

it.each([
  ['6.12', ENXIO, ['no-zone-device']],
  ['6.16', ENXIO, ['no-zone-device']],
  ['7.2', OK, []],
])('device memory on %s comes to %i', (release, errno, ids) => {
  const m = boot({ arch: s390(), release, memory: { ranges: [{ node: 0, start: 0, end: 2 ** 31 }] } });
  expect(m.devices.memremap({ id: 'd', node: 0, ranges: [{ start: 2 ** 32, end: 2 ** 32 + 2 ** 28 }] })).toBe(errno);
  expect(m.events.map(({ id }) => id)).toEqual(ids);
});
