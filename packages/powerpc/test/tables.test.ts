import { describe, expect, it } from 'vitest';
import { GiB, machine } from './machine.ts';

/** Struct pages that a PMD table, and that a PTE table, covers. */
const PMD_TABLE = GiB;
const PUD_TABLE = 512 * GiB;
const PTE_TABLE = 2 ** 21;

/** Addresses of the tables of a level, in the order of what they map. */
const tablesOf = (m: ReturnType<typeof machine>, level: number): number[] =>
  [...m.tables()].filter((table) => table.level === level).map(({ pa }) => pa);

describe('memory for tables', () => {
  it('is a page of its own for each while memblock serves, however small the table', () => {
    for (const pageSize of [4096, 65536]) {
      const failures = [{ source: 'memblock', order: Math.log2(2 ** 21 / pageSize), times: Infinity }] as const;
      const m = machine({ pageSize }, undefined, { failures });
      const below = [1, 2, 3].flatMap((level) => tablesOf(m, level));
      expect(new Set(below).size).toBe(below.length);
      for (const pa of below) expect(pa % pageSize).toBe(0);
      for (const pa of below) expect(m.ram.isReserved(pa)).toBe(true);
    }
  });

  it('has a root of 64 KiB, aligned to it', () => {
    for (const pageSize of [4096, 65536]) {
      const m = machine({ pageSize });
      expect(m.ops.initMm.root % 65536).toBe(0);
      expect(m.levels.map(({ bytes }) => bytes)).toEqual([65536, 4096, 4096, pageSize === 4096 ? 4096 : 256]);
    }
  });

  it('is a page for each at run time with 4K pages', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    for (let n = 1; n <= 3; n++) m.ops.vmemmapPopulate(n * PMD_TABLE, n * PMD_TABLE + 1, 0, undefined, undefined);
    expect(free - m.ram.freeBytes()).toBe(3 * (4096 + 2 ** 21));
  });

  it('is shared by 16 PMD tables with 64K pages, which need not be neighbours', () => {
    const m = machine({ pageSize: 65536 });
    for (let n = 20; n > 3; n--) m.ops.vmemmapPopulate(n * PMD_TABLE, n * PMD_TABLE + 1, 0, undefined, undefined);
    const tables = tablesOf(m, 2).slice(1).reverse();
    const page = tables[0]!;
    expect(tables.slice(0, 16).map((pa) => pa - page)).toEqual(Array.from({ length: 16 }, (_, n) => n * 4096));
    expect(page % 65536).toBe(0);
    expect(Math.floor(tables[16]! / 65536)).not.toBe(page / 65536);
  });

  it('is shared by 256 PTE tables with 64K pages', () => {
    const m = machine({ pageSize: 65536 });
    m.failures.add({ order: 5, times: Infinity });
    for (let n = 0; n < 257; n++)
      m.ops.vmemmapPopulate(GiB / 2 + n * PTE_TABLE, GiB / 2 + n * PTE_TABLE + 1, 0, undefined, undefined);
    const tables = tablesOf(m, 3);
    const page = tables[0]!;
    expect(tables.slice(0, 256).map((pa) => pa - page)).toEqual(Array.from({ length: 256 }, (_, n) => n * 256));
    expect(Math.floor(tables[256]! / 65536)).not.toBe(page / 65536);
    for (const [n, pa] of tables.entries())
      expect(m.translate(m.window.start + BigInt(GiB / 2 + n * PTE_TABLE)).steps.at(-1)!.table).toBe(pa);
  });

  it('goes back when all 256 PTE tables of a page were handed out and are free, and is not used again before', () => {
    const m = machine({ pageSize: 65536 });
    m.failures.add({ order: 5, times: Infinity });
    const cycle = (): number => {
      m.ops.vmemmapPopulate(GiB / 2, GiB / 2 + 1, 0, undefined, undefined);
      const [pa] = tablesOf(m, 3);
      m.ops.vmemmapFree(GiB / 2, GiB / 2 + 65536, undefined);
      return pa!;
    };
    const first = cycle();
    const free = m.ram.freeBytes();
    for (let n = 1; n < 255; n++) expect(cycle()).toBe(first + n * 256);
    expect(m.ram.freeBytes()).toBe(free);
    expect(cycle()).toBe(first + 255 * 256);
    expect(m.ram.freeBytes()).toBe(free + 65536);
    cycle();
    expect(m.ram.freeBytes()).toBe(free);
  });

  it('stays while one of the tables in it is in use', () => {
    const m = machine({ pageSize: 65536 });
    const add = (n: number) => m.ops.vmemmapPopulate(n * PMD_TABLE, n * PMD_TABLE + 1, 0, undefined, undefined);
    const remove = (n: number) => m.ops.vmemmapFree(n * PMD_TABLE, n * PMD_TABLE + 2 ** 21, undefined);
    for (let n = 1; n <= 16; n++) add(n);
    const page = tablesOf(m, 2)[1]!;
    for (let n = 2; n <= 16; n++) remove(n);
    expect(m.ram.isAllocated(page, 65536)).toBe(true);
    remove(1);
    expect(m.ram.isAllocated(page, 65536)).toBe(false);
  });

  it('of PUD tables comes from a slab: objects of 4 KiB that are used again', () => {
    const m = machine({ pageSize: 65536 });
    const add = (n: number) => m.ops.vmemmapPopulate(n * PUD_TABLE, n * PUD_TABLE + 1, 0, undefined, undefined);
    const remove = (n: number) => m.ops.vmemmapFree(n * PUD_TABLE, n * PUD_TABLE + 2 ** 21, undefined);
    const root = tablesOf(m, 1).length;
    for (const n of [1, 2, 3]) add(n);
    const [a, b, c] = tablesOf(m, 1).slice(root) as [number, number, number];
    expect([b - a, c - b]).toEqual([4096, 4096]);
    remove(2);
    add(4);
    expect(tablesOf(m, 1).at(-1)).toBe(b);
    for (const n of [1, 3, 4]) remove(n);
    expect(m.ram.isAllocated(a - (a % 65536), 65536)).toBe(false);
    add(5);
    expect(tablesOf(m, 1).length).toBe(root + 1);
  });

  it('takes boot tables back as whole pages', () => {
    const m = machine({ pageSize: 65536 });
    const [pud] = tablesOf(m, 1);
    const [pmd] = tablesOf(m, 2);
    m.ops.vmemmapFree(0, 2 ** 21, undefined);
    for (const pa of [pud!, pmd!]) expect([m.ram.isReserved(pa), m.ram.isAllocated(pa, 65536)]).toEqual([false, false]);
    expect([...m.tables()].length).toBe(1);
    expect(m.events).toEqual([]);
  });

  it('costs as much as the pages that tables share', () => {
    const m = machine({ pageSize: 65536 });
    for (let n = 1; n <= 16; n++) m.ops.vmemmapPopulate(n * PMD_TABLE, n * PMD_TABLE + 1, 0, undefined, undefined);
    const pmd = m.cost().tables.find(({ level }) => level === 'pmd')!;
    // One of boot, and sixteen in a page.
    expect(pmd).toMatchObject({ count: 17, bytes: 2 * 65536 });
  });
});
