import type { DevPagemap } from '../contract/pgmap.ts';
import { ENOMEM, type Errno, OK } from '../errno.ts';
import type { VmemAltmap } from '../memory/altmap.ts';
import { blockRun } from '../memory/block-run.ts';
import type { PageTable } from '../pagetable/page-table.ts';
import { vmemmapPopulateBasepages } from './basepages.ts';
import { vmemmapVerify } from './verify-node.ts';

/** What an architecture may do its own way when a PMD is mapped (the kernel's weak functions). */
export interface PmdHooks {
  /**
   * vmemmap_set_pmd(), for a run of PMDs in one table. It must write the leaves, as {@link PageTable.setLeaves} does.
   * @param addr first byte of the range being populated in the first PMD
   * @param next end of that range in the last PMD; the PMDs at both ends may be covered in part only
   */
  setPmd?(
    slot: number,
    index: number,
    count: number,
    pa: number,
    paStep: number,
    node: number,
    addr: number,
    next: number,
  ): void;

  /**
   * vmemmap_check_pmd(): looks at a PMD that is not empty.
   * @returns true when it is a leaf that covers the range, false to go on with base pages below it
   */
  checkPmd?(slot: number, index: number, node: number, addr: number, next: number): boolean;
}

/**
 * vmemmap_populate_hugepages() (mm/sparse-vmemmap.c): maps `[start, end)` with PMD leaves. A whole PMD is mapped even
 * where only a part is asked for. Without memory for a leaf: base pages, or with an altmap -ENOMEM.
 */
export function vmemmapPopulateHugepages(
  table: PageTable,
  start: number,
  end: number,
  node: number,
  altmap: VmemAltmap | undefined,
  pgmap: DevPagemap | undefined,
  hooks: PmdHooks = {},
): Errno {
  const { m } = table;
  const level = table.format.pmdLevel;
  const pmdSize = table.entrySpan(level);
  const { name } = table.format.levels[level]!;
  const run = blockRun();
  let addr = start;
  while (addr < end) {
    const slot = table.reach(level, addr, node);
    if (slot < 0) return ENOMEM;
    const index = table.index(level, addr);
    const first = table.entryStart(level, addr);
    const inTable = Math.min(table.entries(level) - index, Math.ceil((end - first) / pmdSize));
    const none = table.fresh ? inTable : table.noneRun(level, slot, index, inTable);
    if (none > 0) {
      m.allocBlocks(pmdSize, node, altmap, none, run);
      const { count } = run;
      if (count > 0) {
        const next = Math.min(first + count * pmdSize, end);
        if (hooks.setPmd === undefined) table.setLeaves(level, slot, index, count, run.pa, run.paStep);
        else hooks.setPmd(slot, index, count, run.pa, run.paStep, node, addr, next);
        m.trace?.({ step: 'leaves', level: name, offset: first, count, pa: run.pa, paStep: run.paStep });
        addr = next;
        continue;
      }
      m.trace?.({ step: 'out-of-memory', level: name, offset: addr, size: pmdSize });
      if (altmap !== undefined) return ENOMEM;
    } else if (checkPmd(table, hooks, slot, index, node, addr, Math.min(first + pmdSize, end))) {
      m.trace?.({ step: 'present', level: name, offset: addr, count: 1 });
      addr = Math.min(first + pmdSize, end);
      continue;
    }
    const next = Math.min(first + pmdSize, end);
    if (vmemmapPopulateBasepages(table, addr, next, node, altmap, pgmap) !== OK) return ENOMEM;
    addr = next;
  }
  return OK;
}

// The weak vmemmap_check_pmd(): a leaf is looked at and left alone.
function checkPmd(
  table: PageTable,
  hooks: PmdHooks,
  slot: number,
  index: number,
  node: number,
  addr: number,
  next: number,
): boolean {
  if (hooks.checkPmd !== undefined) return hooks.checkPmd(slot, index, node, addr, next);
  const { m, format } = table;
  const level = format.pmdLevel;
  const word = table.word(slot, index);
  const lanes = m.tables.lanes;
  if (!format.isLeaf(level, lanes[word]!, lanes[word + 1]!)) return false;
  vmemmapVerify(m, format.leafAddress(level, lanes[word]!, lanes[word + 1]!), node, addr, next);
  return true;
}
