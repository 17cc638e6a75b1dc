import type { ByteOrder } from '../src/index.ts';

/** Bytes of a page of the machines of the tests. */
export const PAGE = 4096;

/** A small machine: a few pages of memory here and there, each with bytes of its own. */
export interface Machine {
  readonly byteOrder: ByteOrder;
  /** By page frame number; those of `left` are in no dump. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
}

/** Bytes that differ from page to page and can be compressed; every fourth page is zero, every fifth has noise. */
function pageOf(pfn: number): Uint8Array {
  const page = new Uint8Array(PAGE);
  if (pfn % 4 === 3) return page;
  let state = (pfn + 1) * 2654435761;
  for (let i = 0; i < PAGE; i++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    page[i] = pfn % 5 === 4 ? state >>> 24 : (pfn + (i >> 6)) & 255;
  }
  return page;
}

/** A machine with these pages. */
export function machineOf(pfns: readonly number[], byteOrder: ByteOrder = 'little'): Machine {
  return { byteOrder, pages: new Map(pfns.map((pfn) => [pfn, pageOf(pfn)])) };
}

/** Runs of page frames: first and number. */
export function runsOf(pfns: readonly number[]): [first: number, count: number][] {
  const runs: [number, number][] = [];
  for (const pfn of [...pfns].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === pfn) last[1]++;
    else runs.push([pfn, 1]);
  }
  return runs;
}

/** VMCOREINFO as a small kernel writes it. */
export const VMCOREINFO_TEXT = `OSRELEASE=7.2.13-test
BUILD-ID=f8da1e460d13
PAGESIZE=4096
SYMBOL(swapper_pg_dir)=ffffffff83014000
SYMBOL(vmemmap)=ffffffff833a3a00
SIZE(page)=64
OFFSET(page.compound_info)=8
LENGTH(zone.free_area)=11
NUMBER(phys_base)=-16777216
NUMBER(VMEMMAP_START)=0xffd4000000000000
CONFIG_SPARSEMEM_VMEMMAP=y
`;
