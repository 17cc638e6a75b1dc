import { mountKernelEntries } from '@vmemmap/conformance/entries';
import { type S390Config, s390 } from '@vmemmap/s390';
import { describe, it } from 'vitest';
import { FOUR_LEVELS } from './machine.ts';

const NO_NX: Partial<S390Config> = { nx: false };

// Read off booted kernels with 3 GiB, base pages, 4 levels, 1 MiB frames; the others by the kernel's source.
mountKernelEntries({ describe, it }, s390, {
  entries: [
    { what: 'a region-third entry', level: 'pud', kind: 'table', pa: 0xbf2a4000, entry: '0xbf2a4007' },
    { what: 'a segment entry', level: 'pmd', kind: 'table', pa: 0xbf2c0000, entry: '0xbf2c0001' },
    { what: 'a page', level: 'pte', kind: 'leaf', pa: 0xbf2a3000, entry: '0xbf2a313d' },
    {
      what: 'a region-second entry',
      config: FOUR_LEVELS,
      level: 'p4d',
      kind: 'table',
      pa: 0x3faa0000,
      entry: '0x3faa000b',
    },
    { what: 'a 1 MiB frame', level: 'pmd', kind: 'leaf', pa: 0x77d00000, entry: '0x77d0f501' },
    { what: 'a 1 MiB frame above 4 GiB', level: 'pmd', kind: 'leaf', pa: 0xfffd00000, entry: '0xfffd0f501' },
    {
      what: 'a page table in the upper half of a page',
      level: 'pmd',
      kind: 'table',
      pa: 0xbf2c0800,
      entry: '0xbf2c0801',
    },
    {
      what: 'a segment entry, 6.12: no flag',
      release: '6.12',
      level: 'pmd',
      kind: 'table',
      pa: 0xbf2c0000,
      entry: '0xbf2c0000',
    },
    {
      what: 'a 1 MiB frame, 6.12: read and write below',
      release: '6.12',
      level: 'pmd',
      kind: 'leaf',
      pa: 0x77d00000,
      entry: '0x77d03503',
    },
    {
      what: 'a region-third entry, 6.12',
      release: '6.12',
      level: 'pud',
      kind: 'table',
      pa: 0xbf2a4000,
      entry: '0xbf2a4007',
    },
    { what: 'a page, 6.12', release: '6.12', level: 'pte', kind: 'leaf', pa: 0xbf2a3000, entry: '0xbf2a313d' },
    { what: 'a page without NX', config: NO_NX, level: 'pte', kind: 'leaf', pa: 0xbf2a3000, entry: '0xbf2a303d' },
    {
      what: 'a 1 MiB frame without NX',
      config: NO_NX,
      level: 'pmd',
      kind: 'leaf',
      pa: 0x77d00000,
      entry: '0x77d0f401',
    },
    {
      what: 'a 1 MiB frame without NX, 6.12',
      config: NO_NX,
      release: '6.12',
      level: 'pmd',
      kind: 'leaf',
      pa: 0x77d00000,
      entry: '0x77d03403',
    },
    {
      what: 'a page without NX, 6.12',
      config: NO_NX,
      release: '6.12',
      level: 'pte',
      kind: 'leaf',
      pa: 0xbf2a3000,
      entry: '0xbf2a303d',
    },
    {
      what: 'the highest page there can be',
      level: 'pte',
      kind: 'leaf',
      pa: 2 ** 53 - 4096,
      entry: '0x1ffffffffff13d',
    },
    {
      what: 'the highest frame there can be',
      level: 'pmd',
      kind: 'leaf',
      pa: 2 ** 53 - 2 ** 20,
      entry: '0x1ffffffff0f501',
    },
    {
      what: 'the highest table there can be',
      config: FOUR_LEVELS,
      level: 'p4d',
      kind: 'table',
      pa: 2 ** 53 - 16384,
      entry: '0x1fffffffffc00b',
    },
  ],
});
