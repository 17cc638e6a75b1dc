import { mountKernelEntries } from '@vmemmap/conformance/entries';
import { riscv } from '@vmemmap/riscv';
import { describe, it } from 'vitest';
import { THEAD } from './machine.ts';

// Read off booted kernels; those of T-Head by the kernel's source.
mountKernelEntries({ describe, it }, riscv, {
  walks: [
    { what: 'V in tables, V R W G A D in leaves', walk: ['0x1', '0x1', '0x1', '0xe7'] },
    { what: 'the same', release: '6.12', config: { mode: 'sv48' }, walk: ['0x1', '0x1', '0xe7'] },
    { what: 'the same', config: { mode: 'sv39' }, walk: ['0x1', '0xe7'] },
  ],
  entries: [
    { what: 'the table of a root entry', level: 'pgd', kind: 'table', pa: 0xfffeb000, entry: '0x3fffac01' },
    { what: 'a table made in advance', level: 'pgd', kind: 'table', pa: 0x82866000, entry: '0x20a19801' },
    { what: 'a table of the level below', level: 'p4d', kind: 'table', pa: 0xfffea000, entry: '0x3fffa801' },
    { what: '2 MiB of struct pages', level: 'pmd', kind: 'leaf', pa: 0xf5a00000, entry: '0x3d6800e7' },
    { what: 'the 2 MiB below', level: 'pmd', kind: 'leaf', pa: 0xf5800000, entry: '0x3d6000e7' },
    { what: 'a base page', level: 'pte', kind: 'leaf', pa: 0x83109000, entry: '0x20c424e7' },
    { what: '2 MiB above 4 GiB', level: 'pmd', kind: 'leaf', pa: 0x167c00000, entry: '0x59f000e7' },
    {
      what: 'the highest address that the model has',
      level: 'pte',
      kind: 'leaf',
      pa: 2 ** 53 - 4096,
      entry: '0x7fffffffffce7',
    },
    {
      what: 'memory attributes of T-Head',
      config: THEAD,
      level: 'pmd',
      kind: 'leaf',
      pa: 0xf5a00000,
      entry: '0x700000003d6800e7',
    },
    {
      what: 'memory attributes of T-Head',
      config: THEAD,
      level: 'pte',
      kind: 'leaf',
      pa: 0x83109000,
      entry: '0x7000000020c424e7',
    },
    {
      what: 'memory attributes of T-Head',
      config: THEAD,
      level: 'pgd',
      kind: 'table',
      pa: 0xfffeb000,
      entry: '0x3fffac01',
    },
  ],
});
