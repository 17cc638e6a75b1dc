import { type Machine, pageSize } from '@vmemmap/core';
import { leavesIn } from './leaf.ts';
import type { Stretch } from './memmap.ts';

/** What one page of struct pages is mapped to. */
export interface BasePage {
  /** Offset into the window. */
  readonly offset: number;
  /** Physical address, -1 where nothing is mapped. */
  readonly pa: number;
  /** ACCESS bits. */
  readonly access: number;
}

/** The pages of a stretch one by one, whatever leaves they are mapped by. */
export function basePages(machine: Machine, { start, end }: Stretch): readonly BasePage[] {
  const page = pageSize(machine.model);
  const pages: BasePage[] = [];
  for (const { offset, pa, size, access } of leavesIn(machine, start, end)) {
    const last = Math.min(end, offset + size);
    for (let at = Math.max(start, offset); at < last; at += page) {
      while (pages.length < (at - start) / page) pages.push({ offset: start + pages.length * page, pa: -1, access: 0 });
      pages.push({ offset: at, pa: pa + at - offset, access });
    }
  }
  while (pages.length < (end - start) / page) pages.push({ offset: start + pages.length * page, pa: -1, access: 0 });
  return pages;
}
