import { type ByteSource, bytesFrom } from '../byte-source.ts';
import type { DumpImage, OpenOptions } from '../dump-image.ts';
import { ExtentStore } from '../extent-store.ts';
import { refusal } from '../refusal.ts';
import { readElfHeader } from './header.ts';
import { type CoreNote, readNotes } from './notes.ts';
import { type LoadSegment, readSegments } from './segments.ts';

/** More than the registers of 64 Ki CPUs. */
const MOST_NOTES = 2 ** 26;

/** An ELF core of a whole machine: QEMU's dump-guest-memory, /proc/vmcore, makedumpfile -E, and /proc/kcore. */
export function readElfCore(source: ByteSource, { truncated = 'refuse' }: OpenOptions): DumpImage {
  const header = readElfHeader(source);
  const { notes, loads, withoutAddress, beyond } = readSegments(source, header);
  const warnings: string[] = [];
  if (loads.length === 0)
    throw refusal('BAD_FORMAT', `${source.name} is an ELF core without memory at physical addresses`);
  if (beyond > 0 && withoutAddress === 0)
    throw refusal('BAD_FORMAT', `${source.name} has memory at places beyond 2^53 of the file: it is damaged`);
  if (loads.length > 1 && loads.every(({ start }) => start === loads[0]!.start))
    throw refusal(
      'BAD_FORMAT',
      `${source.name} has all its memory at physical address 0x${loads[0]!.start.toString(16)}: it is the core of a process, or of a kernel that does not say`,
    );
  const missing = loads.reduce((most, { offset, fileSize }) => Math.max(most, offset + fileSize - source.size), 0);
  if (missing > 0) {
    const said = `${source.name} has ${source.size} bytes, and its program headers tell of ${missing} more`;
    if (truncated === 'refuse')
      throw refusal('TRUNCATED', `${said}; take a complete dump, or ask for what there is with truncated: 'allow'`);
    warnings.push(said);
  }
  const found: CoreNote[] = [];
  for (const { offset, length } of notes) {
    if (length > MOST_NOTES) {
      warnings.push(`${length} bytes of notes at byte ${offset} of ${source.name} are no notes: left out`);
      continue;
    }
    if (offset + length > source.size) {
      warnings.push(`${source.name} ends before its notes at byte ${offset}: left out`);
      continue;
    }
    const what = `the notes at byte ${offset} of ${source.name}`;
    const read = readNotes(bytesFrom(source, offset, length, what), header.byteOrder, what);
    found.push(...read.notes);
    if (read.problem !== '') warnings.push(read.problem);
  }
  const extents = loads.map(({ start, offset, fileSize }) => {
    return { start, offset, length: Math.min(fileSize, Math.max(0, source.size - offset)) };
  });
  return {
    format: withoutAddress > 0 ? 'kcore' : 'elf',
    bits: header.bits,
    byteOrder: header.byteOrder,
    machine: header.machine,
    notes: found,
    warnings,
    store: new ExtentStore(source, extents, loads.map(memoryOf)),
  };
}

function memoryOf({ start, fileSize, memorySize }: LoadSegment): { start: number; end: number } {
  return { start, end: start + Math.max(fileSize, memorySize) };
}
