import { isVmemmapError } from '@vmemmap/core';
import { describe, expect, it } from 'vitest';
import { bufferSource, type Dump, type OpenOptions, openRaw, openSources } from '../src/index.ts';
import { inflatePage } from '../src/node/index.ts';
import { elfCore, note } from './elf.ts';
import { flatten, kdump, lzo, plain, snappy, zlib, zstd } from './kdump.ts';
import { type Machine, machineOf, PAGE, VMCOREINFO_TEXT } from './machine.ts';

const PFNS = [0, 1, 2, 3, 4, 16, 17, 4095, 4096, 4097, 8191, 12300];
const letters = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const open = (files: Uint8Array | Uint8Array[], options: OpenOptions = {}): Dump => {
  const all = files instanceof Uint8Array ? [files] : files;
  return openSources(
    all.map((file, i) => bufferSource(file, `file ${i}`)),
    { inflate: inflatePage, ...options },
  );
};

/** Every page, and nothing else, is in the dump. */
function expectMemory({ memory }: Dump, { pages }: Machine): void {
  const seen: number[] = [];
  memory.scan((pa, page) => {
    seen.push(pa / PAGE);
    // Not toEqual(): it looks at each byte on its own, which takes most of the time.
    expect(Buffer.compare(page, pages.get(pa / PAGE)!)).toBe(0);
    return false;
  });
  expect(seen).toEqual([...pages.keys()].sort((a, b) => a - b));
  const addresses = Float64Array.from([...pages.keys()].reverse(), (pfn) => pfn * PAGE + 100);
  const bytes = new Uint8Array(addresses.length * 16);
  memory.readMany(addresses, 16, bytes);
  for (const [i, pa] of addresses.entries())
    expect(bytes.subarray(i * 16, i * 16 + 16)).toEqual(pages.get(Math.floor(pa / PAGE))!.subarray(100, 116));
}

function codeOf(task: () => unknown): string {
  try {
    task();
  } catch (error: unknown) {
    if (!isVmemmapError(error)) throw error;
    expect(error.message).toMatch(/^@vmemmap\/vmcore: /);
    return error.code;
  }
  return 'nothing thrown';
}

describe('ELF cores', () => {
  for (const byteOrder of ['little', 'big'] as const)
    for (const bits of [64, 32] as const)
      it(`are read: ${bits} bits, ${byteOrder} end first`, () => {
        const machine = machineOf(PFNS, byteOrder);
        const notes = note(byteOrder, 'VMCOREINFO', 0, letters(VMCOREINFO_TEXT));
        const dump = open(elfCore(machine, { bits, notes, eMachine: bits === 64 ? 22 : 40 }));
        expect(dump).toMatchObject({
          format: 'elf',
          bits,
          byteOrder,
          machine: bits === 64 ? 's390x' : 'arm',
          warnings: [],
        });
        expectMemory(dump, machine);
        expect(dump.memory.ranges.slice(0, 2)).toEqual([
          { start: 0, end: 5 * PAGE },
          { start: 16 * PAGE, end: 18 * PAGE },
        ]);
        expect(dump.vmcoreinfo()).toMatchObject({ origin: 'note', vmcoreinfo: { osrelease: '7.2.13-test' } });
      });

  it('may count their program headers in section 0', () => {
    const machine = machineOf(PFNS);
    expectMemory(open(elfCore(machine, { manyHeaders: true })), machine);
    expectMemory(open(elfCore(machine, { manyHeaders: true, bits: 32 })), machine);
  });

  it('of /proc/kcore have segments without an address, which are left out', () => {
    const machine = machineOf(PFNS);
    const dump = open(elfCore(machine, { withoutAddress: 3 }));
    expect(dump.format).toBe('kcore');
    expectMemory(dump, machine);
    expectMemory(open(elfCore(machine, { withoutAddress: 3, again: 0x00ee_ffff_8000_0000n })), machine);
    expect(codeOf(() => open(elfCore(machine, { again: 0x00ee_ffff_8000_0000n })))).toBe('BAD_FORMAT');
  });

  it('say so when a note does not fit in, and keep those before', () => {
    const good = note('little', 'CORE', 1, letters('registers'));
    const bad = note('little', 'CORE', 1, letters('registers'));
    bad[4] = 255;
    const dump = open(elfCore(machineOf([1]), { notes: Uint8Array.from([...good, ...bad]) }));
    expect(dump.notes.map(({ name, desc }) => [name, desc.length])).toEqual([['CORE', 9]]);
    expect(dump.warnings).toHaveLength(1);
    expect(dump.warnings[0]).toMatch(/note at byte 32 has 5 and 255 bytes/);
  });

  it('that end too early are refused, or read as far as they go', () => {
    const machine = machineOf(PFNS);
    const file = elfCore(machine);
    const cut = file.subarray(0, file.length - PAGE - 1);
    expect(codeOf(() => open(cut))).toBe('TRUNCATED');
    const dump = open(cut, { truncated: 'allow' });
    expect(dump.warnings).toHaveLength(1);
    expect(dump.memory.has(12300 * PAGE)).toBe(false);
    expect(dump.memory.page(8191 * PAGE + 5)).toHaveLength(PAGE);
    expect(codeOf(() => dump.memory.page(12300 * PAGE))).toBe('NOT_IN_DUMP');
  });
});

