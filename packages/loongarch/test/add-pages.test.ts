import { boot, ENOMEM } from '@vmemmap/core';
import { expect, it } from 'vitest';
import { loongarch } from '../src/index.ts';

it('struct pages that cannot be had are said to be missing', () => {
  const m = boot({ arch: loongarch(), memory: { ranges: [{ node: 0, start: 0, end: 2 ** 30 }] } });
  const memory = { node: 0, start: 2 ** 40, end: 2 ** 40 + 2 ** 29 };
  for (let n = 0; n < 2; n++) {
    m.failures.add({ source: 'slab' });
    expect(m.hotplug.add(memory)).toBe(ENOMEM);
    m.failures.clear();
  }
  expect(m.events).toMatchObject([
    { kind: 'pr_warn', id: 'add-pages-failed' },
    { kind: 'pr_warn', id: 'add-pages-failed' },
  ]);
});
