import { ENTRY_KIND, entryReading, hex, toU64 } from '@vmemmap/core';
import { readProcesses } from '../processes.ts';
import type { AuditRule } from '../rule.ts';

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
    if (!kernel.arch.capabilities.includes('page-directory-sync')) return;
    const { ops, tables } = kernel.context;
    const { walker, initMm, pageTable } = ops;
    const top = pageTable?.format.levels[0];
    if (top === undefined || walker.readEntry === undefined) return;
    const first = Number((window.start >> BigInt(top.shift)) & ((1n << BigInt(top.indexBits)) - 1n));
    const last = first + Math.floor((Number(window.end - window.start) - 1) / 2 ** top.shift);
    const bytes = 8 * 2 ** top.indexBits;
    const [init, other] = [entryReading(), entryReading()];
    for (const { pid, comm, root } of readProcesses(kernel.facts, kernel.memory) ?? []) {
      const slot = root < 0 ? -1 : tables.findTable(root, bytes);
      if (slot < 0) {
        found({
          what: `the root table of ${comm} (pid ${pid}) is not in memory`,
          expected: 'a table',
          found: root < 0 ? 'an address that is not mapped' : hex(root),
        });
        continue;
      }
      const own = tables.base[tables.find(initMm.root)]!;
      for (let index = first; index <= last; index++) {
        const at = (base: number): [number, number] => [
          tables.lanes[base + 2 * index]!,
          tables.lanes[base + 2 * index + 1]!,
        ];
        const [ours, theirs] = [at(own), at(tables.base[slot]!)];
        walker.readEntry(0, ...ours, init);
        walker.readEntry(0, ...theirs, other);
        const maps = init.kind === ENTRY_KIND.table || init.kind === ENTRY_KIND.leaf;
        if (init.kind === other.kind && !maps) continue;
        if (init.kind === other.kind && init.address === other.address && init.access === other.access) continue;
        const offset = (index - first) * map.sizes[0]! - Number(window.start % BigInt(map.sizes[0]!));
        found({
          what: `${comm} (pid ${pid}) has another top-level entry than init_mm`,
          va: audit.va(offset),
          bytes: map.sizes[0]!,
          pfn: Math.max(0, audit.pfn(offset)),
          entry: audit.entry(0, 'table', ...theirs, root + 8 * index),
          expected: audit.entry(0, 'table', ...ours, 0).text,
          found: toU64(...theirs) === 0n ? 'nothing' : `${KINDS[other.kind]} at ${hex(other.address)}`,
        });
      }
    }
  },
};

/** What processes see. */
export const processes: readonly AuditRule[] = [SYNC_1];
