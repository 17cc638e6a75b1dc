import { type ByteSource, bytesFrom } from '../byte-source.ts';
import type { DumpImage, OpenOptions } from '../dump-image.ts';
import { type CoreNote, readNotes } from '../elf/notes.ts';
import { VMCOREINFO } from '../vmcoreinfo/vmcoreinfo.ts';
import { type FilePart, type KdumpHeader, readKdumpHeader } from './header.ts';
import { KdumpStore } from './kdump-store.ts';
import { type SplitPart, SplitStore } from './split-store.ts';

/** DUMP_DH_COMPRESSED_INCOMPLETE of makedumpfile's diskdump_mod.h. */
const INCOMPLETE = 8;

/** A kdump-compressed dump of makedumpfile or QEMU, whole or in all the parts of makedumpfile --split. */
export function readKdump(sources: readonly ByteSource[], { inflate }: OpenOptions): DumpImage {
  const parts: SplitPart[] = sources.map((source) => {
    const header = readKdumpHeader(source);
    return { source, header, store: new KdumpStore(source, header, inflate) };
  });
  const { source, header } = parts[0]!;
  const warnings: string[] = [];
  for (const part of parts)
    if ((part.header.status & INCOMPLETE) !== 0)
      warnings.push(`${part.source.name} was not finished: pages are missing`);
  const store = header.split || parts.length > 1 ? new SplitStore(parts) : parts[0]!.store;
  return {
    format: 'kdump',
    bits: header.bits,
    byteOrder: header.byteOrder,
    machine: header.machine,
    notes: notesOf(source, header, warnings),
    warnings,
    store,
  };
}

function notesOf(source: ByteSource, { notes, vmcoreinfo, byteOrder }: KdumpHeader, warnings: string[]): CoreNote[] {
  const found: CoreNote[] = [];
  const inside = ({ offset, length }: FilePart, what: string): boolean => {
    if (length > 0 && offset + length > source.size) warnings.push(`${source.name} ends before its ${what}: left out`);
    return length > 0 && offset + length <= source.size;
  };
  if (inside(notes, 'notes')) {
    const what = `the notes of ${source.name}`;
    const read = readNotes(bytesFrom(source, notes.offset, notes.length, what), byteOrder, what);
    if (read.problem !== '') warnings.push(read.problem);
    found.push(...read.notes);
  }
  // Version 3 has VMCOREINFO beside the notes, later ones mostly in both.
  if (!found.some(({ name }) => name === VMCOREINFO) && inside(vmcoreinfo, VMCOREINFO)) {
    const desc = bytesFrom(source, vmcoreinfo.offset, vmcoreinfo.length, VMCOREINFO);
    found.push({ name: VMCOREINFO, type: 0, desc });
  }
  return found;
}
