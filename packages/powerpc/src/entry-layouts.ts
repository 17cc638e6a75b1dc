import type { EntryField, EntryLayout } from '@vmemmap/core';
import type { PowerpcConfig } from './config.ts';
import { HPTE_R, HPTE_V } from './hash-levels.ts';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });

/**
 * Entries of radix trees, named as in Power ISA 3.0B Book III sec. 5.7.10. The manual counts bits from the most
 * significant, here bit 0 is the least.
 */
const RADIX: readonly EntryLayout[] = [
  {
    levels: ['pgd', 'pud', 'pmd'],
    kind: 'table',
    fields: [
      bit('V', 63, 'valid'),
      bit('L', 62, 'leaf'),
      { name: 'NLB', low: 8, high: 59, about: 'next level base: address of the table, in units of 256 bytes' },
      { name: 'NLS', low: 0, high: 4, about: 'next level size: index bits of that table' },
    ],
  },
  {
    levels: ['pud', 'pmd', 'pte'],
    kind: 'leaf',
    fields: [
      bit('V', 63, 'valid'),
      bit('L', 62, 'leaf'),
      bit('SW0', 61, 'kernel: invalid for the hardware, while a huge page is split'),
      { name: 'RPN', low: 12, high: 56, about: 'real page number, in units of 4 KiB' },
      bit('SW1', 11, 'kernel: software bit'),
      bit('SW2', 10, 'kernel: special'),
      bit('SW3', 9, 'kernel: soft-dirty'),
      bit('R', 8, 'referenced'),
      bit('C', 7, 'changed'),
      { name: 'ATT', low: 4, high: 5, about: 'attributes: 0 memory, 1 SAO, 2 non-idempotent I/O, 3 tolerant I/O' },
      bit('PRIV', 3, 'EAA 0: privileged access only'),
      bit('READ', 2, 'EAA 1: may be read'),
      bit('RW', 1, 'EAA 2: may be read and written'),
      bit('EXEC', 0, 'EAA 3: may be executed'),
    ],
  },
];

const V_COMMON: readonly EntryField[] = [
  { name: 'SW', low: 3, high: 6, about: 'kernel: bolted (2), lock (1)' },
  bit('L', 2, 'large page'),
  bit('H', 1, 'found by the secondary hash'),
  bit('V', 0, 'valid'),
];
const R_COMMON: readonly EntryField[] = [
  { name: 'LP', low: 12, high: 19, about: 'large page size, and the low bits of the page number' },
  { name: 'KEY2:4', low: 9, high: 11, about: 'low bits of the storage key' },
  bit('R', 8, 'referenced'),
  bit('C', 7, 'changed'),
  bit('W', 6, 'write-through'),
  bit('I', 5, 'caching inhibited'),
  bit('M', 4, 'memory coherence'),
  bit('G', 3, 'guarded'),
  bit('N', 2, 'no execution'),
  { name: 'PP', low: 0, high: 1, about: 'page protection' },
];
const R_TOP: readonly EntryField[] = [
  bit('PP0', 63, 'page protection, high bit'),
  { name: 'KEY0:1', low: 60, high: 61, about: 'high bits of the storage key' },
];
const B: EntryField = { name: 'B', low: 58, high: 59, about: 'segment size: 0 256 MiB, 1 1 TiB' };

/** Entries of the hashed page table in the format of Power ISA 2.07, which hypervisors are handed too. */
const HASH_2_07: readonly EntryLayout[] = [
  {
    levels: [HPTE_V],
    kind: 'table',
    fields: [
      { ...B, low: 62, high: 63 },
      { name: 'AVA', low: 7, high: 61, about: 'virtual address without its low 23 bits', address: false },
      ...V_COMMON,
    ],
  },
  {
    levels: [HPTE_R],
    kind: 'leaf',
    fields: [...R_TOP, { name: 'ARPN', low: 20, high: 59, about: 'real page number less what LP has' }, ...R_COMMON],
  },
];

/** The same in the format of Power ISA 3.0 (Book III sec. 5.7.9): a shorter AVA, and B in the second doubleword. */
const HASH_3_0: readonly EntryLayout[] = [
  {
    levels: [HPTE_V],
    kind: 'table',
    fields: [
      { name: 'AVA', low: 7, high: 51, about: 'virtual address without its low 23 bits', address: false },
      ...V_COMMON,
    ],
  },
  {
    levels: [HPTE_R],
    kind: 'leaf',
    fields: [...R_TOP, B, { name: 'ARPN', low: 20, high: 56, about: 'real page number less what LP has' }, ...R_COMMON],
  },
];

/** The fields of the entries of a configuration. */
export function entryLayouts(config: PowerpcConfig): readonly EntryLayout[] {
  if (config.mmu === 'radix') return RADIX;
  return config.isa300 && !config.lpar ? HASH_3_0 : HASH_2_07;
}
