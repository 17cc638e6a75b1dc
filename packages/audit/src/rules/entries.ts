import { hex, hex64 } from '@vmemmap/core';
import type { AuditContext } from '../audit-context.ts';
import type { AuditRule } from '../rule.ts';
import type { OddEntry } from '../window-map.ts';

const KINDS: readonly (Pick<AuditRule, 'id' | 'severity' | 'title' | 'why' | 'advice'> & {
  readonly kind: OddEntry['kind'];
  readonly what: string;
  readonly expected: string;
})[] = [
  {
    id: 'ENT-1',
    kind: 'reserved',
    severity: 'error',
    title: 'no entry has a bit that is reserved',
    why: 'the CPU faults on the first access through it, whatever else it says',
    advice: 'keep the dump; memory was overwritten, or it is broken: look for what lies beside the table',
    what: 'an entry has bits that are reserved, and faults',
    expected: 'bits that the architecture defines',
  },
  {
    id: 'ENT-2',
    kind: 'table-twice',
    severity: 'error',
    title: 'each table is pointed to once',
    why: 'mm/sparse-vmemmap.c:vmemmap_pmd_populate and its like make a table for each entry; two entries with one table map two places at once, and freeing one takes both',
    advice: 'keep the dump; the entry was overwritten, or a table was freed while it was in use',
    what: 'two entries point to one table, or a table points to one above it',
    expected: 'a table of its own',
  },
  {
    id: 'ENT-3',
    kind: 'table-missing',
    severity: 'error',
    title: 'each table lies in RAM',
    why: 'tables come from vmemmap_alloc_block() (mm/sparse-vmemmap.c), which hands out RAM',
    advice: 'is the dump complete? If it is, the entry was overwritten',
    what: 'an entry points to a table outside of the memory that the dump has',
    expected: 'a table in RAM',
  },
  {
    id: 'ENT-4',
    kind: 'not-present',
    severity: 'error',
    title: 'an entry is empty, a table or a leaf',
    why: 'p?d_none() is false, so vmemmap_populate() takes the range for populated and leaves it as it is (mm/sparse-vmemmap.c:vmemmap_pte_populate), and it maps nothing',
    advice: 'keep the dump; the entry was cleared in part, or overwritten',
    what: 'an entry is not empty and maps nothing',
    expected: 'an empty entry, or one that is present',
  },
];

/** What no sound table has. */
export const entries: readonly AuditRule[] = KINDS.map(({ kind, what, expected, ...rule }) => ({
  ...rule,
  check(audit: AuditContext, found) {
    for (const odd of audit.map.odd) {
      if (odd.kind !== kind) continue;
      found({
        what,
        va: audit.va(odd.offset),
        bytes: audit.map.sizes[odd.level]!,
        pfn: Math.max(0, audit.pfn(odd.offset)),
        entry: audit.entry(odd.level, 'table', odd.lo, odd.hi, odd.table + 8 * odd.index),
        expected,
        found: odd.fault === '' ? `it points to ${hex(odd.address)}` : `${odd.fault} (${hex64(BigInt(odd.address))})`,
      });
    }
  },
}));
