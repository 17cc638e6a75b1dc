import { type ByteSource, bytesFrom } from '../byte-source.ts';
import { type ByteOrder, ByteView } from '../byte-view.ts';
import { refusal } from '../refusal.ts';

/** A part of a file. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
}

/** The headers of a kdump-compressed file (makedumpfile's diskdump_mod.h; QEMU's dump.h). */
export interface KdumpHeader {
  readonly version: number;
  readonly bits: 32 | 64;
  readonly byteOrder: ByteOrder;
  /** utsname.machine; empty where it is not known. */
  readonly machine: string;
  /** Bytes of a page, and of what all else in the file is counted in. */
  readonly blockSize: number;
  /** Bit 3: the dump was not finished. */
  readonly status: number;
  /** Pages beyond the last one: bits in each bitmap that mean something. */
  readonly maxMapnr: number;
  /** Where the two bitmaps lie: which pages the machine has, and which of them are in the dump. */
  readonly bitmaps: readonly [memory: FilePart, dumped: FilePart];
  /** Where the page descriptors begin. */
  readonly descriptors: number;
  /** Which pages this part of a split dump has; all, where it is whole. */
  readonly pages: { readonly start: number; readonly end: number };
  /** True for a part of a split dump. */
  readonly split: boolean;
  readonly vmcoreinfo: FilePart;
  readonly notes: FilePart;
}

const SIGNATURE = 'KDUMP   ';
const UTSNAME_MACHINE = 12 + 4 * 65;
const NEWEST = 6;
/** Pages: 128 TiB of 4 KiB. The index of a larger bitmap would not be a small one. */
const MOST_PAGES = 2 ** 35;
/** Bytes of notes, and of VMCOREINFO. */
const MOST_NOTES = 2 ** 26;

// QEMU does not say.
function machineOf(field: string): string {
  const name = field.replace(/\0.*$/s, '');
  return name === 'Unknown' ? '' : name;
}

/** True for what begins as a kdump-compressed file does. */
export function isKdump(head: Uint8Array): boolean {
  return [...SIGNATURE].every((letter, i) => head[i] === letter.charCodeAt(0));
}

const isBlockSize = (size: number): boolean => size >= 4096 && size <= 2 ** 18 && (size & (size - 1)) === 0;

/** Reads and checks the headers. */
export function readKdumpHeader(source: ByteSource): KdumpHeader {
  const what = `the header of ${source.name}`;
  const bytes = bytesFrom(source, 0, 512, what);
  // The fields are the kernel's own types: where they lie depends on the size of a word, which the timestamp has.
  const layouts = (['little', 'big'] as const).flatMap((byteOrder) => {
    const view = new ByteView(bytes, byteOrder, what);
    return ([64, 32] as const).map((bits) => ({ view, byteOrder, bits, at: bits === 64 ? 424 : 412 }));
  });
  const layout = layouts.find(({ view, at }) => view.u32(8) <= 0xff && isBlockSize(view.u32(at + 4)));
  if (layout === undefined) throw refusal('BAD_FORMAT', `${what} has no page size between 4 KiB and 256 KiB`);
  const { view, byteOrder, bits, at } = layout;
  const version = view.u32(8);
  if (version < 1 || version > NEWEST)
    throw refusal('BAD_FORMAT', `${source.name} is a kdump of version ${version}: 1 to ${NEWEST} can be read`);
  const blockSize = view.u32(at + 4);
  const subHeaderBlocks = view.u32(at + 8);
  const bitmapBlocks = view.u32(at + 12);
  const status = view.u32(at);

  const sub = subHeader(source, bits, byteOrder, blockSize, version);
  const bitmapLength = Math.floor((bitmapBlocks * blockSize) / 2);
  const bitmap = (1 + subHeaderBlocks) * blockSize;
  const maxMapnr = Math.min(sub.maxMapnr ?? view.u32(at + 16), 8 * bitmapLength);
  if (maxMapnr > MOST_PAGES)
    throw refusal('BAD_FORMAT', `${what} tells of ${maxMapnr} pages: dumps of up to ${MOST_PAGES} can be read`);
  const descriptors = bitmap + bitmapBlocks * blockSize;
  if (descriptors > source.size)
    throw refusal(
      'TRUNCATED',
      `${source.name} has ${source.size} bytes, and its bitmaps end at ${descriptors}; take a complete dump`,
    );
  for (const part of [sub.vmcoreinfo, sub.notes])
    if (part.length > MOST_NOTES)
      throw refusal(
        'BAD_FORMAT',
        `${what} tells of ${part.length} bytes of notes: no dump has more than ${MOST_NOTES}`,
      );
  const text = String.fromCharCode(...bytes.subarray(UTSNAME_MACHINE, UTSNAME_MACHINE + 65));
  return {
    version,
    bits,
    byteOrder,
    machine: machineOf(text),
    blockSize,
    status,
    maxMapnr,
    bitmaps: [
      { offset: bitmap, length: bitmapLength },
      { offset: bitmap + bitmapLength, length: bitmapLength },
    ],
    descriptors,
    split: sub.split,
    pages: sub.split ? { start: sub.startPfn, end: Math.min(sub.endPfn, maxMapnr) } : { start: 0, end: maxMapnr },
    vmcoreinfo: sub.vmcoreinfo,
    notes: sub.notes,
  };
}

interface SubHeader {
  readonly split: boolean;
  readonly startPfn: number;
  readonly endPfn: number;
  readonly vmcoreinfo: FilePart;
  readonly notes: FilePart;
  readonly maxMapnr: number | undefined;
}

// kdump_sub_header: each version adds fields at its end. Offsets are 64 bits in both.
function subHeader(source: ByteSource, bits: 32 | 64, order: ByteOrder, blockSize: number, version: number): SubHeader {
  const what = `the second header of ${source.name}`;
  const view = new ByteView(bytesFrom(source, blockSize, 104, what), order, what);
  const wide = bits === 64;
  const word = (at64: number, at32: number): number => (wide ? view.u64(at64) : view.u32(at32));
  const part = (at64: number, at32: number): FilePart => ({
    offset: view.u64(wide ? at64 : at32),
    length: word(at64 + 8, at32 + 8),
  });
  const none = { offset: 0, length: 0 };
  const newest = version >= 6;
  return {
    split: version >= 2 && view.u32(wide ? 12 : 8) === 1,
    startPfn: version < 2 ? 0 : newest ? view.u64(wide ? 80 : 56) : word(16, 12),
    endPfn: version < 2 ? 0 : newest ? view.u64(wide ? 88 : 64) : word(24, 16),
    vmcoreinfo: version >= 3 ? part(32, 20) : none,
    notes: version >= 4 ? part(48, 32) : none,
    maxMapnr: newest ? view.u64(wide ? 96 : 72) : undefined,
  };
}
