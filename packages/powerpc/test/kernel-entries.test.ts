import { mountKernelEntries } from '@vmemmap/conformance/entries';
import { powerpc } from '@vmemmap/powerpc';
import { describe, it } from 'vitest';

const FAILURES = [{ source: 'memblock', order: 5, times: Number.POSITIVE_INFINITY }] as const;
const [TABLE, PTE_TABLE, LEAF] = ['0x8000000000000009', '0x8000000000000005', '0xc00000000000018e'];

// A table's entry says how large the table is, in its lowest bits.
mountKernelEntries({ describe, it }, powerpc, {
  walks: [
    { what: '64K pages', config: { pageSize: 65536 }, walk: [TABLE, TABLE, LEAF] },
    { what: '64K pages', config: { pageSize: 65536 }, release: '6.12', walk: [TABLE, TABLE, LEAF] },
    { what: '4K pages', config: { pageSize: 4096 }, walk: [TABLE, TABLE, LEAF] },
    {
      what: '64K pages without 2 MiB blocks',
      config: { pageSize: 65536 },
      failures: FAILURES,
      walk: [TABLE, TABLE, PTE_TABLE, LEAF],
    },
    // Of the hashed page table: the two doublewords of an entry. Those of ISA 3.0 are those of a booted powernv9 machine.
    {
      what: '64K pages',
      config: { mmu: 'hash', pageSize: 65536, vmemmapPageSize: 2 ** 24 },
      walk: ['0x40066bdea7000015', '0x794'],
    },
    { what: '16 MiB', config: { mmu: 'hash', vmemmapPageSize: 2 ** 24 }, walk: ['0x40099badc9000015', '0x794'] },
    {
      what: '16 MiB without a storage key',
      config: { mmu: 'hash', vmemmapPageSize: 2 ** 24, kernelKey: false },
      walk: ['0x40099badc9000015', '0x194'],
    },
    {
      what: '16 MiB in the format of ISA 2.07',
      config: { mmu: 'hash', vmemmapPageSize: 2 ** 24, lpar: false, isa300: false },
      walk: ['0x40099badc9000015', '0x794'],
    },
    {
      what: '16 MiB in the format of ISA 3.0',
      config: { mmu: 'hash', vmemmapPageSize: 2 ** 24, lpar: false },
      walk: ['0x00099badc9000015', '0x0400000000000794'],
    },
    {
      what: '65 bits',
      config: { mmu: 'hash', va68: false, vmemmapPageSize: 2 ** 24 },
      walk: ['0x40019bb07b000015', '0x794'],
    },
    {
      what: '64K pages, 65 bits',
      config: { mmu: 'hash', pageSize: 65536, va68: false, vmemmapPageSize: 2 ** 24 },
      walk: ['0x40006be33b000015', '0x794'],
    },
  ],
  entries: [
    { what: 'above 4 GiB', level: 'pmd', kind: 'leaf', pa: 0x2_3456_7800_0000, entry: '0xc00234567800018e' },
    { what: 'above 4 GiB', level: 'pte', kind: 'leaf', pa: 0x2_3456_789a_0000, entry: '0xc0023456789a018e' },
    { what: 'above 4 GiB', level: 'pgd', kind: 'table', pa: 0x2_3456_789a_1000, entry: '0x80023456789a1009' },
  ],
});
