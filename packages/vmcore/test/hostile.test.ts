import { isVmemmapError } from '@vmemmap/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lzo1x } from '../src/codecs/lzo1x.ts';
import { snappy as unsnappy } from '../src/codecs/snappy.ts';
import { zstd as unzstd } from '../src/codecs/zstd.ts';
import { bufferSource, openSources } from '../src/index.ts';
import { inflatePage } from '../src/node/index.ts';
import { elfCore, note } from './elf.ts';
import { flatten, kdump, lzo, snappy, zlib, zstd } from './kdump.ts';
import { machineOf, PAGE, VMCOREINFO_TEXT } from './machine.ts';

const machine = machineOf([0, 1, 2, 4, 16, 17, 40]);
const notes = note(
  'little',
  'VMCOREINFO',
  0,
  Uint8Array.from(VMCOREINFO_TEXT, (letter) => letter.charCodeAt(0)),
);
const packed = [zlib, lzo, snappy, zstd].map((pack) => kdump(machine, { pack, notes, vmcoreinfo: VMCOREINFO_TEXT }));
/** Where damage does something: what is not page data. */
const files = [
  { name: 'ELF, 64 bits', file: elfCore(machine, { notes, withoutAddress: 1 }), damage: 1000 },
  { name: 'ELF, 32 bits', file: elfCore(machine, { notes, bits: 32, manyHeaders: true }), damage: 900 },
  ...packed.map((file, i) => ({ name: `kdump ${i}`, file, damage: file.length })),
  {
    name: 'part of a split kdump',
    file: kdump(machine, { part: [0, 41], notes, vmcoreinfo: VMCOREINFO_TEXT }),
    damage: 2 * PAGE,
  },
  { name: 'flattened kdump', file: flatten(packed[0]!, 500), damage: 7 * PAGE },
];

/** Opens it and reads all there is. Whatever goes wrong is said in an error of ours. */
function readAll(file: Uint8Array): 'read' | 'refused' {
  try {
    const dump = openSources([bufferSource(file)], { inflate: inflatePage, cacheBytes: 2 ** 16 });
    expect(dump.memory.ranges.length).toBeLessThan(file.length);
    let pages = 0;
    dump.memory.scan(() => ++pages > 1000);
    dump.vmcoreinfo();
    return 'read';
  } catch (error: unknown) {
    if (!isVmemmapError(error)) throw error;
    expect(error.message).toMatch(/^@vmemmap\/vmcore: \S/);
    return 'refused';
  }
}

/** Bytes or whole words of a header, as someone would put them there who means harm. */
const harm = (length: number): fc.Arbitrary<{ at: number; bytes: readonly number[] }> =>
  fc.record({
    at: fc.nat({ max: length - 1 }),
    bytes: fc.oneof<fc.Arbitrary<readonly number[]>[]>(
      fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        [0, 0, 0, 0],
        [255, 255, 255, 255],
        [255, 255, 255, 255, 255, 255, 255, 255],
        [255, 255, 255, 127],
        [0, 0, 0, 0, 0, 0, 31, 0],
      ),
    ),
  });

describe('damaged files', () => {
  for (const { name, file, damage } of files) {
    it(`end in an error, or are read: ${name}`, () => {
      expect(readAll(file)).toBe('read');
      fc.assert(
        fc.property(fc.array(harm(damage), { minLength: 1, maxLength: 4 }), (harms) => {
          const copy = file.slice();
          for (const { at, bytes } of harms) copy.set(bytes.slice(0, copy.length - at), at);
          readAll(copy);
        }),
        { numRuns: 300 },
      );
    });

    it(`cut anywhere are refused: ${name}`, () => {
      fc.assert(
        fc.property(fc.nat({ max: file.length - 1 }), (length) => {
          expect(readAll(file.subarray(0, length))).toBe('refused');
        }),
        { numRuns: 100 },
      );
    });
  }

  it('of any bytes end in an error', () => {
    const starts = files.map(({ file }) => [...file.subarray(0, 16)]);
    fc.assert(
      fc.property(fc.constantFrom(...starts, []), fc.uint8Array({ maxLength: 20_000 }), (start, rest) => {
        expect(readAll(Uint8Array.from([...start, ...rest]))).toBe('refused');
      }),
      { numRuns: 300 },
    );
  });
});

