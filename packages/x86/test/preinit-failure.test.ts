import { boot, SECTION_FLAGS } from '@vmemmap/core';
import { expect, it } from 'vitest';
import { x86 } from '../src/index.ts';

const GiB = 2 ** 30;
const SECTION = 2 ** 27;

it('sections of gigantic pages stay when the memory map of those before them cannot be had', () => {
  const m = boot({
    arch: x86(),
    release: '7.2',
    memory: { ranges: [{ node: 0, start: 0, end: 8 * GiB }] },
    memblock: { reserved: [[6 * GiB, 7 * GiB]] },
    bootHugePages: [{ start: 6 * GiB, size: GiB }],
    failures: [{ source: 'memblock', nth: 8, times: Number.POSITIVE_INFINITY }],
  });
  expect(m.events.map(({ id }) => id)).toEqual(['memmap-backing-failed']);
  const runs = [...m.sections()].map(({ nr, count, flags }) => [nr * SECTION, (nr + count) * SECTION, flags]);
  const { MARKED_PRESENT, HAS_MEM_MAP, IS_ONLINE, IS_EARLY, VMEMMAP_PREINIT } = SECTION_FLAGS;
  const early = MARKED_PRESENT | HAS_MEM_MAP | IS_ONLINE | IS_EARLY;
  expect(runs).toEqual([
    [0, expect.any(Number), early],
    [6 * GiB, 7 * GiB, early | VMEMMAP_PREINIT],
  ]);
});
