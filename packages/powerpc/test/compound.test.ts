import { type DevPagemap, ENOMEM, type Machine, OK } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { GiB, leavesIn, MiB, machine, radixOps, range, SECTION } from './machine.ts';

const HOT = 4 * GiB;
const PAGE = 4096;
const BIG = 65536;

/** A machine with 4K pages, where a 2 MiB compound has 8 pages of struct pages, and where they lie. */
const START = (HOT / PAGE) * 64;
const COMPOUND = 8 * PAGE;

const pgmap = (vmemmapShift: number): DevPagemap => ({
  ranges: [{ start: HOT, end: HOT + 2 * GiB }],
  nrRange: 0,
  vmemmapShift,
});

const populate = (m: Machine, start: number, end: number, shift = 9): number =>
  radixOps(m).vmemmapPopulateCompoundPages(start, end, 0, pgmap(shift));

/** Pages from `start` on as a letter each: the same letter for the same memory, a dot for a hole. */
function shape(m: Machine, start: number, count: number, page = PAGE): string {
  const letters = new Map<number, string>();
  let text = '';
  for (let n = 0; n < count; n++) {
    const { mapped, pa, span } = m.translate(m.window.start + BigInt(start + n * page)).result;
    if (!mapped) text += '.';
    else if (span > page) text += '#';
    else {
      if (!letters.has(pa)) letters.set(pa, String.fromCharCode(97 + letters.size));
      text += letters.get(pa)!;
    }
  }
  return text;
}

