import type { EntryField, EntryLayout } from '@vmemmap/core';
import type { Arm64Config } from './config.ts';
import { tableLevels } from './levels.ts';

const bit = (name: string, at: number, about: string): EntryField => ({ name, low: at, high: at, about });
const bits = (name: string, high: number, low: number, about: string): EntryField => ({ name, low, high, about });

/** Bits of the address above those in their place: too few to be told from a number by their width. */
const high = (...field: Parameters<typeof bits>): EntryField => ({ ...bits(...field), address: true });

/** The address, which with 52 bits lies in two places. */
function address(config: Arm64Config, name: string, lowest: number, what: string): readonly EntryField[] {
  const { pageSize, paBits, lpa2 } = config;
  if (lpa2)
    return [bits(`${name}[49:${lowest}]`, 49, lowest, what), high(`${name}[51:50]`, 9, 8, `${what}, bits 51:50`)];
  if (pageSize !== 65536 || paBits === 48) return [bits(`${name}[47:${lowest}]`, 47, lowest, what)];
  return [
    bits('RES0', 49, 48, 'reserved; the kernel leaves bits 49:48 of the address here, too'),
    bits(`${name}[47:${lowest}]`, 47, lowest, what),
    high(`${name}[51:48]`, 15, 12, `${what}, bits 51:48`),
  ];
}

/** Upper attributes of blocks and pages, and the kernel's software bits. */
const UPPER: readonly EntryField[] = [
  bits('PBHA', 62, 59, 'page-based hardware attributes; 62:60 are POIndex with permission overlays'),
  bit('UFFD_WP', 58, 'kernel: write-protected by userfaultfd'),
  bit('SW57', 57, 'kernel: device memory (6.12), now free'),
  bit('SPECIAL', 56, 'kernel: no struct page'),
  bit('DIRTY', 55, 'kernel: dirty'),
  bit('UXN', 54, 'EL0 must not execute'),
  bit('PXN', 53, 'EL1 must not execute'),
  bit('Contiguous', 52, 'one of a set of entries that the TLB may hold as one'),
  bit('DBM', 51, 'dirty bit modifier; kernel: writable'),
  bit('GP', 50, 'guarded: branch target identification'),
];
const NT = bit('nT', 16, 'block translation entry');
const LOWER: readonly EntryField[] = [
  bit('nG', 11, 'not global: belongs to an address space'),
  bit('AF', 10, 'access flag'),
];
const SH = bits('SH', 9, 8, 'shareability: 3 is inner shareable');
const LOWEST: readonly EntryField[] = [
  bit('AP[2]', 7, 'read-only'),
  bit('AP[1]', 6, 'EL0 may access'),
  bit('NS', 5, 'non-secure'),
  bits('AttrIndx', 4, 2, 'memory type by its number in MAIR_EL1: 0 is Normal'),
];
const VALID = bit('Valid', 0, 'valid');

// A table entry's own attributes. The CPU ignores bit 11; KPTI sets it when it rewrites the kernel's tables.
const TABLE_UPPER: readonly EntryField[] = [
  bit('NSTable', 63, 'non-secure from here on'),
  bits('APTable', 62, 61, 'rights that all below loses: 2 writing, 1 EL0'),
  bit('UXNTable', 60, 'EL0 must not execute anything below'),
  bit('PXNTable', 59, 'EL1 must not execute anything below'),
];
const TABLE_LOWER: readonly EntryField[] = [
  bit('nG', 11, 'kernel: seen by the rewriting for KPTI; the CPU ignores it'),
  bit('AF', 10, 'access flag of the table (FEAT_HAFT)'),
];

/** Fields in the order of their bits. */
function descending(fields: readonly EntryField[]): readonly EntryField[] {
  return [...fields].sort((a, b) => b.high - a.high);
}

/**
 * The fields of the entries, named as in DDI 0487 sec. D8.3.1 "VMSAv8-64 descriptor formats". Where addresses lie depends
 * on page size and address bits, which levels there are, too. Blocks are made with 4K pages only.
 */
export function entryLayouts(config: Arm64Config): readonly EntryLayout[] {
  const levels = tableLevels(config);
  const pageShift = Math.log2(config.pageSize);
  const share = config.lpa2 ? [] : [SH];
  const leaf = (level: string, lowest: number, name: string, own: readonly EntryField[]): EntryLayout => ({
    levels: [level],
    kind: 'leaf',
    fields: descending([
      ...UPPER,
      ...address(config, 'OA', lowest, name),
      ...own,
      ...LOWER,
      ...share,
      ...LOWEST,
      VALID,
    ]),
  });
  const pmd = levels.at(-2)!;
  const page = leaf('pte', pageShift, 'address of the page', [
    bit('Page', 1, 'a page; without it the entry is reserved'),
  ]);
  const table: EntryLayout = {
    levels: levels.slice(0, -1).map(({ name }) => name),
    kind: 'table',
    fields: descending([
      ...TABLE_UPPER,
      ...address(config, 'NLTA', pageShift, 'address of the next level table'),
      ...TABLE_LOWER,
      bit('Table', 1, 'points to a table'),
      VALID,
    ]),
  };
  if (pageShift !== 12) return [table, page];
  return [table, leaf(pmd.name, pmd.shift, 'address of the block', [NT]), page];
}
