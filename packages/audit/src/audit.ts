import { pageSize, RangeSet } from '@vmemmap/core';
import { AuditContext } from './audit-context.ts';
import type { Finding, Severity } from './finding.ts';
import type { DumpKernel } from './kernel.ts';
import type { AuditRule } from './rule.ts';
import { rules } from './rules/rules.ts';

/** What the memmap costs. All in bytes. */
export interface AuditCost {
  /** RAM of the sections that have struct pages. */
  readonly ram: number;
  /** Memory behind struct pages; what several leaves share counts once. */
  readonly structPages: number;
  /** Page tables of the window. */
  readonly tables: number;
  /** What is mapped beyond the struct pages of sections that are there. */
  readonly waste: number;
  /** What compound pages save by sharing their tails. */
  readonly saved: number;
}

/** A stretch of the window for a picture, all of one kind. */
export interface Stretch {
  /** Offset into the window of the first byte. */
  readonly offset: number;
  /** Bytes. */
  readonly bytes: number;
  /** How it is mapped: by huge pages, by base pages, by shared tails, or not at all though struct pages belong there. */
  readonly kind: 'huge' | 'base' | 'shared' | 'missing';
}

/** How much an audit looked at. */
export interface Looked {
  /** Sections that are present. */
  readonly sections: number;
  /** Tables that map a part of the window. */
  readonly tables: number;
  /** Leaves. */
  readonly leaves: number;
  /** Rules. */
  readonly rules: number;
}

/** What an audit found. */
export interface AuditReport {
  /** What was audited, and how it is known. */
  readonly kernel: DumpKernel;
  /** Findings, the worst first, then by rule and address. */
  readonly findings: readonly Finding[];
  /** How many there are of each severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** How much was looked at. */
  readonly looked: Looked;
  /** What the memmap costs. */
  readonly cost: AuditCost;
  /** The window from its first struct page to its last. */
  readonly picture: readonly Stretch[];
}

/** Findings of one rule that are kept one by one; the rest is counted. */
const MOST = 1000;

/**
 * Looks at the memory map of a dump's kernel and says what is wrong with it.
 * @param only ids of rules to look at; default: all
 */
export function audit(kernel: DumpKernel, only: readonly AuditRule[] = rules): AuditReport {
  const context = new AuditContext(kernel);
  const findings = only.flatMap((rule) => findingsOf(rule, context));
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { severity, count } of findings) counts[severity] += count;
  const rank = { error: 0, warning: 1, note: 2 };
  const { map } = context;
  return {
    kernel,
    findings: findings.sort((a, b) => rank[a.severity] - rank[b.severity]),
    counts,
    looked: {
      sections: kernel.sections.length,
      tables: map.tables.length,
      leaves: map.leaves.count,
      rules: only.length,
    },
    cost: costOf(context),
    picture: pictureOf(context),
  };
}

// What follows on what is before it, and says the same of it, is one finding.
function findingsOf(rule: AuditRule, context: AuditContext): Finding[] {
  const findings: { -readonly [K in keyof Finding]: Finding[K] }[] = [];
  rule.check(context, ({ count = 1, severity = rule.severity, ...found }) => {
    const before = findings.at(-1);
    const follows =
      before !== undefined &&
      before.severity === severity &&
      before.what === found.what &&
      before.expected === found.expected &&
      before.va !== undefined &&
      before.va + BigInt(before.bytes ?? 0) === found.va;
    if (follows || findings.length >= MOST) {
      const last = before as (typeof findings)[number];
      last.count += count;
      if (follows) last.bytes = (last.bytes ?? 0) + (found.bytes ?? 0);
      return;
    }
    findings.push({ rule: rule.id, severity, count, ...found });
  });
  return findings;
}

function costOf({ map, model, kernel, described, compounds }: AuditContext): AuditCost {
  const { leaves, sizes, tables } = map;
  const seen = new RangeSet();
  let mapped = 0;
  for (let n = 0; n < leaves.count; n++) {
    const size = sizes[leaves.level[n]!]!;
    seen.add(leaves.pa[n]!, leaves.pa[n]! + size);
    mapped += size;
  }
  let needed = 0;
  for (const { start, end } of described) needed += end - start;
  const format = kernel.context.ops.pageTable?.format;
  const page = pageSize(model);
  let tableBytes = 0;
  for (const { level } of tables) tableBytes += Math.max(page, 8 * 2 ** (format?.levels[level]?.indexBits ?? 0));
  return {
    ram: (needed / model.structPageSize) * page,
    structPages: seen.size,
    tables: tableBytes,
    waste: Math.max(0, mapped - needed),
    saved: compounds.reduce((sum, { saved }) => sum + saved, 0),
  };
}

function pictureOf({ map, described, compounds }: AuditContext): readonly Stretch[] {
  const { leaves, sizes } = map;
  const shared = new Set(compounds.flatMap(({ run }) => Array.from({ length: run.count }, (_, n) => run.first + n)));
  const smallest = Math.min(...sizes);
  const stretches: { offset: number; bytes: number; kind: Stretch['kind'] }[] = [];
  const add = (offset: number, bytes: number, kind: Stretch['kind']): void => {
    const before = stretches.at(-1);
    if (before !== undefined && before.kind === kind && before.offset + before.bytes === offset) before.bytes += bytes;
    else stretches.push({ offset, bytes, kind });
  };
  for (let n = 0; n < leaves.count; n++) {
    const size = sizes[leaves.level[n]!]!;
    add(leaves.offset[n]!, size, shared.has(n) ? 'shared' : size > smallest ? 'huge' : 'base');
  }
  // What belongs to a section and is not mapped.
  const holes: Stretch[] = [];
  for (const { start, end } of described) {
    let at = start;
    for (let n = leaves.firstAt(start, sizes); at < end; n++) {
      const from = n < leaves.count ? Math.min(leaves.offset[n]!, end) : end;
      if (from > at) holes.push({ offset: at, bytes: from - at, kind: 'missing' });
      if (n >= leaves.count) break;
      at = Math.max(at, leaves.offset[n]! + sizes[leaves.level[n]!]!);
    }
  }
  return [...stretches, ...holes].sort((a, b) => a.offset - b.offset);
}
