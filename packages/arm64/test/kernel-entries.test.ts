import { arm64 } from '@vmemmap/arm64';
import { mountKernelEntries } from '@vmemmap/conformance/entries';
import { describe, it } from 'vitest';

const K16 = 16384;
const K64 = 65536;
/** UXNTable, AF, Table and Valid. */
const TABLE = '0x1000000000000403';
/** With nG, which the rewriting at boot sets in every entry. */
const KPTI_TABLE = '0x1000000000000c03';
/** Before the access flag of tables. */
const TABLE_612 = '0x1000000000000003';

mountKernelEntries({ describe, it }, arm64, {
  walks: [
    { what: 'LPA2', walk: [TABLE, TABLE, TABLE, '0x00e8000000000401'] },
    { what: 'LPA2', release: '7.3', walk: [TABLE, TABLE, TABLE, '0x00e8000000000401'] },
    { what: '52 bits without LPA2', config: { lpa2: false }, walk: [TABLE, TABLE, '0x00e8000000000701'] },
    { what: '48 bits', config: { vaBits: 48 }, walk: [TABLE, TABLE, '0x00e8000000000701'] },
    { what: '39 bits', config: { vaBits: 39 }, walk: [TABLE, '0x00e8000000000701'] },
    { what: '16K pages, LPA2', config: { pageSize: K16 }, walk: [TABLE, TABLE, TABLE, '0x00e8000000000403'] },
    {
      what: '16K pages without LPA2',
      config: { pageSize: K16, lpa2: false },
      walk: [TABLE, TABLE, '0x00e8000000000703'],
    },
    { what: '16K pages, 36 bits', config: { pageSize: K16, vaBits: 36 }, walk: [TABLE, '0x00e8000000000703'] },
    { what: '64K pages, 52 bits', config: { pageSize: K64 }, walk: [TABLE, TABLE, '0x00e8000000000703'] },
    {
      what: '64K pages, 48 bits of PA',
      config: { pageSize: K64, paBits: 48 },
      walk: [TABLE, TABLE, '0x00e8000000000703'],
    },
    { what: 'no HAFT', config: { haft: false }, walk: [TABLE, TABLE, TABLE, '0x00e8000000000401'] },
    {
      what: 'KPTI: the rewriting marks pointers to tables, too',
      config: { kpti: true },
      walk: [KPTI_TABLE, KPTI_TABLE, KPTI_TABLE, '0x00e8000000000c01'],
    },
    { what: 'KPTI without LPA2', config: { kpti: true, vaBits: 39 }, walk: [KPTI_TABLE, '0x00e8000000000f01'] },
    {
      what: 'KPTI, 16K pages, 36 bits',
      config: { kpti: true, pageSize: K16, vaBits: 36 },
      walk: [KPTI_TABLE, '0x00e8000000000f03'],
    },
    {
      what: 'KPTI from the start',
      config: { kpti: true, ngMappings: 'early' },
      walk: [TABLE, TABLE, TABLE, '0x00e8000000000c01'],
    },
    {
      what: 'KPTI from the start, 64K pages',
      config: { kpti: true, ngMappings: 'early', pageSize: K64 },
      walk: [TABLE, TABLE, '0x00e8000000000f03'],
    },
    {
      what: 'tables have no access flag, blocks are not dirty',
      release: '6.12',
      walk: [TABLE_612, TABLE_612, TABLE_612, '0x0068000000000401'],
    },
    { what: '48 bits', config: { vaBits: 48 }, release: '6.12', walk: [TABLE_612, TABLE_612, '0x0068000000000701'] },
    {
      what: 'base pages are dirty',
      config: { pageSize: K16 },
      release: '6.12',
      walk: [TABLE_612, TABLE_612, TABLE_612, '0x00e8000000000403'],
    },
    {
      what: 'KPTI without LPA2',
      config: { vaBits: 39, kpti: true },
      release: '6.12',
      walk: ['0x1000000000000803', '0x0068000000000f01'],
    },
    {
      what: 'added after KPTI has rewritten the others: below tables of boot',
      config: { kpti: true },
      of: 'added',
      walk: [KPTI_TABLE, KPTI_TABLE, KPTI_TABLE, '0x00e8000000000c01'],
    },
  ],
  entries: [
    { what: '51:50 in bits 9:8', level: 'pte', kind: 'leaf', pa: 0xf_edcb_a987_6000, entry: '0x00ebedcba9876703' },
    { what: '51:50 in bits 9:8', level: 'pmd', kind: 'table', pa: 0xf_edcb_a987_6000, entry: '0x1003edcba9876703' },
    { what: '51:50 in bits 9:8', level: 'pmd', kind: 'leaf', pa: 0x8_0000_0020_0000, entry: '0x00e8000000200601' },
    {
      what: '51:50 in bits 9:8',
      config: { pageSize: K16 },
      level: 'pte',
      kind: 'leaf',
      pa: 0xf_edcb_a987_4000,
      entry: '0x00ebedcba9874703',
    },
    {
      what: '51:48 in bits 15:12',
      config: { pageSize: K64 },
      level: 'pte',
      kind: 'leaf',
      pa: 0xf_edcb_a987_0000,
      entry: '0x00ebedcba987f703',
    },
    {
      what: '51:48 in bits 15:12',
      config: { pageSize: K64 },
      level: 'pte',
      kind: 'leaf',
      pa: 0x5_0000_0001_0000,
      entry: '0x00e9000000015703',
    },
    {
      what: '51:48 in bits 15:12',
      config: { pageSize: K64 },
      level: 'pmd',
      kind: 'table',
      pa: 0xf_edcb_a987_0000,
      entry: '0x1003edcba987f403',
    },
    {
      what: '48 bits, in place',
      config: { vaBits: 48 },
      level: 'pte',
      kind: 'leaf',
      pa: 0xedcb_a987_6000,
      entry: '0x00e8edcba9876703',
    },
    {
      what: '48 bits, in place',
      config: { vaBits: 48 },
      level: 'pmd',
      kind: 'table',
      pa: 0xedcb_a987_6000,
      entry: '0x1000edcba9876403',
    },
    {
      what: '48 bits, in place',
      config: { pageSize: K64, paBits: 48 },
      level: 'pte',
      kind: 'leaf',
      pa: 0xedcb_a987_0000,
      entry: '0x00e8edcba9870703',
    },
  ],
});
