import { type KernelEntries, mountKernelEntries } from '@vmemmap/conformance/entries';
import { type ReferenceConfig, reference } from '@vmemmap/conformance/reference';
import { describe, expect, it } from 'vitest';

/** The tests that are made, by name. */
function tests(known: KernelEntries<ReferenceConfig>): [string, () => void][] {
  const made: [string, () => void][] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => void) => void made.push([name, body]),
  };
  mountKernelEntries(runner, reference, known);
  return made;
}

const body = (known: KernelEntries<ReferenceConfig>): (() => void) => tests(known)[0]![1];
const leaf = { what: 'a leaf', level: 'pmd', kind: 'leaf', pa: 0xa7c00000, entry: '0xa7c0000f' } as const;

describe('mountKernelEntries', () => {
  it('takes entries as they are, less the addresses in a walk', () => {
    const known = tests({
      walks: [
        { what: 'huge pages', walk: ['0x15', '0xf'] },
        {
          what: 'base pages',
          config: { hugePages: false },
          release: '6.12',
          of: 'added',
          walk: ['0x15', '0x15', '0xf'],
        },
      ],
      entries: [leaf, { what: 'a table', level: 'pgd', kind: 'table', pa: 0x1_a7ff_f000, entry: '0x1a7fff015' }],
    });
    expect(known.map(([name]) => name)).toEqual([
      "huge pages, reference: the walk is the kernel's",
      "base pages, reference hugePages=false on 6.12: the walk is the kernel's",
      "a leaf, reference: the entry is the kernel's",
      "a table, reference: the entry is the kernel's",
    ]);
    for (const [, run] of known) run();
  });

  it('finds every bit of a walk that differs, and a level too many or too few', () => {
    const walk = ['0x15', '0xf'];
    for (const at of [0, 1])
      for (let bit = 0n; bit < 64n; bit++) {
        const other = walk.map((entry, n) => (n === at ? `0x${(BigInt(entry) ^ (1n << bit)).toString(16)}` : entry));
        expect(body({ walks: [{ what: 'changed', walk: other }] })).toThrow(/^the walk to struct page/);
      }
    expect(body({ walks: [{ what: 'short', walk: ['0x15'] }] })).toThrow(/and the kernel's is 0x0000000000000015$/);
    expect(body({ walks: [{ what: 'long', walk: ['0x15', '0x15', '0xf'] }] })).toThrow(/^the walk/);
  });

  it('finds every bit of an entry that differs', () => {
    for (let bit = 0n; bit < 64n; bit++) {
      const entry = `0x${(BigInt(leaf.entry) ^ (1n << bit)).toString(16)}`;
      expect(body({ entries: [{ ...leaf, entry }] })).toThrow(/^the leaf of pmd for 0xa7c00000 is/);
    }
  });

  it('asks the walker, too', () => {
    // Written as asked for, and no entry that a CPU takes.
    const entry = { ...leaf, pa: 0xa7c00020, entry: '0xa7c0002f' };
    expect(body({ entries: [entry] })).toThrow(/^the walker reads 0xa7c0002f as kind 3/);
  });

  it('says which levels there are', () => {
    expect(body({ entries: [{ ...leaf, level: 'pud' }] })).toThrow('there is no level pud; there are pgd, pmd, pte');
  });

  it('refuses a release that there is not', () => {
    expect(() => tests({ walks: [{ what: 'no release', release: '1.0', walk: [] }] })).toThrow(/no release|1\.0/);
  });
});
