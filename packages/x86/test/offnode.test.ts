import { boot } from '@vmemmap/core';
import { expect, it } from 'vitest';
import { x86 } from '../src/index.ts';

it('as many struct pages off node are counted whether blocks come one by one or many at a time', () => {
  const counts = [false, true].map((oneByOne) => {
    const m = boot({ arch: x86({ pse: false }), memory: { ranges: [{ node: 0, start: 0, end: 2 ** 30 }] } });
    if (oneByOne) m.failures.add({ source: 'slab', nth: 1000 });
    m.hotplug.add({ node: 1, start: 2 ** 32, end: 2 ** 32 + 2 ** 27 });
    return m.events.map(({ id, count }) => [id, count]);
  });
  const pages = 2 ** 27 / 4096 / 64;
  expect(counts).toEqual([[['offnode-page-structs', pages]], [['offnode-page-structs', pages]]]);
});