describe('damaged pages', () => {
  for (const [name, inflate, pack] of [
    ['lzo', lzo1x, lzo],
    ['snappy', unsnappy, snappy],
    ['zstd', unzstd, zstd],
  ] as const)
    it(`of ${name} end in an error, or in no more than a page`, () => {
      const good = pack(machine.pages.get(1)!)[1];
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array({ maxLength: 4096 }),
            fc.array(harm(good.length), { minLength: 1, maxLength: 6 }).map((harms) => {
              const copy = good.slice();
              for (const { at, bytes } of harms) copy.set(bytes.slice(0, copy.length - at), at);
              return copy;
            }),
          ),
          (bytes) => {
            let page: Uint8Array;
            try {
              page = inflate(bytes, PAGE);
            } catch (error: unknown) {
              expect(error).toBeInstanceOf(Error);
              return;
            }
            expect(page.length).toBeLessThanOrEqual(PAGE);
          },
        ),
        { numRuns: 1000 },
      );
    });

  it('of zstd that ask for endless copies are refused before they are made', () => {
    // 98047 sequences, each a match of 65539 bytes: two minutes of copying for 20 bytes.
    const sequences = [0x01, 0, 0xff, 0xff, 0xff, 0x54, 0, 0, 52, 1];
    const head = [0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0x0f];
    const block = (sequences.length << 3) | 5;
    expect(() => unzstd(Uint8Array.from([...head, block, 0, 0, ...sequences]), PAGE)).toThrow(/more sequences/);
  });
});

describe('zstd data', () => {
  const good = zstd(machine.pages.get(1)!)[1];
  it('of one frame are read, of two or with something behind them refused', () => {
    expect(unzstd(good, PAGE)).toEqual(machine.pages.get(1));
    expect(() => unzstd(Uint8Array.from([...good, ...good]), PAGE)).toThrow(/not one frame/);
    expect(() => unzstd(Uint8Array.from([...good, 0]), PAGE)).toThrow(/not one frame/);
  });

  it('that do not say how long the page is, or say otherwise, are refused', () => {
    // A window of 1 KiB to 2 GiB instead of the length.
    for (const window of [0, 0xff])
      expect(() => unzstd(Uint8Array.from([...good.subarray(0, 4), 0, window, ...good.subarray(7)]), PAGE)).toThrow(
        /another length/,
      );
    expect(() => unzstd(good, 2 * PAGE)).toThrow(/another length/);
  });
});

describe('hostile files', () => {
  it('with a size that nobody has are refused before room is made', () => {
    const file = kdump(machine);
    const view = new DataView(file.buffer);
    const refused = (change: () => void, message: RegExp): void => {
      const before = file.slice();
      change();
      expect(() => openSources([bufferSource(file)])).toThrow(message);
      file.set(before);
    };
    refused(() => view.setUint32(436, 0xffff_ffff, true), /has \d+ bytes, and its bitmaps end at/);
    refused(() => view.setUint32(428, 4095, true), /no page size/);
    refused(() => view.setUint32(8, 7, true), /version 7: 1 to 6/);
    refused(() => view.setUint32(PAGE + 56 + 4, 0xff, true), /bytes of notes/);
    refused(() => view.setUint32(PAGE + 96 + 4, 0xffff_ffff, true), /no file or address is that large/);
  });

  it('of 2^52 bytes with bitmaps as large are refused at once', () => {
    const head = kdump(machine);
    const view = new DataView(head.buffer);
    view.setUint32(436, 0xffff_ffff, true);
    view.setUint32(PAGE + 96 + 4, 0xffff, true);
    const huge = {
      name: 'huge',
      size: 2 ** 52,
      read(position: number, into: Uint8Array): number {
        into.fill(0).set(head.subarray(position, position + into.length));
        return into.length;
      },
    };
    expect(() => openSources([huge])).toThrow(/pages: dumps of up to 34359738368 can be read/);
  });

  it('with memory in too many pieces are refused', () => {
    const file = kdump(machine, { maxMapnr: 2 ** 18 + 8 });
    const bitmaps = 3 * PAGE;
    const all = new Uint8Array(2 ** 15).fill(0x55);
    file.set(all, bitmaps - PAGE);
    expect(() => openSources([bufferSource(file)])).toThrow(/memory in more than 65536 pieces/);
  });
});
