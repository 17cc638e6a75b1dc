import { isVmemmapError } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { type ByteSource, bufferSource, openRaw, openSources } from '../src/index.ts';
import { inflatePage } from '../src/node/index.ts';
import { kdump } from './kdump.ts';
import { machineOf, PAGE } from './machine.ts';

/** 2^40 bytes, of which nothing is stored: each page begins with its number. Counts what is read. */
function sparse(): ByteSource & { reads: number; bytes: number } {
  return {
    name: 'sparse',
    size: 2 ** 40,
    reads: 0,
    bytes: 0,
    read(position, into) {
      this.reads++;
      this.bytes += into.length;
      into.fill(0);
      const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
      for (let at = (PAGE - (position % PAGE)) % PAGE; at + 8 <= into.length; at += PAGE)
        view.setFloat64(at, (position + at) / PAGE);
      return into.length;
    },
  };
}

const numberIn = (page: Uint8Array): number => new DataView(page.buffer, page.byteOffset).getFloat64(0);

describe('PhysicalMemory', () => {
  const map = [{ start: 0, length: 2 ** 40, offset: 0 }];

  it('reads a file of 1 TiB page by page', () => {
    const source = sparse();
    const { memory } = openRaw(source, map, { machine: 'x86_64' });
    for (const pa of [0, 2 ** 32, 2 ** 40 - PAGE, 2 ** 39 + 123])
      expect(numberIn(memory.page(pa))).toBe(Math.floor(pa / PAGE));
    expect(source).toMatchObject({ reads: 4, bytes: 4 * PAGE });
  });

  it('keeps no more than it may', () => {
    const source = sparse();
    const { memory } = openRaw(source, map, { machine: 'x86_64', cacheBytes: 16 * PAGE });
    for (let i = 0; i < 16; i++) memory.page(i * PAGE);
    expect(source.reads).toBe(16);
    for (let i = 8; i < 16; i++) memory.page(i * PAGE);
    expect(source.reads).toBe(16);
    for (let i = 16; i < 1000; i++) memory.page(i * PAGE);
    memory.page(0);
    expect(source.reads).toBe(1001);
  });

  it('reads a batch in the order of the file, neighbours at once, and each page once', () => {
    const source = sparse();
    const { memory } = openRaw(source, map, { machine: 'x86_64' });
    const pages = [700, 3, 2, 1, 2 ** 20, 701, 3, 2, 0];
    const into = new Uint8Array(pages.length * 8);
    memory.readMany(
      Float64Array.from(pages, (page) => page * PAGE),
      8,
      into,
    );
    const view = new DataView(into.buffer);
    expect(pages.map((_, i) => view.getFloat64(8 * i))).toEqual(pages);
    expect(source).toMatchObject({ reads: 3, bytes: 7 * PAGE });
  });

  it('reads batches that are larger than what it keeps', () => {
    const { memory } = openRaw(sparse(), map, { machine: 'x86_64', cacheBytes: 0 });
    const pages = Float64Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5000) * PAGE);
    const into = new Uint8Array(pages.length * 8);
    memory.readMany(pages, 8, into);
    const view = new DataView(into.buffer);
    for (const [i, pa] of pages.entries()) expect(view.getFloat64(8 * i)).toBe(pa / PAGE);
  });

  it('reads over the ends of pages', () => {
    const machine = machineOf([4, 5, 6]);
    const { memory } = openSources([bufferSource(kdump(machine))], { inflate: inflatePage });
    const into = new Uint8Array(PAGE + 20);
    memory.read(4 * PAGE + PAGE - 10, into);
    expect(into.subarray(0, 10)).toEqual(machine.pages.get(4)!.subarray(-10));
    expect(into.subarray(10, 10 + PAGE)).toEqual(machine.pages.get(5));
    expect(into.subarray(-10)).toEqual(machine.pages.get(6)!.subarray(0, 10));
    expect(() => memory.read(6 * PAGE + 10, into)).toThrow(/0x7000: the machine has no memory there/);
  });

  it('says what it does not have, by its address', () => {
    const { memory } = openRaw(sparse(), map, { machine: 'x86_64' });
    for (const pa of [2 ** 40, -1, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(memory.has(pa)).toBe(false);
      expect(() => memory.page(pa)).toThrow(
        expect.toSatisfy((error) => isVmemmapError(error) && error.code === 'NOT_IN_DUMP'),
      );
    }
    expect(() => memory.readMany(new Float64Array(2), 8, new Uint8Array(15))).toThrow(/2 times 8 bytes/);
    expect(() => openRaw(sparse(), map, { machine: 'x86_64', cacheBytes: -1 })).toThrow(/cacheBytes/);
  });

  it('stops looking when it has seen enough', () => {
    const { memory } = openRaw(sparse(), map, { machine: 'x86_64' });
    let seen = 0;
    memory.scan((pa, page) => {
      seen++;
      expect(numberIn(page)).toBe(pa / PAGE);
      return seen === 300;
    });
    expect(seen).toBe(300);
  });
});
