import { decodeEntry, encodeEntry, releases } from '@vmemmap/core';
import { type PowerpcConfig, powerpc } from '@vmemmap/powerpc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GiB, hashOps, MiB, machine, range } from './machine.ts';

const RPN = 0x01ff_ffff_ffff_f000n;
const hex = (value: bigint): string => value.toString(16);

describe('radix entries', () => {
  const layouts = powerpc().entryLayouts;
  const kernel = { V: 1, L: 1, R: 1, C: 1, PRIV: 1, READ: 1, RW: 1 };

  it.each(releases.map(({ name }) => name))('of 2 MiB leaves and their tables are the same on %s', (release) => {
    for (const pageSize of [4096, 65536]) {
      const { steps, result } = machine({ pageSize }, undefined, { release }).translatePage(0x100);
      expect(steps.map(({ level }) => level)).toEqual(['pgd', 'pud', 'pmd']);
      expect(steps.map(({ entry }) => hex(entry & ~RPN))).toEqual([
        '8000000000000009',
        '8000000000000009',
        'c00000000000018e',
      ]);
      expect(result.span).toBe(2 * MiB);
    }
  });

  it.each([
    [4096, '8000000000000009'],
    [65536, '8000000000000005'],
  ])('of base pages of %i bytes lie below a PMD with the size of its table', (pageSize, pmd) => {
    const failures = [{ source: 'memblock', order: Math.log2(2 ** 21 / pageSize), times: Infinity }] as const;
    const { steps } = machine({ pageSize }, undefined, { failures }).translatePage(0x100);
    expect(steps.slice(2).map(({ level, entry }) => [level, hex(entry & ~RPN)])).toEqual([
      ['pmd', pmd],
      ['pte', 'c00000000000018e'],
    ]);
  });

  it('are composed of the fields that the manual names', () => {
    for (const pageSize of [4096, 65536]) {
      const failures = [{ source: 'memblock', order: Math.log2(2 ** 21 / pageSize), nth: 2, times: Infinity }] as const;
      // The second 2 MiB have base pages.
      const m = machine({ pageSize }, [range(0, 0, 4 * GiB)], { failures });
      const last = pageSize === 4096 ? 9 : 5;
      for (const [pfn, leaf] of [
        [0, 'pmd'],
        [2 ** 21 / 64, 'pte'],
      ] as const) {
        const { steps, result } = m.translatePage(pfn);
        for (const [n, step] of steps.entries()) {
          const next = steps[n + 1];
          if (next === undefined) {
            expect(step.level).toBe(leaf);
            const composed = encodeEntry(layouts, leaf, 'leaf', { ...kernel, RPN: BigInt(result.pa) >> 12n });
            expect(step.entry).toBe(composed);
            continue;
          }
          const NLS = step.level === 'pmd' ? last : 9;
          const fields = { V: 1, NLB: BigInt(next.table) >> 8n, NLS };
          expect(step.entry).toBe(encodeEntry(layouts, step.level, 'table', fields));
        }
      }
    }
  });

  it('are decoded by name', () => {
    const names = decodeEntry(layouts, 'pmd', 'leaf', 0xc0000000bf40018en).map(({ name }) => name);
    expect(names).toEqual(['V', 'L', 'RPN', 'R', 'C', 'PRIV', 'READ', 'RW']);
  });

  it('count as empty with nothing but R and C in a PTE, and nowhere else', () => {
    const { format } = machine().ops.pageTable!;
    expect([0x100, 0x80, 0x180, 0x2].map((lo) => format.isNone(3, lo, 0))).toEqual([true, true, true, false]);
    expect([0x100, 0x80, 0].map((lo) => format.isNone(2, lo, 0))).toEqual([false, false, true]);
  });
});

