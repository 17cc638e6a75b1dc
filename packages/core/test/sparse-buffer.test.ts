import { describe, expect, it } from 'vitest';
import { SparseBuffer } from '../src/engine/sparse-buffer.ts';
import { blockRun, FailureInjector, Memblock, MemoryMap, Ram } from '../src/index.ts';

const PAGE = 4096;
const MiB = 2 ** 20;

const made = (sections: number, size: number) => {
  const ram = new Ram(new MemoryMap({ ranges: [{ node: 0, start: 0, end: 64 * MiB }] }, PAGE, 40));
  const buffer = new SparseBuffer(ram);
  const run = blockRun();
  buffer.init(new Memblock(ram, PAGE, new FailureInjector()), sections, size, 0, 0, run);
  return { ram, buffer, run };
};

describe('the buffer of boot', () => {
  it('takes room for all sections at once, and frees what is left', () => {
    const { ram, buffer } = made(4, 2 * MiB);
    expect([buffer.active, ram.freeBytes()]).toEqual([true, 56 * MiB]);
    const out = blockRun();
    buffer.alloc(2 * MiB, 3, out);
    expect([out.count, out.paStep]).toEqual([3, 2 * MiB]);
    expect(ram.isAllocated(out.pa, 6 * MiB)).toBe(true);
    buffer.fini();
    expect([buffer.active, ram.freeBytes(), ram.isAllocated(out.pa, 6 * MiB)]).toEqual([false, 58 * MiB, true]);
    buffer.fini();
    expect(ram.freeBytes()).toBe(58 * MiB);
  });

  it('hands out no more than it has', () => {
    const { buffer } = made(2, 2 * MiB);
    const out = blockRun();
    buffer.alloc(2 * MiB, 5, out);
    expect(out.count).toBe(2);
    expect(buffer.active).toBe(false);
    buffer.alloc(2 * MiB, 1, out);
    expect(out.count).toBe(0);
  });

  it('frees what alignment skips', () => {
    const { ram, buffer } = made(4, 2 * MiB);
    const out = blockRun();
    buffer.alloc(PAGE, 1, out);
    const first = out.pa;
    buffer.alloc(2 * MiB, 1, out);
    expect([out.pa, out.count]).toEqual([first + 2 * MiB, 1]);
    expect([
      ram.isAllocated(first, PAGE),
      ram.isAllocated(first + PAGE, PAGE),
      ram.isAllocated(out.pa - PAGE, PAGE),
    ]).toEqual([true, false, false]);
    expect(ram.isAllocated(out.pa, 2 * MiB)).toBe(true);
    const { ram: other, buffer: exact } = made(4, 2 * MiB);
    exact.alloc(2 * MiB, 1, out);
    exact.alloc(2 * MiB, 1, out);
    expect(other.freeBytes()).toBe(56 * MiB);
  });

  it('is not there without a place for all of it', () => {
    const { ram, buffer } = made(33, 2 * MiB);
    expect([buffer.active, ram.freeBytes()]).toEqual([false, 64 * MiB]);
    buffer.fini();
    expect(ram.freeBytes()).toBe(64 * MiB);
  });
});