describe('kdump-compressed files', () => {
  for (const [name, pack] of Object.entries({ plain, zlib, lzo, snappy, zstd }))
    it(`are read: ${name}`, () => {
      const machine = machineOf(PFNS);
      const dump = open(kdump(machine, { pack }));
      expect(dump).toMatchObject({ format: 'kdump', bits: 64, byteOrder: 'little', machine: 'x86_64' });
      expectMemory(dump, machine);
    });

  for (const byteOrder of ['little', 'big'] as const)
    for (const bits of [64, 32] as const)
      for (const version of [1, 2, 3, 4, 5, 6])
        it(`are read: version ${version}, ${bits} bits, ${byteOrder} end first`, () => {
          const machine = machineOf(PFNS, byteOrder);
          const notes = note(byteOrder, 'CORE', 1, letters('registers'));
          const dump = open(kdump(machine, { bits, version, notes, vmcoreinfo: VMCOREINFO_TEXT }));
          expect(dump).toMatchObject({ bits, byteOrder, warnings: [] });
          expectMemory(dump, machine);
          const names = dump.notes.map((found) => found.name);
          expect(names).toEqual([...(version >= 4 ? ['CORE'] : []), ...(version >= 3 ? ['VMCOREINFO'] : [])]);
        });

  it('tell memory that was left out from memory that is not there', () => {
    const machine = machineOf(PFNS);
    const { memory } = open(kdump(machine, { left: [5, 6, 40000] }));
    expect(memory.ranges[0]).toEqual({ start: 0, end: 7 * PAGE });
    expect(memory.ranges.at(-1)).toEqual({ start: 40000 * PAGE, end: 40001 * PAGE });
    expect(memory.has(5 * PAGE)).toBe(false);
    expect(() => memory.page(5 * PAGE)).toThrow(/leaves that page out/);
    expect(() => memory.page(7 * PAGE)).toThrow(/no memory there/);
    expectMemory(open(kdump(machine, { left: [5, 6, 40000] })), machine);
  });

  it('in parts are one dump, whatever the order; a part alone is not', () => {
    const machine = machineOf(PFNS);
    const parts = (
      [
        [0, 17],
        [17, 4097],
        [4097, 12301],
      ] as const
    ).map((part) => kdump(machine, { part }));
    expectMemory(open(parts), machine);
    expectMemory(open([parts[2]!, parts[0]!, parts[1]!]), machine);
    expect(codeOf(() => open(parts.slice(0, 2)))).toBe('BAD_ARGUMENT');
    expect(codeOf(() => open(parts[1]!))).toBe('BAD_ARGUMENT');
    expect(codeOf(() => open([...parts, parts[1]!]))).toBe('BAD_ARGUMENT');
    expect(codeOf(() => open([parts[0]!, kdump(machine)]))).toBe('BAD_ARGUMENT');
  });

  it('may be flattened, in any order of records, the last of which counts', () => {
    const machine = machineOf(PFNS);
    const file = kdump(machine);
    expectMemory(open(flatten(file, 1000)), machine);
    expectMemory(open(flatten(file, 777, (count) => [...Array(count).keys()].reverse())), machine);
    const first = flatten(
      file.map((byte) => byte ^ 0xff),
      5000,
    ).subarray(0, -16);
    const again = flatten(file, 3000).subarray(4096);
    expectMemory(open(Uint8Array.from([...first, ...again])), machine);
    expect(codeOf(() => open(flatten(file, 1000).subarray(0, -16)))).toBe('TRUNCATED');
  });

  it('of QEMU do not name the machine', () => {
    const file = kdump(machineOf([1]));
    file.set([...letters('Unknown'), 0], 12 + 4 * 65);
    expect(open(file).machine).toBe('');
  });

  it('that were not finished say so', () => {
    expect(open(kdump(machineOf([1]), { status: 8 })).warnings).toEqual(['file 0 was not finished: pages are missing']);
  });

  it('with zlib need something that inflates it', () => {
    const { memory } = openSources([bufferSource(kdump(machineOf([1])))]);
    expect(codeOf(() => memory.page(PAGE))).toBe('BAD_ARGUMENT');
  });

  it('with damaged pages name the page', () => {
    for (const pack of [zlib, lzo, snappy, zstd]) {
      const { memory } = open(
        kdump(machineOf([1, 2]), { pack: (page) => [pack(page)[0], pack(page)[1].subarray(0, 9)] }),
      );
      expect(() => memory.page(2 * PAGE)).toThrow(/the page at 0x2000 in file 0/);
      expect(codeOf(() => memory.page(2 * PAGE))).toBe('BAD_FORMAT');
    }
  });
});