describe('vmemmap_populate_compound_pages of book3s64', () => {
  it('maps the first page of each compound, and the second one all over the rest', () => {
    const m = machine();
    expect(populate(m, START, START + 2 * COMPOUND)).toBe(OK);
    expect(shape(m, START - PAGE, 18)).toBe('.abbbbbbbcddddddd.');
  });

  it('gives entries of a shared page the same rights as others', () => {
    const m = machine();
    populate(m, START, START + COMPOUND);
    const entries = Array.from(
      { length: 8 },
      (_, n) => m.translate(m.window.start + BigInt(START + n * PAGE)).steps[3]!,
    );
    for (const { entry } of entries) expect(entry & ~0x01ff_ffff_ffff_f000n).toBe(0xc000_0000_0000_018en);
  });

  it('counts a reference of the shared page for each entry', () => {
    const m = machine();
    populate(m, START, START + COMPOUND);
    const [head, tail] = leavesIn(m, START, Infinity);
    expect([head!, tail!].map(({ pa }) => m.pageCount(pa))).toEqual([1, 7]);
  });

  it('takes as much memory as it maps: 2 pages for each compound, and a table', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    populate(m, START, START + 8 * COMPOUND);
    expect(free - m.ram.freeBytes()).toBe((2 * 8 + 1) * PAGE);
  });

  it('finds compounds by their absolute pfn, not by where the range starts', () => {
    const m = machine();
    // The range begins with the fourth page of a compound.
    expect(populate(m, START + 3 * PAGE, START + COMPOUND + 3 * PAGE)).toBe(OK);
    expect(shape(m, START, 11)).toBe('ab.bbbbbcdd');
  });

  it('makes the first two pages of a compound although they lie before the range', () => {
    const m = machine();
    expect(populate(m, START + 5 * PAGE, START + 6 * PAGE)).toBe(OK);
    expect(shape(m, START, 8)).toBe('ab...b..');
  });

  it('makes the second page although it lies beyond the end of the range', () => {
    const m = machine();
    expect(populate(m, START, START + PAGE)).toBe(OK);
    expect(shape(m, START, 4)).toBe('ab..');
  });

  it('keeps what is mapped, and takes no reference for it', () => {
    const m = machine();
    populate(m, START, START + COMPOUND);
    const free = m.ram.freeBytes();
    const before = [...m.leaves()];
    expect(populate(m, START, START + COMPOUND)).toBe(OK);
    expect([...m.leaves()]).toEqual(before);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.pageCount(leavesIn(m, START, Infinity)[1]!.pa)).toBe(7);
  });

  it('passes over a leaf that is there, to its end', () => {
    const m = machine();
    m.ops.vmemmapPopulate(START, START + 1, 0, undefined, undefined);
    expect(populate(m, START + COMPOUND, START + 2 * MiB + COMPOUND)).toBe(OK);
    expect(shape(m, START + 2 * MiB - 2 * PAGE, 10)).toBe('##abbbbbbb');
  });

  it('does not share when the second page lies in a leaf', () => {
    const m = machine();
    // A 1 GiB compound has 16 MiB of struct pages: its first two pages lie in the leaf before.
    m.ops.vmemmapPopulate(START, START + 1, 0, undefined, undefined);
    expect(populate(m, START + 2 * MiB, START + 2 * MiB + 4 * PAGE, 18)).toBe(OK);
    expect(shape(m, START + 2 * MiB - PAGE, 6)).toBe('#abcd.');
    for (const { pa } of leavesIn(m, START + 2 * MiB, Infinity)) expect(m.pageCount(pa)).toBe(1);
  });

  it('fails when the second page of a compound that begins here lies in a leaf', () => {
    const m = machine();
    // Only a compound whose struct pages fill one page can begin with the last page of a PMD.
    const last = START + 2 * MiB - PAGE;
    m.ops.vmemmapPopulate(START + 2 * MiB, START + 2 * MiB + 1, 0, undefined, undefined);
    expect(populate(m, last, last + PAGE, 6)).toBe(ENOMEM);
    // What was made before the error stays.
    expect(shape(m, last, 2)).toBe('a#');
  });

  it('shares one page all over the sections of a 1 GiB compound', () => {
    const m = machine();
    const memmap = (SECTION / PAGE) * 64;
    for (let nr = 0; nr < 64; nr++) expect(populate(m, START + nr * memmap, START + (nr + 1) * memmap, 18)).toBe(OK);
    const leaves = leavesIn(m, START, Infinity);
    expect(leaves.length).toBe(4096);
    expect(new Set(leaves.map(({ pa }) => pa)).size).toBe(2);
    expect(m.pageCount(leaves[1]!.pa)).toBe(4095);
  });

  it('returns -ENOMEM without memory for a table or for the first page', () => {
    for (const [nth, seen] of [
      [1, '...'],
      [2, '...'],
    ] as const) {
      const m = machine();
      m.failures.add({ nth, times: Infinity });
      expect(populate(m, START, START + COMPOUND)).toBe(ENOMEM);
      expect(shape(m, START, 3)).toBe(seen);
    }
  });

  it('does not look whether the second page could be had: an empty entry is success, and looked at as pfn 0', () => {
    const m = machine({}, [range(1, 0, 256 * MiB), range(0, GiB, GiB + 256 * MiB)]);
    // A table, the first page, and no more.
    m.failures.add({ nth: 3, times: 1 });
    expect(populate(m, START, START + 2 * PAGE)).toBe(OK);
    expect(shape(m, START, 3)).toBe('a..');
    // Pfn 0 is on node 1: the warning for memory that nobody has.
    expect(m.events).toContainEqual(expect.objectContaining({ id: 'offnode-page-structs' }));
  });

  it('does not look whether the first page could be had either, when it is made for a range behind it', () => {
    const m = machine();
    m.failures.add({ nth: 2, times: 1 });
    expect(populate(m, START + 5 * PAGE, START + 6 * PAGE)).toBe(OK);
    expect(shape(m, START, 8)).toBe('.a...a..');
  });

  it('gives a page of its own when the shared one cannot be had', () => {
    const m = machine();
    // A table, the first page, then no second one; then a page for the address itself.
    m.failures.add({ nth: 3, times: 1 });
    expect(populate(m, START + 5 * PAGE, START + 6 * PAGE)).toBe(OK);
    expect(shape(m, START, 8)).toBe('a....b..');
  });

  it('fails when the page itself cannot be had then', () => {
    const m = machine();
    m.failures.add({ nth: 3, times: 2 });
    expect(populate(m, START + 5 * PAGE, START + 6 * PAGE)).toBe(ENOMEM);
    expect(shape(m, START, 8)).toBe('a.......');
  });
});