describe('entries of the hashed page table', () => {
  /** The two doublewords of the entry for an offset into the vmemmap. */
  function entryOf(m: ReturnType<typeof machine>, offset: number): { v: bigint; r: bigint; at: number } {
    const { steps } = m.translate(m.window.start + BigInt(offset));
    return { v: steps[0]!.entry, r: steps[1]!.entry, at: steps[0]!.table };
  }

  it('on bare metal of ISA 3.0 are those of a booted powernv9 machine', () => {
    const m = machine({ mmu: 'hash', lpar: false }, [range(0, 0, 3 * GiB)]);
    for (const [n, v] of [0x99badc9000015n, 0x99badc9000115n, 0x99badc9000215n].entries()) {
      const { pa } = m.translate(m.window.start + BigInt(n * 16 * MiB)).result;
      expect(entryOf(m, n * 16 * MiB)).toMatchObject({ v, r: 0x0400000000000794n | BigInt(pa) });
    }
    // HPT + 0x1d6e480: the table is aligned to its 64 MiB.
    expect(entryOf(m, 0).at % (64 * MiB)).toBe(0x1d6e480);
  });

  it.each<[string, Partial<PowerpcConfig>, bigint, bigint]>([
    ['4 KiB', { vmemmapPageSize: 4096 }, 0x40099badc9000011n, 0x794n],
    ['64 KiB', { pageSize: 65536, vmemmapPageSize: 65536 }, 0x40066bdea7000015n, 0x1794n],
    ['4 KiB in the format of ISA 3.0', { vmemmapPageSize: 4096, lpar: false }, 0x99badc9000011n, 0x400000000000794n],
  ])('for %s have flags, size and key', (_, config, v, flags) => {
    const m = machine({ mmu: 'hash', ...config });
    const { pa } = m.translatePage(0).result;
    expect(entryOf(m, 0)).toMatchObject({ v, r: flags | BigInt(pa) });
  });

  it('are composed of the fields that the manual names', () => {
    for (const config of [{ lpar: true }, { lpar: false }]) {
      const arch = powerpc({ mmu: 'hash', vmemmapPageSize: 4096, ...config });
      const m = machine({ mmu: 'hash', vmemmapPageSize: 4096, ...config });
      const { steps, result } = m.translatePage(0);
      const v = { AVA: 0x99badc9n << 17n, SW: 2, V: 1 };
      const r = {
        ARPN: BigInt(result.pa) >> 20n,
        LP: (BigInt(result.pa) >> 12n) & 0xffn,
        'KEY2:4': 3,
        R: 1,
        C: 1,
        M: 1,
        N: 1,
      };
      const [first, second] = config.lpar ? [{ ...v, B: 1 }, r] : [v, { ...r, B: 1 }];
      expect(steps.map(({ level, kind, entry }) => [level, kind, entry])).toEqual([
        ['hpte-v', 'table', encodeEntry(arch.entryLayouts, 'hpte-v', 'table', first)],
        ['hpte-r', 'leaf', encodeEntry(arch.entryLayouts, 'hpte-r', 'leaf', second)],
      ]);
    }
  });

  it('stand where the hash puts them, for any segment, page size and table', () => {
    // The kernel's formulas on whole 64-bit numbers.
    const expected = (m: ReturnType<typeof machine>, offset: number, config: PowerpcConfig, size: number) => {
      const mask = (bits: bigint): bigint => (1n << bits) - 1n;
      const ea = m.window.start + BigInt(offset);
      const s = config.segment1T ? 40n : 28n;
      const b = (config.va68 ? 68n : 65n) - s;
      const proto = ((config.pageSize === 4096 ? 4n : 7n) << (49n - s)) | ((ea >> s) & mask(49n - s));
      const vsid = (proto * 12538073n) % mask(b);
      const vpn = (vsid << (s - 12n)) | ((ea >> 12n) & mask(s - 12n));
      const page = (ea & mask(s)) >> BigInt(Math.log2(size));
      const hash = (vsid ^ page ^ (config.segment1T ? vsid << 25n : 0n)) & mask(39n);
      const avpn = (vpn >> 11n) & (size === 2 ** 24 ? ~1n : ~0n);
      const v = (avpn << 7n) | (config.segment1T ? 1n << 62n : 0n);
      return {
        v: v | (size === 4096 ? 0x11n : 0x15n),
        at: (hash & mask(BigInt(hashOps(m).hashTable.groupBits))) * 128n,
      };
    };
    const config = fc.record({
      pageSize: fc.constantFrom(4096, 65536),
      large: fc.boolean(),
      segment1T: fc.boolean(),
      va68: fc.boolean(),
      hashTableOrder: fc.constantFrom(18, 24, 38, 39, 40, 46),
    });
    fc.assert(
      fc.property(config, fc.nat(2 ** 30 - 1), ({ large, ...chosen }, somewhere) => {
        const vmemmapPageSize = large ? 2 ** 24 : chosen.pageSize;
        const all = { mmu: 'hash' as const, ...chosen, vmemmapPageSize };
        const m = machine(all, [range(0, 0, 64 * MiB)]);
        const window = Number(m.window.end - m.window.start);
        const units = window / vmemmapPageSize - 2;
        const offset = (1 + Math.floor((somewhere / 2 ** 30) * units)) * vmemmapPageSize;
        expect(m.ops.vmemmapPopulate(offset, offset + 64, 0, undefined, undefined)).toBe(0);
        const { v, at } = entryOf(m, offset);
        const wanted = expected(m, offset, powerpc(all).config as unknown as PowerpcConfig, vmemmapPageSize);
        expect([hex(v), BigInt(at)]).toEqual([hex(wanted.v), wanted.at]);
      }),
    );
  });
});
