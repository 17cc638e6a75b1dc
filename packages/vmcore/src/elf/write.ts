// An ELF core of chosen pages.
import type { ByteOrder } from '../byte-view.ts';
import type { PhysicalRange } from '../page-store.ts';
import { elfMachineNumber } from './machine.ts';
import { type CoreNote, NOTE_HEADER } from './notes.ts';

/** What an ELF core of chosen pages is made from. */
export interface CorePages {
  /** `uname -m` of the machine; where it is not known, empty. */
  readonly machine: string;
  /** Of the machine. */
  readonly byteOrder: ByteOrder;
  /** Notes. */
  readonly notes: readonly CoreNote[];
  /** Memory that the machine had, by address; what is in no page is said to be there, and has no contents. */
  readonly ranges: readonly PhysicalRange[];
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Physical addresses of pages, ascending, all in `ranges`. */
  readonly pages: readonly number[];
  /** Contents of a page. */
  read(pa: number): Uint8Array;
}

const EHDR = 64;
const PHDR = 56;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** The ELF-64 specification: ET_CORE, and the number of program headers that e_phnum can hold. */
const ET_CORE = 4;
const PN_XNUM = 0xffff;

/**
 * The bytes of an ELF core (ELF-64 object file format; `elf.h` of the machine) with these pages, in parts.
 * Throws `BAD_ARGUMENT` where there are more stretches than ELF has numbers for.
 */
export function* writeElfCore(core: CorePages): Generator<Uint8Array> {
  const { byteOrder, ranges, pages, pageSize, notes } = core;
  const loads = segmentsOf(ranges, pages, pageSize);
  const headers = loads.length + 1;
  const extended = headers >= PN_XNUM;
  const little = byteOrder === 'little';
  const noteBytes = joined(notes.map((note) => noteOf(note, little)));
  const phoff = EHDR;
  const noteAt = phoff + PHDR * headers;
  // e_phnum beyond 65534 is kept in sh_info of the one section header (elf(5), PN_XNUM).
  const sectionAt = extended ? align(noteAt + noteBytes.length, 8) : 0;
  const dataAt = align(extended ? sectionAt + 64 : noteAt + noteBytes.length, pageSize);
  const head = new Uint8Array(dataAt);
  const view = new DataView(head.buffer);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, little ? 1 : 2, 1]);
  view.setUint16(16, ET_CORE, little);
  view.setUint16(18, elfMachineNumber(core.machine), little);
  view.setUint32(20, 1, little);
  view.setBigUint64(32, BigInt(phoff), little);
  view.setBigUint64(40, BigInt(sectionAt), little);
  view.setUint16(52, EHDR, little);
  view.setUint16(54, PHDR, little);
  view.setUint16(56, extended ? PN_XNUM : headers, little);
  view.setUint16(58, extended ? 64 : 0, little);
  view.setUint16(60, extended ? 1 : 0, little);
  if (extended) view.setUint32(sectionAt + 44, headers, little);
  const program = (n: number, type: number, offset: number, pa: number, file: number, memory: number): void => {
    const at = phoff + n * PHDR;
    view.setUint32(at, type, little);
    view.setBigUint64(at + 8, BigInt(offset), little);
    view.setBigUint64(at + 24, BigInt(pa), little);
    view.setBigUint64(at + 32, BigInt(file), little);
    view.setBigUint64(at + 40, BigInt(memory), little);
  };
  program(0, PT_NOTE, noteAt, 0, noteBytes.length, 0);
  let offset = dataAt;
  for (const [n, { start, file, memory }] of loads.entries()) {
    program(n + 1, PT_LOAD, offset, start, file, memory);
    offset += file;
  }
  head.set(noteBytes, noteAt);
  yield head;
  for (const pa of pages) yield core.read(pa).slice(0, pageSize);
}

// Stretches of pages, and of what lies between them.
function segmentsOf(
  ranges: CorePages['ranges'],
  pages: readonly number[],
  pageSize: number,
): { start: number; file: number; memory: number }[] {
  const segments: { start: number; file: number; memory: number }[] = [];
  let next = 0;
  for (const { start, end } of ranges) {
    let at = start;
    while (at < end) {
      const page = next < pages.length ? pages[next]! : Number.POSITIVE_INFINITY;
      if (page > at) {
        const to = Math.min(end, page);
        segments.push({ start: at, file: 0, memory: to - at });
        at = to;
        continue;
      }
      let bytes = 0;
      while (pages[next] === at + bytes) {
        bytes += pageSize;
        next++;
      }
      segments.push({ start: at, file: bytes, memory: Math.min(bytes, end - at) });
      at += bytes;
    }
  }
  return segments;
}

function noteOf({ name, type, desc }: CoreNote, little: boolean): Uint8Array {
  const nameBytes = new TextEncoder().encode(`${name}\0`);
  const bytes = new Uint8Array(NOTE_HEADER + align(nameBytes.length, 4) + align(desc.length, 4));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nameBytes.length, little);
  view.setUint32(4, desc.length, little);
  view.setUint32(8, type, little);
  bytes.set(nameBytes, NOTE_HEADER);
  bytes.set(desc, NOTE_HEADER + align(nameBytes.length, 4));
  return bytes;
}

const align = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