describe('raw images', () => {
  it('are read by their map', () => {
    const machine = machineOf([4, 5, 100], 'big');
    const file = Uint8Array.from([100, 4, 5].flatMap((pfn) => [...machine.pages.get(pfn)!]));
    const map = [
      { start: 100 * PAGE, length: PAGE, offset: 0 },
      { start: 4 * PAGE, length: 2 * PAGE, offset: PAGE },
    ];
    const dump = openRaw(bufferSource(file), map, { machine: 'sparc64', byteOrder: 'big' });
    expect(dump).toMatchObject({ format: 'raw', machine: 'sparc64', byteOrder: 'big', bits: 64 });
    expectMemory(dump, machine);
  });

  it('may have a part of a page; the rest is zero', () => {
    const file = Uint8Array.from({ length: 300 }, (_, i) => (i % 255) + 1);
    const map = [{ start: PAGE + 50, length: 300, offset: 0 }];
    const { memory } = openRaw(bufferSource(file), map, { machine: 'sparc64' });
    const page = memory.page(PAGE + 60);
    expect([page[49], page[50], page[349], page[350]]).toEqual([0, 1, 45, 0]);
  });

  it('refuse maps that are none', () => {
    const refused = (...map: { start: number; length: number; offset: number }[]): string =>
      codeOf(() => openRaw(bufferSource(new Uint8Array(PAGE)), map, { machine: 'sparc64' }));
    expect(refused()).toBe('BAD_ARGUMENT');
    expect(refused({ start: 0, length: 0, offset: 0 })).toBe('BAD_ARGUMENT');
    expect(refused({ start: -1, length: 8, offset: 0 })).toBe('BAD_ARGUMENT');
    expect(refused({ start: 0, length: 8, offset: 0 }, { start: 4, length: 8, offset: 0 })).toBe('BAD_ARGUMENT');
    expect(refused({ start: 0, length: PAGE, offset: 1 })).toBe('TRUNCATED');
  });
});

describe('what is no dump', () => {
  it.each([
    ['an empty file', new Uint8Array(0), 'BAD_FORMAT'],
    ['text', letters('#!/bin/sh and more'), 'BAD_FORMAT'],
    ['the first bytes of an ELF file', letters('\x7fELF'), 'TRUNCATED'],
    ['a kernel', elfCore(machineOf([1]), { type: 2 }), 'BAD_FORMAT'],
    ['the core of a process', elfCore(machineOf([]), {}), 'BAD_FORMAT'],
    ['the first bytes of a kdump', letters('KDUMP   '), 'TRUNCATED'],
    ['the first bytes of a flattened file', letters('makedumpfile\0\0\0\0'), 'TRUNCATED'],
  ])('is refused: %s', (_, file, code) => {
    expect(codeOf(() => open(file))).toBe(code);
  });

  it('is refused: no file, or two that are no parts', () => {
    expect(codeOf(() => open([]))).toBe('BAD_ARGUMENT');
    expect(codeOf(() => open([elfCore(machineOf([1])), elfCore(machineOf([1]))]))).toBe('BAD_ARGUMENT');
  });
});
