import { ENTRY_KIND, entryReading, hex, toU64 } from '@vmemmap/core';
import type { AuditRule } from '../rule.ts';
import { readTopLevel } from '../top-level-entries.ts';

const KINDS = Object.keys(ENTRY_KIND);

const SYNC_1: AuditRule = {
  id: 'SYNC-1',
  severity: 'error',
  title: 'every address space has the top-level entries of init_mm over the vmemmap',
  why: 'arch/x86/mm/init_64.c:sync_global_pgds copies them; a process that lacks one oopses on its first look at such a struct page, as machines with much persistent memory did',
  advice:
    'was memory or a device added after that process was started? Update the kernel; until then restart the process',
  check(audit, found) {
    const { kernel, window, map } = audit;
    const { walker } = kernel.context.ops;
    const top = readTopLevel(kernel);
    if (top === undefined || walker.readEntry === undefined) return;
    const [init, other] = [entryReading(), entryReading()];
    for (const {
      process: { pid, comm, root },
      entries,
    } of top.processes) {
      if (entries === undefined) {
        found({
          what: `the root table of ${comm} (pid ${pid}) is not in memory`,
          expected: 'a table',
          found: root < 0 ? 'an address that is not mapped' : hex(root),
        });
        continue;
      }
      for (const [n, theirs] of entries.entries()) {
        const ours = top.init[n]!;
        walker.readEntry(0, ...ours, init);
        walker.readEntry(0, ...theirs, other);
        const maps = init.kind === ENTRY_KIND.table || init.kind === ENTRY_KIND.leaf;
        if (init.kind === other.kind && !maps) continue;
        if (init.kind === other.kind && init.address === other.address && init.access === other.access) continue;
        const offset = n * map.sizes[0]! - Number(window.start % BigInt(map.sizes[0]!));
        found({
          what: `${comm} (pid ${pid}) has another top-level entry than init_mm`,
          va: audit.va(offset),
          bytes: map.sizes[0]!,
          pfn: Math.max(0, audit.pfn(offset)),
          entry: audit.entry(0, 'table', ...theirs, root + 8 * (top.first + n)),
          expected: audit.entry(0, 'table', ...ours, 0).text,
          found: toU64(...theirs) === 0n ? 'nothing' : `${KINDS[other.kind]} at ${hex(other.address)}`,
        });
      }
    }
  },
};

/** What processes see. */
export const processes: readonly AuditRule[] = [SYNC_1];
