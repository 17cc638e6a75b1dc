import { ENTRY_KIND, entryReading, hex, hex64, toU64, withoutAddress } from '@vmemmap/core';
import type { Subject } from '../subject.ts';
import type { KernelEntry, KernelWalk } from './mount.ts';

/** Holds the entries of a walk against those of the kernel. */
export function checkWalk(subject: Subject, { of = 'boot', failures, walk }: KernelWalk<object>): void {
  const { arch, geometry } = subject;
  const machine = subject.fresh(failures === undefined ? {} : { failures });
  const [range] = machine.memory.ranges;
  let pfn = range!.start / geometry.pageBytes;
  if (of === 'added') {
    pfn = geometry.slots.at(-1)! * geometry.pagesPerSection;
    if (!machine.populateSection(pfn, geometry.pagesPerSection, machine.memory.nodes[0]!))
      throw new Error(`no section can be added at pfn ${hex(pfn)}`);
  }
  const { steps } = machine.translatePage(pfn);
  const found = steps.map(({ level, kind, entry }) =>
    hex64(kind === 'table' || kind === 'leaf' ? withoutAddress(arch.entryLayouts, level, kind, entry) : entry),
  );
  same(
    `the walk to struct page ${hex(pfn)}`,
    found,
    walk.map((entry) => hex64(BigInt(entry))),
  );
}

/** Writes an entry and holds it against the kernel's; then the architecture's walker reads it. */
export function checkEntry(subject: Subject, { level: name, kind, pa, entry }: KernelEntry<object>): void {
  const { ops, levels } = subject.fresh();
  const format = ops.pageTable?.format;
  if (format === undefined) throw new Error('this configuration has no page tables: leave the entry out');
  const level = levels.findIndex((candidate) => candidate.name === name);
  if (level < 0) throw new Error(`there is no level ${name}; there are ${levels.map((each) => each.name).join(', ')}`);
  const out = { lo: 0, hi: 0 };
  if (kind === 'leaf') format.makeLeaf(level, pa, out);
  else format.makeTable(level, pa, out);
  same(`the ${kind} of ${name} for ${hex(pa)}`, [hex64(toU64(out.lo, out.hi))], [hex64(BigInt(entry))]);
  const reading = entryReading();
  ops.walker.readEntry!(level, out.lo | 0, out.hi | 0, reading);
  if (reading.kind !== ENTRY_KIND[kind] || reading.address !== pa)
    throw new Error(
      `the walker reads ${entry} as kind ${reading.kind} at ${hex(reading.address)}, not as ${kind} at ${hex(pa)}`,
    );
}

function same(what: string, found: readonly string[], expected: readonly string[]): void {
  if (found.join() === expected.join()) return;
  throw new Error(`${what} is ${found.join(', ') || 'empty'}, and the kernel's is ${expected.join(', ')}`);
}
