import { boot, EPERM, OK } from '@vmemmap/core';
import { expect, it } from 'vitest';
import { arm64 } from '../src/index.ts';

it('memory of boot never goes; added memory does', () => {
  const MiB = 2 ** 20;
  const m = boot({ arch: arm64(), memory: { ranges: [{ node: 0, start: 2 ** 30, end: 2 ** 31 }] } });
  expect(m.hotplug.remove(2 ** 30 + 128 * MiB, 2 ** 30 + 256 * MiB)).toBe(EPERM);
  expect(m.events).toEqual([
    expect.objectContaining({
      id: 'boot-memory-offlining',
      message: 'Boot memory [0x48000000 0x50000000] offlining attempted',
    }),
  ]);
  expect(m.hotplug.add({ node: 0, start: 2 ** 31, end: 2 ** 31 + 128 * MiB })).toBe(OK);
  expect(m.hotplug.remove(2 ** 31, 2 ** 31 + 128 * MiB)).toBe(OK);
});
