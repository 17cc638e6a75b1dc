import { mountRandomLives } from '@vmemmap/conformance/random';
import { reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';
import { type Break, broken } from './broken.ts';

describe('the reference', () => {
  mountRandomLives({ describe, it }, reference, { configs: [{}, { hugePages: false }] });
});

/** Whether random lives find out that something is wrong with an architecture. */
function isFoundOut(change: Break): boolean {
  let failed = false;
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (_: string, body: () => void) => {
      try {
        body();
      } catch {
        failed = true;
      }
    },
  };
  mountRandomLives(runner, broken(change), { configs: [{}], lives: 8 });
  return failed;
}

describe('random lives find an architecture that', () => {
  it.each<[string, Break]>([
    ['is nothing of the kind below', {}],
    ['frees nothing and says it does', { ops: () => ({ vmemmapFree: () => {} }) }],
    [
      'frees half',
      { ops: (ops) => ({ vmemmapFree: (start, end, altmap) => ops.vmemmapFree(start, (start + end) / 2, altmap) }) },
    ],
    [
      'frees what lies before as well',
      { ops: (ops) => ({ vmemmapFree: (_start, end, altmap) => ops.vmemmapFree(0, end, altmap) }) },
    ],
    [
      'keeps tables',
      { context: (m) => ({ freePages: (pa, size) => (size === 4096 ? 'reserved' : m.freePages(pa, size)) }) },
    ],
    ['takes no references', { context: () => ({ getPage: () => {} }) }],
    [
      'ignores an altmap',
      {
        ops: (ops) => ({
          vmemmapPopulate: (start, end, node, _altmap, pgmap) =>
            ops.vmemmapPopulate(start, end, node, undefined, pgmap),
        }),
      },
    ],
    [
      'says that all is well without memory',
      { ops: (ops) => ({ vmemmapPopulate: (...args) => ops.vmemmapPopulate(...args) && 0 }) },
    ],
  ])('%s', (what, change) => {
    expect(isFoundOut(change)).toBe(!what.startsWith('is nothing'));
  });
});
