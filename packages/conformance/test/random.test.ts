import { mountRandomMachines } from '@vmemmap/conformance/random';
import { reference } from '@vmemmap/conformance/reference';
import { blockRun, type PopulateContext } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { type Break, broken } from './broken.ts';

describe('the reference', () => {
  mountRandomMachines({ describe, it }, reference, { configs: [{}, { hugePages: false }] });
});

/** Tests of random machines that an architecture with something wrong in it fails, by name. */
function failing(change: Break): readonly string[] {
  const failed: string[] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => void) => {
      try {
        body();
      } catch {
        failed.push(name);
      }
    },
  };
  mountRandomMachines(runner, broken(change), { configs: [{}, { hugePages: false }], machines: 6, entries: 60 });
  return failed;
}

const MAPS = 'get a memmap: every struct page in memory of its own, nothing else mapped';
const SAME = 'are the same in runs, block by block, and watched';
const BACK = 'have entries that read back as they were written';
const ANY = 'have a walker that takes any entry';
const DAMAGED = 'walk through damaged tables to an end';

/** Every block is the first one. */
const oneBlock = (m: PopulateContext): Partial<PopulateContext> => {
  let first = -1;
  return {
    allocBlocks: (size, node, altmap, _max, out) => {
      m.allocBlocks(size, node, altmap, 1, out);
      if (first < 0) first = out.pa;
      out.pa = first;
    },
  };
};

describe('random machines find an architecture that', () => {
  it.each<[string, Break, string]>([
    ['hands one block out for all', { context: oneBlock }, MAPS],
    [
      'maps more than it was asked to',
      {
        ops: (ops) => ({
          vmemmapPopulate: (start, end, ...rest) => ops.vmemmapPopulate(start, end + 2 ** 22, ...rest),
        }),
      },
      MAPS,
    ],
    ['maps nothing', { ops: () => ({ vmemmapPopulate: () => 0 }) }, MAPS],
    [
      'takes no runs of blocks',
      {
        context: (m) => ({
          allocBlocks: (size, node, altmap, max, out) => {
            m.allocBlocks(size, node, altmap, max, out);
            // A block is lost whenever there are several.
            if (out.count > 1) m.allocBlocks(size, node, altmap, 1, blockRun());
          },
        }),
      },
      SAME,
    ],
    [
      'writes a bit of the address wrong',
      {
        inside: ({ pageTable: { format } }) => {
          const makeLeaf = format.makeLeaf.bind(format);
          format.makeLeaf = (level, pa, out) => makeLeaf(level, pa - (Math.floor(pa / 2 ** 33) % 2) * 2 ** 33, out);
        },
      },
      BACK,
    ],
    [
      'faults and does not say why',
      {
        walker: (walker) => ({
          readEntry: (level, lo, hi, out) => {
            walker.readEntry(level, lo, hi, out);
            out.fault = '';
          },
        }),
      },
      ANY,
    ],
    [
      'walks in two ways that do not agree',
      { walker: (walker) => ({ walk: (root, offset, out) => walker.walk(root, offset - (offset % 2 ** 30), out) }) },
      DAMAGED,
    ],
  ])('%s', (_, change, name) => {
    expect(failing(change)).toContain(name);
  });
});
