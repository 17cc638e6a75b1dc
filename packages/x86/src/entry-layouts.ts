import type { EntryField, EntryLayout } from '@vmemmap/core';
import type { X86Config } from './config.ts';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });

const XD = bit('XD', 63, 'execute disable (NX)');
const PKEY: EntryField = { name: 'PKEY', low: 59, high: 62, about: 'protection key' };
const PS = 'page size';
const G = bit('G', 8, 'global: survives a change of CR3');

// Bits 58:52 and 11:9 are ignored by the CPU; the kernel's names (asm/pgtable_types.h).
const SAVED_DIRTY = bit('SAVED_DIRTY', 58, 'kernel: dirty, while it must not be written to');
const NOPTISHADOW = bit('NOPTISHADOW', 58, "kernel: not copied to the user's root with PTI (root only)");
const SOFTW4 = bit('SOFTW4', 57, 'kernel: device memory (6.12), now free');
const SOFTW: readonly EntryField[] = [
  bit('SOFTW3', 11, 'kernel: soft-dirty; must stay 4 KiB'),
  bit('SOFTW2', 10, 'kernel: write-protected by userfaultfd'),
  bit('SOFTW1', 9, 'kernel: special, no struct page'),
];
const LOW: readonly EntryField[] = [
  bit('D', 6, 'dirty'),
  bit('A', 5, 'accessed'),
  bit('PCD', 4, 'page-level cache disable'),
  bit('PWT', 3, 'page-level write-through'),
  bit('US', 2, 'user may access'),
  bit('RW', 1, 'writable'),
  bit('P', 0, 'present'),
];

/**
 * The fields of x86-64 entries, named as in Intel SDM vol. 3A tables 5-14 to 5-20. Bit 6 of a table entry is ignored
 * by the CPU; the kernel sets it all the same. Addresses end at MAXPHYADDR, bits between there and 51 are reserved; the
 * C-bit of AMD's memory encryption (APM vol. 2 sec. 7.10.1) is no part of them and none lies above it.
 */
export function entryLayouts(config: X86Config): readonly EntryLayout[] {
  const { memoryEncryption, encryptionBit, physicalAddressBits } = config;
  const encryption = memoryEncryption ? [bit('C', encryptionBit, 'memory encryption: the page is encrypted')] : [];
  const high = (memoryEncryption ? encryptionBit : physicalAddressBits) - 1;
  const address = (name: string, low: number, about: string): readonly EntryField[] => [
    ...encryption,
    { name, low, high, about, address: true },
  ];
  const leaf = (level: string, upper: readonly EntryField[], middle: readonly EntryField[]): EntryLayout => ({
    levels: [level],
    kind: 'leaf',
    fields: [XD, PKEY, SAVED_DIRTY, SOFTW4, ...upper, ...SOFTW, G, ...middle, ...LOW],
  });
  const large = bit('PAT', 12, 'page attribute table');
  return [
    {
      levels: ['pgd', 'p4d', 'pud', 'pmd'],
      kind: 'table',
      fields: [
        XD,
        NOPTISHADOW,
        SOFTW4,
        ...address('table', 12, 'page number of the table'),
        ...SOFTW,
        G,
        bit('PS', 7, PS),
        ...LOW,
      ],
    },
    leaf('pud', [...address('1G page', 30, 'number of the 1 GiB page'), large], [bit('PS', 7, `${PS}: maps 1 GiB`)]),
    leaf('pmd', [...address('2M page', 21, 'number of the 2 MiB page'), large], [bit('PS', 7, `${PS}: maps 2 MiB`)]),
    leaf('pte', address('page', 12, 'page number'), [bit('PAT', 7, 'page attribute table')]),
  ];
}