describe('vmemmap_populate_compound_pages with 64K pages', () => {
  // 1 GiB has 16384 pages, whose struct pages fill 16 pages; those of a section a quarter of one.
  const start = (HOT / BIG) * 64;
  const memmap = (SECTION / BIG) * 64;
  const gib = (m: Machine, nr: number): number => populate(m, start + nr * memmap, start + (nr + 1) * memmap, 14);

  it('maps a page beyond the end with the first section, and nothing with those in the same page', () => {
    const m = machine({ pageSize: BIG });
    expect(gib(m, 0)).toBe(OK);
    expect(shape(m, start, 4, BIG)).toBe('ab..');
    for (let nr = 1; nr < 8; nr++) expect(gib(m, nr)).toBe(OK);
    expect(shape(m, start, 4, BIG)).toBe('ab..');
    expect(gib(m, 8)).toBe(OK);
    expect(shape(m, start, 4, BIG)).toBe('abb.');
  });

  it('shares one page in all sections of a compound, and saves 14 of 16', () => {
    const m = machine({ pageSize: BIG });
    for (let nr = 0; nr < 64; nr++) gib(m, nr);
    expect(shape(m, start, 17, BIG)).toBe('abbbbbbbbbbbbbbb.');
  });

  it('records an entry that would be written at an address inside of a page', () => {
    const m = machine({ pageSize: BIG });
    expect(gib(m, 9)).toBe(OK);
    expect(m.events).toEqual([expect.objectContaining({ kind: 'VM_BUG_ON', id: 'pte-unaligned' })]);
  });

  it('keeps a shared page until the last section that uses it is gone', () => {
    const m = machine({ pageSize: BIG });
    const free = m.ram.freeBytes();
    for (let nr = 0; nr < 64; nr++) gib(m, nr);
    for (let nr = 63; nr >= 0; nr--) m.ops.vmemmapFree(start + nr * memmap, start + (nr + 1) * memmap, undefined);
    expect(shape(m, start, 16, BIG)).toBe('................');
    // The page of PTE fragments is not used up yet.
    expect(free - m.ram.freeBytes()).toBe(BIG);
    expect(m.events).toEqual([]);
  });
});

describe('freeing compound pages', () => {
  it('drops one reference for each entry, and frees the page with the last', () => {
    const m = machine();
    const free = m.ram.freeBytes();
    populate(m, START, START + COMPOUND);
    const { pa } = leavesIn(m, START, Infinity)[1]!;
    for (let n = 7; n > 1; n--) {
      m.ops.vmemmapFree(START + n * PAGE, START + (n + 1) * PAGE, undefined);
      expect(m.pageCount(pa)).toBe(n - 1);
      expect(m.ram.isAllocated(pa, PAGE)).toBe(true);
    }
    m.ops.vmemmapFree(START + PAGE, START + 2 * PAGE, undefined);
    expect(m.ram.isAllocated(pa, PAGE)).toBe(false);
    m.ops.vmemmapFree(START, START + PAGE, undefined);
    expect(m.ram.freeBytes()).toBe(free);
    expect(m.events).toEqual([]);
  });

  it('frees pages that lie beyond the range with the range that they belong to', () => {
    const m = machine();
    populate(m, START, START + PAGE);
    m.ops.vmemmapFree(START, START + PAGE, undefined);
    expect(shape(m, START, 3)).toBe('.a.');
    m.ops.vmemmapFree(START + PAGE, START + 2 * PAGE, undefined);
    expect(shape(m, START, 3)).toBe('...');
  });
});
