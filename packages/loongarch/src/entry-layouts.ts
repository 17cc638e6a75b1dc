import type { EntryField, EntryLayout, TableLevel } from '@vmemmap/core';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });

/** Highest bit that a physical address can have in the kernel (asm/pgtable-bits.h: _PAGE_PFN_END_SHIFT). */
const ADDRESS_HIGH = 47;

/** Fields above the address in an entry that maps. */
const HIGH: readonly EntryField[] = [
  bit('RPLV', 63, 'restricted: only the privilege level PLV may access'),
  bit('NX', 62, 'not executable'),
  bit('NR', 61, 'not readable'),
  bit('PRESENT_INVALID', 60, 'kernel: present though not valid'),
];
/** Fields below the address, but for bit 6. */
const MIDDLE: readonly EntryField[] = [
  bit('SPECIAL', 11, 'kernel: no struct page of its own'),
  bit('PROTNONE', 10, 'kernel: no access'),
  bit('MODIFIED', 9, 'kernel: written to'),
  bit('W', 8, 'writable; for the page walk, not for the TLB'),
  bit('P', 7, 'present; for the page walk, not for the TLB'),
];
const LOW: readonly EntryField[] = [
  {
    name: 'MAT',
    low: 4,
    high: 5,
    about: 'memory access type: 0 strongly ordered uncached, 1 cached, 2 weakly ordered',
  },
  { name: 'PLV', low: 2, high: 3, about: 'privilege level: 0 is the kernel' },
  bit('D', 1, 'dirty: stores are allowed'),
  bit('V', 0, 'valid'),
];

/**
 * The fields of LoongArch entries, named as in the LoongArch Reference Manual vol. 1 sec. 5.4.5. An entry that points
 * to a table is an address and nothing else; the kernel writes a virtual one, and the CPU overlooks its segment.
 */
export function entryLayouts(levels: readonly TableLevel[]): readonly EntryLayout[] {
  const names = levels.map(({ name }) => name);
  const pte = levels.at(-1)!;
  const layouts: EntryLayout[] = [
    {
      levels: names.slice(0, -1),
      kind: 'table',
      fields: [
        { name: 'VSEG', low: 60, high: 63, about: 'kernel: segment of the direct-mapped window, 9 for cached memory' },
        { name: 'table', low: 12, high: ADDRESS_HIGH, about: 'physical address of the table, bits 47:12' },
        bit('H', 6, 'huge page'),
      ],
    },
    {
      levels: [pte.name],
      kind: 'leaf',
      fields: [
        ...HIGH,
        { name: 'PA', low: pte.shift, high: ADDRESS_HIGH, about: `physical address, bits 47:${pte.shift}` },
        ...MIDDLE,
        bit('G', 6, 'global: in every address space'),
        ...LOW,
      ],
    },
  ];
  // The kernel writes huge pages at the level above the last one, when it has more than two.
  const pmd = levels.length > 2 ? levels.at(-2) : undefined;
  if (pmd === undefined) return layouts;
  // The CPU takes a huge page as two halves.
  const half = pmd.shift - 1;
  layouts.push({
    levels: [pmd.name],
    kind: 'leaf',
    fields: [
      ...HIGH,
      { name: 'PA', low: half, high: ADDRESS_HIGH, about: `physical address, bits 47:${half}` },
      bit('G', 12, 'global: in every address space'),
      ...MIDDLE,
      bit('H', 6, 'huge page'),
      ...LOW,
    ],
  });
  return layouts;
}
