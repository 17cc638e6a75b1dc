import { type Machine, pageSize } from '@vmemmap/core';
import { type BasePage, basePages } from './base-pages.ts';
import type { Subject } from './subject.ts';

/** HugeTLB pages of one size on a machine that can optimise them. */
export interface HugetlbMachine {
  readonly machine: Machine;
  /** Bytes of a huge page. */
  readonly size: number;
  /** Physical addresses of huge pages that nothing else is in. */
  readonly starts: readonly number[];
}

const COUNT = 2;

/** A machine with RAM for huge pages of the smallest size that can be optimised there. Undefined where none can. */
export function hugetlbMachine(subject: Subject, release: string): HugetlbMachine | undefined {
  const probe = subject.fresh({ release });
  const size = probe.hugetlb.sizes.find(({ inert }) => inert === undefined)?.size;
  if (size === undefined) return undefined;
  const starts = Array.from({ length: COUNT }, (_, n) => (n + 1) * size);
  return { machine: machineWith(subject, release, size, starts), size, starts };
}

/** The same with gigantic pages of the command line. Undefined where none can be optimised from the start. */
export function preinitMachine(subject: Subject, release: string): HugetlbMachine | undefined {
  const { maxPageOrder, pageShift } = subject.arch.model;
  const probe = subject.fresh({ release });
  const size = probe.hugetlb.sizes.find(
    (candidate) => candidate.inert === undefined && candidate.size > 2 ** (maxPageOrder + pageShift),
  )?.size;
  if (size === undefined) return undefined;
  // Above what low zones end at, so that each lies in one.
  const first = Math.ceil(Math.max(size, ...(subject.arch.zoneLimits ?? [])) / size) * size;
  const starts = Array.from({ length: COUNT }, (_, n) => first + n * size);
  return { machine: machineWith(subject, release, size, starts, true), size, starts };
}

/** The pages of struct pages of the huge page at a physical address. */
export function hugePageMemmap(machine: Machine, start: number, size: number): readonly BasePage[] {
  const { structPageSize } = machine.model;
  const from = machine.offsetOfPage(start / pageSize(machine.model));
  return basePages(machine, { start: from, end: from + (size / pageSize(machine.model)) * structPageSize });
}

// RAM from 0 to beyond the huge pages, and as much as other clauses have after them.
function machineWith(
  subject: Subject,
  release: string,
  size: number,
  starts: readonly number[],
  atBoot = false,
): Machine {
  const { geometry } = subject;
  const [low] = geometry.memory('one-node').ranges;
  const last = starts.at(-1)! + size;
  const end = Math.ceil((last + low!.end) / geometry.sectionBytes) * geometry.sectionBytes;
  return subject.fresh({
    release,
    memory: { ranges: [{ node: 0, start: 0, end }] },
    memblock: { reserved: starts.map((start) => [start, start + size] as const) },
    ...(atBoot && { bootHugePages: starts.map((start) => ({ start, size })) }),
  });
}
