import { mountKernelEntries } from '@vmemmap/conformance/entries';
import { loongarch } from '@vmemmap/loongarch';
import { describe, it } from 'vitest';

// A pointer to a table is the kernel's address of it: in the direct-mapped window 0x9….
mountKernelEntries({ describe, it }, loongarch, {
  entries: [
    { what: 'a table', level: 'pgd', kind: 'table', pa: 0x12344000, entry: '0x9000000012344000' },
    { what: 'a table above 4 GiB', level: 'pmd', kind: 'table', pa: 0x1_2345_8000, entry: '0x9000000123458000' },
    { what: 'a huge page', level: 'pmd', kind: 'leaf', pa: 0x12000000, entry: '0x120011d3' },
    { what: 'a huge page above 4 GiB', level: 'pmd', kind: 'leaf', pa: 0x71_0200_0000, entry: '0x71020011d3' },
    { what: 'a base page', level: 'pte', kind: 'leaf', pa: 0x12344000, entry: '0x123441d3' },
    { what: 'a base page above 4 GiB', level: 'pte', kind: 'leaf', pa: 0x71_0200_4000, entry: '0x71020041d3' },
    {
      what: '64K pages, 2 levels',
      config: { pageSize: 65536, levels: 2 },
      level: 'pte',
      kind: 'leaf',
      pa: 0x12340000,
      entry: '0x123401d3',
    },
  ],
});
