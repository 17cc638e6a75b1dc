import type { PopulateContext } from '@vmemmap/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RadixFormat } from '../src/format.ts';
import { TableAllocator } from '../src/table-allocator.ts';

const PAGE = 65536;
const FIRST = 16 * PAGE;
const [PUD, PMD, PTE] = [1, 2, 3];
/** Tables of 64, 4 KiB, 4 KiB and 256 bytes, as with 64K pages. */
const format = { levels: [13, 9, 9, 5].map((indexBits) => ({ indexBits })) } as unknown as RadixFormat;

let pages: number;
let freed: string[];
let reserved: Set<number>;
let nodes: number[];
let tables: TableAllocator;

const context = {
  model: { pageShift: 16 },
  memory: { nodes: [7] },
  events: {
    stop: (...facts: string[]) => {
      throw new Error(facts.join(' '));
    },
  },
  allocPages: (size: number, node: number) => {
    expect(size).toBe(PAGE);
    if (pages === 0) return -1;
    nodes.push(node);
    return FIRST + PAGE * --pages;
  },
  freePages: (pa: number, size: number) => {
    freed.push(`${(pa - FIRST) / PAGE} ${size}`);
  },
  isReserved: (pa: number) => reserved.has(pa),
} as unknown as PopulateContext;

beforeEach(() => {
  pages = 8;
  freed = [];
  nodes = [];
  reserved = new Set();
  tables = new TableAllocator(context, format);
});

const alloc = (level: number, count: number): number[] =>
  Array.from({ length: count }, () => tables.allocTable(level, 3));

describe('at boot', () => {
  it('each table takes a page of the node that is asked for, and gives it back', () => {
    expect(alloc(PUD, 2)).toEqual([FIRST + 7 * PAGE, FIRST + 6 * PAGE]);
    expect(nodes).toEqual([3, 3]);
    tables.freeTable(PUD, FIRST + 7 * PAGE);
    expect(freed).toEqual([`7 ${PAGE}`]);
  });

  it('the kernel stops when there is none', () => {
    pages = 0;
    expect(() => alloc(PTE, 1)).toThrow(
      /^panic early-alloc-pgtable .*early_alloc_pgtable Failed to allocate 65536 bytes align=0x10000 nid=3$/,
    );
  });

  it('the first page there is may lie at 0', () => {
    const low = new TableAllocator({ ...context, allocPages: () => 0 } as unknown as PopulateContext, format);
    expect(low.allocTable(PUD, 0)).toBe(0);
  });
});

describe('afterwards', () => {
  beforeEach(() => tables.endBoot());

  it.each([PUD, PTE])('a page at 0 is a page, too (level %i)', (level) => {
    const low = new TableAllocator({ ...context, allocPages: () => 0 } as unknown as PopulateContext, format);
    low.endBoot();
    expect(low.allocTable(level, 0)).toBe(0);
  });

  it('a table of boot goes back as the page that it is', () => {
    reserved.add(FIRST);
    for (const level of [PUD, PMD, PTE]) tables.freeTable(level, FIRST);
    expect(freed).toEqual(Array(3).fill(`0 ${PAGE}`));
  });

  it('PUD tables are objects of a page from the first node, upwards, and the one freed last comes first', () => {
    const [a, b, c] = alloc(PUD, 3) as [number, number, number];
    expect([a, b, c]).toEqual([0, 4096, 8192].map((at) => FIRST + 7 * PAGE + at));
    expect(nodes).toEqual([7]);
    tables.freeTable(PUD, a);
    tables.freeTable(PUD, c);
    expect(alloc(PUD, 3)).toEqual([c, a, c + 4096]);
    expect(freed).toEqual([]);
  });

  it('a page whose objects are all free goes back, and none of them is handed out again', () => {
    const first = alloc(PUD, 16);
    const second = alloc(PUD, 2);
    expect(second[0]).toBe(FIRST + 6 * PAGE);
    // Free objects of another page stay.
    tables.freeTable(PUD, second[1]!);
    for (const pa of first) tables.freeTable(PUD, pa);
    expect(freed).toEqual([`7 ${PAGE}`]);
    expect(alloc(PUD, 15)).toEqual(Array.from({ length: 15 }, (_, n) => second[1]! + n * 4096));
    expect(alloc(PUD, 1)).toEqual([FIRST + 5 * PAGE]);
  });

  it('PTE tables are fragments, upwards, and never handed out twice', () => {
    const [a, b] = alloc(PTE, 2) as [number, number];
    expect([a, b]).toEqual([FIRST + 7 * PAGE, FIRST + 7 * PAGE + 256]);
    tables.freeTable(PTE, a);
    tables.freeTable(PTE, b);
    expect(alloc(PTE, 1)).toEqual([b + 256]);
    expect(freed).toEqual([]);
  });

  it('a page goes back once all of its fragments were handed out and are free', () => {
    const all = alloc(PTE, 256);
    expect(alloc(PTE, 1)).toEqual([FIRST + 6 * PAGE]);
    for (const pa of all.slice(1)) tables.freeTable(PTE, pa);
    expect(freed).toEqual([]);
    tables.freeTable(PTE, all[0]!);
    expect(freed).toEqual([`7 ${PAGE}`]);
  });

  it('PMD tables have pages of their own kind', () => {
    expect([tables.allocTable(PMD, 0), tables.allocTable(PTE, 0), tables.allocTable(PUD, 0)]).toEqual(
      [7, 6, 5].map((page) => FIRST + page * PAGE),
    );
    expect(alloc(PMD, 1)).toEqual([FIRST + 7 * PAGE + 4096]);
  });

  it.each([PUD, PMD, PTE])('without memory there is none at level %i, until there is memory again', (level) => {
    pages = 0;
    expect(alloc(level, 2)).toEqual([-1, -1]);
    pages = 1;
    expect(alloc(level, 1)).toEqual([FIRST]);
  });

  it('where one fits a page, each table has its own', () => {
    const small = { ...format, levels: [13, 9, 9, 13].map((indexBits) => ({ indexBits })) } as unknown as RadixFormat;
    tables = new TableAllocator(context, small);
    tables.endBoot();
    expect(alloc(PTE, 2)).toEqual([FIRST + 7 * PAGE, FIRST + 6 * PAGE]);
    tables.freeTable(PTE, FIRST + 7 * PAGE);
    expect(freed).toEqual([`7 ${PAGE}`]);
  });
});
