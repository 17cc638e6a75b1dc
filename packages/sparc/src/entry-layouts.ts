import type { EntryField, EntryLayout } from '@vmemmap/core';
import { type Chip, machineOf } from './chips.ts';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });
const field = (name: string, high: number, low: number, about: string): EntryField => ({ name, low, high, about });

/** A part of the address, however narrow. */
const part = (...of: Parameters<typeof field>): EntryField => ({ ...field(...of), address: true });

/** The address bits of each kind of leaf, from `top` down. */
const ADDRESS: Readonly<Record<'pud' | 'pmd' | 'pte', (top: number) => readonly EntryField[]>> = {
  pud: (top) => [
    part('8G page', top, 33, 'number of the 8 GiB stretch'),
    part('PA<32:28>', 32, 28, 'replaced by the virtual address'),
    part('PA<27:13>', 27, 13, 'ignored by a 256 MiB page'),
  ],
  pmd: (top) => [
    part('8M page', top, 23, 'number of the 8 MiB stretch'),
    part('PA<22>', 22, 22, 'replaced by the virtual address'),
    part('PA<21:13>', 21, 13, 'ignored by a 4 MiB page'),
  ],
  pte: (top) => [part('page', top, 13, 'page number')],
};

const V = bit('V', 63, 'valid');
const SPECIAL = bit('SPECIAL', 57, 'Soft2: special page');
const HUGE = bit('HUGE', 56, 'Soft2: not a table but a TTE');

/** UltraSPARC I & II User's Manual sec. 6.2, JPS1 appendix F.2. Soft and Soft2 as asm/pgtable_64.h uses them. */
function sun4u(address: readonly EntryField[], spitfire: boolean): readonly EntryField[] {
  return [
    V,
    field('Size', 62, 61, 'page size: 0 is 8K, 3 is 4M'),
    bit('NFO', 60, 'no-fault loads only'),
    bit('IE', 59, 'invert endianness'),
    bit('Soft2<8>', 58, 'Soft2: unused'),
    SPECIAL,
    HUGE,
    field('Soft2<5:0>', 55, 50, 'Soft2: unused'),
    ...(spitfire
      ? [field('Diag', 49, 41, 'diagnostic')]
      : [bit('Size2', 48, 'page size, third bit (UltraSPARC IV+)'), bit('SN', 47, 'snoop')]),
    ...address,
    bit('EXEC', 12, 'Soft: executable'),
    bit('MODIFIED', 11, 'Soft: modified'),
    bit('ACCESSED', 10, 'Soft: accessed'),
    bit('READ', 9, 'Soft: readable'),
    bit('WRITE', 8, 'Soft: writable'),
    bit('PRESENT', 7, 'Soft: present'),
    bit('L', 6, 'locked in the TLB'),
    bit('CP', 5, 'cacheable in physically indexed caches'),
    bit('CV', 4, 'cacheable in virtually indexed caches'),
    bit('E', 3, 'side effects'),
    bit('P', 2, 'privileged'),
    bit('W', 1, 'writable'),
    bit('G', 0, 'global'),
  ];
}

/** UltraSPARC Architecture 2007, chapter 14, TTE; for M7 on Oracle SPARC Architecture 2015. */
function sun4v(address: readonly EntryField[], mcde: boolean): readonly EntryField[] {
  return [
    V,
    bit('nfo', 62, 'no-fault loads only'),
    bit('MODIFIED', 61, 'soft2: modified'),
    bit('ACCESSED', 60, 'soft2: accessed'),
    bit('READ', 59, 'soft2: readable'),
    bit('WRITE', 58, 'soft2: writable'),
    SPECIAL,
    HUGE,
    ...address,
    bit('ie', 12, 'invert endianness'),
    bit('e', 11, 'side effects'),
    bit('cp', 10, 'cacheable in physically indexed caches'),
    mcde ? bit('mcde', 9, 'memory corruption detection') : bit('cv', 9, 'cacheable in virtually indexed caches'),
    bit('p', 8, 'privileged'),
    bit('ep', 7, 'executable'),
    bit('w', 6, 'writable'),
    bit('soft<1>', 5, 'soft: unused'),
    bit('PRESENT', 4, 'soft: present'),
    field('sz', 3, 0, 'page size: 0 is 8K, 3 is 4M'),
  ];
}

/** The fields of entries, named as in the manuals; software's as the kernel uses them. */
export function entryLayouts(chip: Chip): readonly EntryLayout[] {
  const isSun4u = machineOf(chip) === 'sun4u';
  const spitfire = chip.tlbType === 'spitfire';
  const top = isSun4u ? (spitfire ? 40 : 42) : 55;
  const leaf = (level: 'pud' | 'pmd' | 'pte'): EntryLayout => {
    const address = ADDRESS[level](top);
    return { levels: [level], kind: 'leaf', fields: isSun4u ? sun4u(address, spitfire) : sun4v(address, chip.mcde) };
  };
  return [
    {
      levels: ['pgd', 'pud', 'pmd'],
      kind: 'table',
      fields: [field('table', top, 13, 'page number of the table; there are no flags')],
    },
    leaf('pud'),
    leaf('pmd'),
    leaf('pte'),
  ];
}
