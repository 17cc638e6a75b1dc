import { mountKernelEntries } from '@vmemmap/conformance/entries';
import { x86 } from '@vmemmap/x86';
import { describe, it } from 'vitest';

mountKernelEntries({ describe, it }, x86, {
  walks: [
    { what: '5 levels, 2 MiB pages', walk: ['0x67', '0x67', '0x67', '0x80000000000001e3'] },
    { what: '4 levels, 2 MiB pages', config: { la57: false }, walk: ['0x67', '0x67', '0x80000000000001e3'] },
    { what: 'base pages', config: { pse: false }, walk: ['0x67', '0x67', '0x67', '0x67', '0x8000000000000163'] },
    { what: 'page-table isolation', config: { pti: true }, walk: ['0x67', '0x67', '0x67', '0x80000000000000e3'] },
    {
      what: 'page-table isolation, base pages',
      config: { pti: true, pse: false },
      walk: ['0x67', '0x67', '0x67', '0x67', '0x8000000000000063'],
    },
    { what: 'no global pages', config: { pge: false }, walk: ['0x67', '0x67', '0x67', '0x80000000000000e3'] },
    { what: 'no NX', config: { nx: false }, walk: ['0x67', '0x67', '0x67', '0x1e3'] },
    {
      what: 'no NX, base pages',
      config: { nx: false, pse: false, la57: false },
      walk: ['0x67', '0x67', '0x67', '0x163'],
    },
    { what: 'a section added later', of: 'added', walk: ['0x67', '0x67', '0x67', '0x80000000000001e3'] },
  ],
  entries: [
    {
      what: 'the C-bit 47 in a table',
      config: { memoryEncryption: true, encryptionBit: 47 },
      level: 'pud',
      kind: 'table',
      pa: 0x12345000,
      entry: '0x0000800012345067',
    },
    {
      what: 'the C-bit 51 in a leaf',
      config: { memoryEncryption: true, encryptionBit: 51 },
      level: 'pmd',
      kind: 'leaf',
      pa: 0x12200000,
      entry: '0x80080000122001e3',
    },
    { what: 'above 4 GiB', level: 'pmd', kind: 'leaf', pa: 0x2_3456_7800_0000, entry: '0x80023456780001e3' },
    { what: 'above 4 GiB', level: 'pte', kind: 'leaf', pa: 0x2_3456_789a_b000, entry: '0x80023456789ab163' },
    { what: 'above 4 GiB', level: 'p4d', kind: 'table', pa: 0x2_3456_789a_b000, entry: '0x00023456789ab067' },
  ],
});
