import { boot, type Machine } from '@vmemmap/core';
import { x86 } from '@vmemmap/x86';
import { describe, expect, it } from 'vitest';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const RW = 1 << 1;

/** Two optimised huge pages: their struct pages are entries 0 to 15 of the one pte table. */
function optimized(release: string): { readonly machine: Machine; readonly pte: number } {
  const machine = boot({
    arch: x86(),
    release,
    memory: { ranges: [{ node: 0, start: 0, end: GiB }] },
    memblock: { reserved: [[512 * MiB, 516 * MiB]] },
  });
  expect(machine.hugetlb.optimize(2 * MiB, [{ start: 512 * MiB, count: 2 }])).toMatchObject({ optimized: 2 });
  const [table] = [...machine.tables()].filter(({ level }) => machine.levels[level]?.name === 'pte');
  return { machine, pte: table!.pa };
}

describe.each(['6.12', '7.3'])('verify() of huge pages that share struct pages, on %s', (release) => {
  it('takes the tails as they are: mapped many times, and read-only', () => {
    expect(optimized(release).machine.verify()).toMatchObject({ structPages: GiB / 4096, problems: [] });
  });

  const DAMAGE: readonly (readonly [string, (machine: Machine, pte: number) => void, RegExp])[] = [
    [
      'a head that is read-only',
      (machine, pte) => (machine.entryLanes(pte, 16)[0]! &= ~RW),
      /access read, a struct page must have read\+write/,
    ],
    [
      'a page of its own that two use',
      (machine, pte) => machine.entryLanes(pte, 17).set(machine.entryLanes(pte, 16)),
      /which other struct pages use too/,
    ],
    [
      'a tail in memory that is not in use',
      (machine, pte) => (machine.entryLanes(pte, 1)[0]! = (300 * MiB) | (machine.entryLanes(pte, 1)[0]! & 0xfff)),
      /mapped to 0x12c00000.*which is not memory in use/,
    ],
    [
      'a tail that is not mapped',
      (machine, pte) => machine.entryLanes(pte, 1).fill(0),
      /struct pages not mapped up to/,
    ],
  ];
  it.each(DAMAGE)('finds %s', (_, damage, problem) => {
    const { machine, pte } = optimized(release);
    damage(machine, pte);
    expect(machine.verify().problems).toContainEqual(expect.stringMatching(problem));
  });
});

describe('verify() of memory added after boot', () => {
  const machine = (): Machine => {
    const made = boot({ arch: x86({ pse: false }), memory: { ranges: [{ node: 0, start: 0, end: GiB }] } });
    expect(made.addPages(0, { pfn: (4 * GiB + 4 * MiB) / 4096, pages: 512 })).toBe(0);
    return made;
  };

  it('asks for the struct pages of the subsections that are there, and no others', () => {
    const sparse = machine();
    expect(sparse.verify()).toMatchObject({ sections: 9, structPages: (GiB + 2 * MiB) / 4096, problems: [] });
    const { steps } = sparse.translatePage((4 * GiB + 4 * MiB) / 4096);
    const { table, index } = steps.at(-1)!;
    sparse.entryLanes(table, index).fill(0);
    expect(sparse.verify().problems).toContainEqual(expect.stringMatching(/struct pages not mapped up to/));
  });

  it('knows the memory of an altmap', () => {
    const device = boot({ arch: x86(), memory: { ranges: [{ node: 0, start: 0, end: GiB }] } });
    const [start, end] = [4 * GiB, 5 * GiB];
    const altmap = { basePfn: start / 4096, reserve: 2, free: 8190 };
    expect(device.devices.memremap({ id: 'dax0.0', node: 0, ranges: [{ start, end }], altmap })).toBe(0);
    expect(device.verify().problems).toEqual([]);
    const { steps } = device.translatePage(start / 4096);
    const { table, index } = steps.at(-1)!;
    device.entryLanes(table, index)[1]! += 1;
    expect(device.verify().problems).toContainEqual(expect.stringMatching(/which is not memory in use/));
  });
});
