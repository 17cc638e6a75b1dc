import { ACCESS, hex64, toU64 } from '@vmemmap/core';
import type { AuditContext } from '../audit-context.ts';
import { kernelFlags } from '../kernel-flags.ts';
import type { AuditRule } from '../rule.ts';

/** Numbers of the leaves that HugeTLB pages share for their tails. */
function tails({ compounds }: AuditContext): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const { run, device } of compounds)
    if (!device) for (let n = run.first; n < run.first + run.count; n++) numbers.add(n);
  return numbers;
}

function rights(access: number): string {
  const names = (Object.keys(ACCESS) as (keyof typeof ACCESS)[]).filter((name) => (access & ACCESS[name]) !== 0);
  return names.join(', ') || 'none';
}

const PROT_1: AuditRule = {
  id: 'PROT-1',
  severity: 'error',
  title: 'struct pages cannot be executed',
  why: 'PAGE_KERNEL has no-execute where the CPU has it; memory that can be written and executed is what an attacker looks for (mm/ptdump.c warns about W+X)',
  advice: 'keep the dump: somebody changed the entry',
  check(audit, found) {
    if (!audit.kernel.arch.capabilities.includes('no-execute')) return;
    const { leaves } = audit.map;
    for (let n = 0; n < leaves.count; n++) {
      if ((leaves.access[n]! & ACCESS.execute) === 0) continue;
      found({
        ...audit.leaf(n),
        what: 'struct pages can be executed',
        expected: 'read, write',
        found: rights(leaves.access[n]!),
      });
    }
  },
};

const PROT_2: AuditRule = {
  id: 'PROT-2',
  severity: 'error',
  title: 'user mode cannot reach struct pages',
  why: 'PAGE_KERNEL is for the kernel alone; a process that writes struct pages owns the machine',
  advice: 'keep the dump: somebody changed the entry',
  check(audit, found) {
    const { leaves } = audit.map;
    for (let n = 0; n < leaves.count; n++) {
      if ((leaves.access[n]! & ACCESS.user) === 0) continue;
      found({
        ...audit.leaf(n),
        what: 'user mode can reach struct pages',
        expected: 'the kernel alone',
        found: rights(leaves.access[n]!),
      });
    }
  },
};

const PROT_3: AuditRule = {
  id: 'PROT-3',
  severity: 'error',
  title: 'struct pages can be written, but for tails that are shared',
  why: 'include/linux/mm.h:get_page is a write to a struct page: the kernel oopses on one that it may only read',
  advice: 'keep the dump: the entry was changed, or HVO write-protected a page too many',
  check(audit, found) {
    const { leaves } = audit.map;
    const shared = tails(audit);
    for (let n = 0; n < leaves.count; n++) {
      if ((leaves.access[n]! & ACCESS.write) !== 0 || shared.has(n)) continue;
      found({
        ...audit.leaf(n),
        what: 'struct pages of their own can only be read',
        expected: 'read, write',
        found: rights(leaves.access[n]!),
      });
    }
  },
};

const PROT_4: AuditRule = {
  id: 'PROT-4',
  severity: 'warning',
  title: 'shared tails can only be read, where the kernel makes them so',
  why: 'mm/hugetlb_vmemmap.c:vmemmap_remap_pte maps them with PAGE_KERNEL_RO, "to catch invalid modifications"; riscv has no such protection',
  advice: 'a stray write to one tail changes the tails of all HugeTLB pages of that size: keep the dump',
  check(audit, found) {
    if (audit.kernel.context.ops.pageTable?.format.makeReadOnlyLeaf === undefined) return;
    const { leaves } = audit.map;
    for (const n of tails(audit)) {
      if ((leaves.access[n]! & ACCESS.write) === 0) continue;
      found({
        ...audit.leaf(n),
        what: 'a shared tail page can be written',
        expected: 'read',
        found: rights(leaves.access[n]!),
      });
    }
  },
};

const PROT_5: AuditRule = {
  id: 'PROT-5',
  severity: 'warning',
  title: 'each entry is one that the kernel writes',
  why: 'PAGE_KERNEL as the architecture has it, and what HVO makes of it: any other bit was set by somebody else, or the configuration is another one',
  advice:
    'is the configuration right (`--config`)? If it is, look who changes kernel mappings: set_memory_*(), a driver, a bit flip',
  check(audit, found) {
    const { leaves } = audit.map;
    const known = kernelFlags(audit.kernel.context);
    for (let n = 0; n < leaves.count; n++) {
      const level = leaves.level[n]!;
      const flags = toU64(leaves.flagsLo[n]!, leaves.flagsHi[n]!);
      const of = known[level] ?? [];
      if (of.length === 0 || of.includes(flags)) continue;
      found({
        ...audit.leaf(n),
        what: 'an entry has bits that the kernel does not set there, or lacks some that it sets',
        expected: of
          .map((flag) => audit.entry(level, 'leaf', Number(flag & 0xffffffffn) | 0, Number(flag >> 32n) | 0, 0).text)
          .join(' or '),
        found: `${hex64(flags)} beside the address`,
      });
    }
  },
};

/** Who may do what with struct pages. */
export const protection: readonly AuditRule[] = [PROT_1, PROT_2, PROT_3, PROT_4, PROT_5];
