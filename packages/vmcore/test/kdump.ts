import { deflateSync } from 'node:zlib';
import { snappyCompress } from 'hysnappy';
import { type Machine, PAGE } from './machine.ts';
import { Words } from './word.ts';

/** Compresses a page, or says how it is stored: the flags of its descriptor and its bytes. */
export type Pack = (page: Uint8Array) => readonly [flags: number, bytes: Uint8Array];

export const plain: Pack = (page) => [0, page];
export const zlib: Pack = (page) => [1, deflateSync(page)];
export const lzo: Pack = (page) => [2, lzoLiterals(page)];
export const snappy: Pack = (page) => [4, snappyCompress(page)];
export const zstd: Pack = (page) => [0x20, zstdRaw(page)];

// Literals alone, in one run: a valid LZO1X stream.
function lzoLiterals(page: Uint8Array): Uint8Array {
  const out = [0];
  let rest = page.length - 3 - 15;
  for (; rest > 255; rest -= 255) out.push(0);
  return Uint8Array.from([...out, rest, ...page, 0x11, 0, 0]);
}

// One raw block: a valid Zstandard frame of a single segment.
function zstdRaw(page: Uint8Array): Uint8Array {
  const block = (page.length << 3) | 1;
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x60, (page.length - 256) & 255, (page.length - 256) >> 8];
  return Uint8Array.from([...head, block & 255, (block >> 8) & 255, block >> 16, ...page]);
}

export interface KdumpShape {
  readonly bits?: 32 | 64;
  readonly version?: number;
  readonly pack?: Pack;
  /** Pages that the machine has and the dump has not. */
  readonly left?: readonly number[];
  readonly status?: number;
  /** Makes a part of a split dump: page frames from, to. */
  readonly part?: readonly [start: number, end: number];
  readonly maxMapnr?: number;
  readonly vmcoreinfo?: string;
  readonly notes?: Uint8Array;
}

/** A kdump-compressed file. */
export function kdump(machine: Machine, shape: KdumpShape = {}): Uint8Array {
  const {
    bits = 64,
    version = 6,
    pack = zlib,
    left = [],
    status = 0,
    part,
    vmcoreinfo = '',
    notes = new Uint8Array(0),
  } = shape;
  const order = machine.byteOrder;
  const pfns = [...machine.pages.keys()].sort((a, b) => a - b);
  const all = [...pfns, ...left];
  const maxMapnr = shape.maxMapnr ?? Math.max(...all) + 1;
  const bitmapBlocks = 2 * Math.ceil(maxMapnr / 8 / PAGE);
  const [start, end] = part ?? [0, maxMapnr];
  // Notes are behind the sub header, in blocks of their own.
  const vmcoreinfoAt = 2 * PAGE;
  const notesAt = vmcoreinfoAt + Math.ceil(vmcoreinfo.length / 8) * 8;
  const subBlocks = 1 + Math.ceil((notesAt - vmcoreinfoAt + notes.length) / PAGE);

  const out = new Words(order).text('KDUMP   ').u32(version);
  for (const field of ['Linux', 'host', '7.2.13-test', '#1', 'x86_64', '']) out.text(field, 65);
  out.to(bits === 64 ? 424 : 412).u32(status, PAGE, subBlocks, bitmapBlocks, version >= 6 ? 0 : maxMapnr);
  out
    .to(PAGE)
    .word(bits, 0)
    .u32(0, part === undefined ? 0 : 1)
    .word(bits, start, end);
  out.u64(vmcoreinfoAt).word(bits, vmcoreinfo.length).u64(notesAt).word(bits, notes.length).u64(0).word(bits, 0);
  out.u64(start, end, maxMapnr);
  out
    .to(vmcoreinfoAt)
    .text(vmcoreinfo)
    .to(notesAt)
    .bytes(notes)
    .to((1 + subBlocks) * PAGE);
  for (const set of [all, pfns]) {
    const bitmap = new Uint8Array((bitmapBlocks / 2) * PAGE);
    for (const pfn of set) bitmap[pfn >> 3]! |= 1 << (pfn & 7);
    out.bytes(bitmap);
  }
  const packed = pfns.filter((pfn) => pfn >= start && pfn < end).map((pfn) => pack(machine.pages.get(pfn)!));
  let at = out.length + 24 * packed.length;
  for (const [flags, bytes] of packed) {
    out.u64(at).u32(bytes.length, flags).u64(0);
    at += bytes.length;
  }
  for (const [, bytes] of packed) out.bytes(bytes);
  return out.done();
}

/** The file flattened, in records of a size; the order of records is that of `order`. */
export function flatten(
  file: Uint8Array,
  size: number,
  order: (count: number) => number[] = (count) => [...Array(count).keys()],
): Uint8Array {
  const out = new Words('big').text('makedumpfile', 16).u64(1, 1).to(4096);
  for (const record of order(Math.ceil(file.length / size))) {
    const bytes = file.subarray(record * size, (record + 1) * size);
    out.u64(record * size, bytes.length).bytes(bytes);
  }
  return out.u64(2n ** 64n - 1n, 2n ** 64n - 1n).done();
}
