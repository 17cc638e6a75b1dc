import { HashOps, type PowerpcConfig, powerpc } from '@vmemmap/powerpc';
import { describe, expect, it } from 'vitest';
import { BoltedMappings } from '../src/bolted.ts';
import type { RadixFormat } from '../src/format.ts';
import { HashTableMemory } from '../src/hash-table.ts';
import { KernelSegments } from '../src/segments.ts';
import { machine } from './machine.ts';

const MULTIPLIER = 12538073n;
const START = 0xc00c_0000_0000_0000n;

describe('the memory of the hashed page table', () => {
  it('has parts of 512 groups that were written, and no others', () => {
    const memory = new HashTableMemory(24);
    expect(memory.find(3)).toBe(-1);
    for (const [n, group] of [3, 5000, 100_000].entries()) {
      const word = memory.create(group);
      memory.lanes[word] = 7 + n;
    }
    expect([3, 5000, 100_000].map((group) => memory.lanes[memory.find(group)])).toEqual([7, 8, 9]);
    const seen = new Map<number, number>();
    memory.forEachGroup((group, word) => seen.set(group, word));
    expect(seen.size).toBe(3 * 512);
    expect([...seen.keys()].map((group) => Math.floor(group / 512)).filter((at, n, all) => at !== all[n - 1])).toEqual([
      0, 9, 195,
    ]);
    for (const [group, word] of seen) expect(word).toBe(memory.find(group));
    expect([0, 511, 512, 5000].map((group) => memory.find(group) >= 0)).toEqual([true, true, false, true]);
  });
});

describe('bolted mappings', () => {
  const config = powerpc({ mmu: 'hash' }).config as unknown as PowerpcConfig;
  const made = () => {
    const memory = new HashTableMemory(24);
    const segments = new KernelSegments(config, START);
    return { memory, bolted: new BoltedMappings(memory, segments, { pageShift: 12, isa300: false, kernelKey: true }) };
  };

  it('leave nothing valid behind when they are removed, and are counted both times', () => {
    const { memory, bolted } = made();
    expect(bolted.bolt(0x5000, 0x1_2345_6000)).toBe(true);
    const one = memory.generation;
    expect(bolted.remove(0x5000)).toBe(true);
    expect(memory.generation).not.toBe(one);
    memory.forEachGroup((_, word) => {
      for (let slot = 0; slot < 8; slot++)
        expect([...memory.lanes.slice(word + 4 * slot, word + 4 * slot + 2)]).toEqual([0, 0]);
    });
    expect(bolted.remove(0x5000)).toBe(false);
  });

  it('are not found where nothing was ever written', () => {
    const { bolted } = made();
    expect(bolted.remove(0x5000)).toBe(false);
  });
});

describe('segments', () => {
  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('have the VSID of a multiplication modulo 2^bits - 1 (1 TiB %s, 68 bits %s)', (segment1T, va68) => {
    const config = powerpc({ mmu: 'hash', segment1T, va68 }).config as unknown as PowerpcConfig;
    const segments = new KernelSegments(config, START);
    const shift = segment1T ? 40n : 28n;
    const bits = (va68 ? 68n : 65n) - shift;
    for (let segment = 0; segment < (segment1T ? 500 : 20_000); segment++) {
      const ea = START + (BigInt(segment) << shift);
      const proto = (4n << (49n - shift)) | ((ea >> shift) & ((1n << (49n - shift)) - 1n));
      const vsid = Number((proto * MULTIPLIER) % ((1n << bits) - 1n));
      if (segments.vsid(segment) !== vsid) expect([segment, segments.vsid(segment)]).toEqual([segment, vsid]);
    }
    expect(segments.segment(segments.vsid(77))).toBe(77);
  });
});

describe('__vmemmap_free', () => {
  it('goes up to the end and no further, and flushes what it takes away', () => {
    const flushed: [number, number][] = [];
    const m = machine({ mmu: 'hash', vmemmapPageSize: 4096 }, undefined, {
      trace: (step) => {
        if (step.step === 'flush-tlb') flushed.push([step.offset, step.end]);
      },
    });
    expect(m.ops).toBeInstanceOf(HashOps);
    const first = 2 ** 30;
    m.ops.vmemmapPopulate(first, first + 3 * 4096, 0, undefined, undefined);
    flushed.length = 0;
    m.ops.vmemmapFree(first, first + 2 * 4096, undefined);
    expect(flushed).toEqual([
      [first, first + 4096],
      [first + 4096, first + 8192],
    ]);
    const mapped = [0, 1, 2].map((n) => m.translate(m.window.start + BigInt(first + n * 4096)).result.mapped);
    expect(mapped).toEqual([false, false, true]);
  });
});

describe('radix entries', () => {
  it('are present when marked invalid for a moment, and keep the upper half of an address', () => {
    const { format } = machine().ops.pageTable! as unknown as { format: RadixFormat };
    expect([0, 1 << 29, 1 << 31, 1 << 30, 1 << 28].map((hi) => format.isPresent(hi))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    const out = { lo: 0, hi: 0 };
    format.makeReadOnlyLeaf(3, 0x12_3456_7000, out);
    expect(format.leafAddress(3, out.lo, out.hi)).toBe(0x12_3456_7000);
    expect(format.isLeaf(2, out.lo, out.hi)).toBe(true);
  });
});
