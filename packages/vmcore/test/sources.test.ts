import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isVmemmapError } from '@vmemmap/core';
import { afterAll, describe, expect, it } from 'vitest';
import { type BlobLike, blobSource, bufferSource, isDump, openSources } from '../src/index.ts';
import { fileSource, openDump } from '../src/node/index.ts';
import { elfCore } from './elf.ts';
import { flatten, kdump } from './kdump.ts';
import { machineOf, PAGE } from './machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'vmcore-'));
afterAll(() => rmSync(folder, { recursive: true }));

const machine = machineOf([1, 2, 9]);
const put = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const coded = (code: string): unknown => expect.toSatisfy((error) => isVmemmapError(error) && error.code === code);

describe('files', () => {
  it('are opened by name', () => {
    for (const [name, bytes] of Object.entries({
      elf: elfCore(machine),
      kdump: kdump(machine),
      flat: flatten(kdump(machine), 99),
    })) {
      const dump = openDump(put(name, bytes));
      expect(dump.memory.page(9 * PAGE)).toEqual(machine.pages.get(9));
      dump.close();
    }
  });

  it('of a split dump are opened together', () => {
    const parts = (
      [
        [0, 2],
        [2, 10],
      ] as const
    ).map((part, i) => put(`part${i}`, kdump(machine, { part })));
    const dump = openDump(parts);
    expect(dump.memory.page(2 * PAGE)).toEqual(machine.pages.get(2));
    dump.close();
    expect(() => dump.memory.page(PAGE)).toThrow(coded('UNREADABLE'));
  });

  it('that cannot be read are named', () => {
    expect(() => openDump(join(folder, 'none'))).toThrow(coded('UNREADABLE'));
    expect(() => openDump(join(folder, 'none'))).toThrow(/none cannot be read: ENOENT/);
    expect(() => openDump(folder)).toThrow(/is a directory/);
    expect(() => openDump(put('empty', new Uint8Array(0)))).toThrow(/empty is neither an ELF core nor/);
  });

  it('give what there is, up to their end', () => {
    const source = fileSource(
      put(
        'ten',
        Uint8Array.from({ length: 10 }, (_, i) => i),
      ),
    );
    const into = new Uint8Array(6);
    expect([source.size, source.read(7, into), [...into]]).toEqual([10, 3, [7, 8, 9, 0, 0, 0]]);
    source.close?.();
  });
});

describe('a Blob', () => {
  it('is read in a worker, in parts', () => {
    const bytes = elfCore(machine);
    const asked: number[] = [];
    class Part implements BlobLike {
      readonly name = 'chosen';
      readonly bytes: Uint8Array;
      constructor(part: Uint8Array) {
        this.bytes = part;
      }
      get size(): number {
        return this.bytes.length;
      }
      slice(start: number, end: number): Part {
        return new Part(this.bytes.slice(start, end));
      }
    }
    const world = globalThis as { FileReaderSync?: unknown };
    world.FileReaderSync = class {
      readAsArrayBuffer(blob: Part): ArrayBufferLike {
        asked.push(blob.size);
        return blob.bytes.buffer;
      }
    };
    try {
      const dump = openSources([blobSource(new Part(bytes))]);
      expect(dump.memory.page(2 * PAGE)).toEqual(machine.pages.get(2));
      expect(Math.max(...asked)).toBe(PAGE);
    } finally {
      delete world.FileReaderSync;
    }
  });

  it('is refused elsewhere', () => {
    expect(() => blobSource({ size: 1, slice: () => ({ size: 0, slice: () => expect.fail() }) })).toThrow(
      coded('BAD_ARGUMENT'),
    );
  });
});

describe('isDump', () => {
  it('tells dumps by what they begin with', () => {
    const files = [
      elfCore(machine),
      kdump(machine),
      flatten(kdump(machine), 99),
      new Uint8Array(3),
      new Uint8Array(99),
    ];
    expect(files.map((file) => isDump(bufferSource(file)))).toEqual([true, true, true, false, false]);
  });
});
